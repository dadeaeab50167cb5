// Runs the tests: the short ones, or with --all every one. Files run in parallel, one process each.
import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'
import { resolve } from 'node:path'

const isAll = process.argv.includes('--all')
const SHORT = [
  'src/**/*.test.ts',
  'examples/**/*.test.ts',
  'test/*.test.ts',
  'test/e2e/*.test.ts',
  'test/equivalence/equivalence.test.ts',
]
// Of those above; they take as long as all others end to end.
const SLOW =
  /\/e2e\/(alert-channels|alerts|audit|changes|client-certificates|drift|floods|grants|health-history|identity|isolation-matrix|keep-registered|kept-secrets|outlived-rights|probes|published-cards|refused-tokens|roles|rotate|secrets|tls)\./
const LONG = [
  'test/equivalence/on-sqlite.test.ts',
  'test/e2e/matrix/*.test.ts',
  'test/bridge/*.test.ts',
  'test/interop/*.test.ts',
]
// Crash and load tests would only disturb each other.
const ALONE = ['test/chaos/*.test.ts']

const run = (patterns, concurrency) =>
  spawnSync(
    process.execPath,
    [
      '--test',
      `--test-concurrency=${concurrency}`,
      '--test-timeout=240000',
      ...patterns
        .flatMap((pattern) => globSync(pattern))
        .filter((path) => isAll || !SLOW.test(path))
        .sort(),
    ],
    // Every file is a process that reads the same sources: what Node.js makes of them is kept from one to the next.
    { stdio: 'inherit', env: { ...process.env, NODE_COMPILE_CACHE: resolve('node_modules/.cache/node') } },
  ).status ?? 1

const setUpInterop = () =>
  spawnSync(process.execPath, ['scripts/setup-interop.ts'], { stdio: 'inherit' }).status ?? 1

const prepared = isAll ? setUpInterop() : 0
const together = run([...SHORT, ...(isAll ? LONG : [])], 2)
const alone = isAll ? run(ALONE, 1) : 0
process.exitCode = prepared || together || alone
