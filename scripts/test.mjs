// Runs the tests: the short ones, or with --all every one. Files run in parallel, one process each.
import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'

const isAll = process.argv.includes('--all')
const SHORT = [
  'src/**/*.test.ts',
  'examples/**/*.test.ts',
  'test/*.test.ts',
  'test/e2e/*.test.ts',
  'test/equivalence/*.test.ts',
]
const LONG = ['test/chaos/*.test.ts']

const files = [...SHORT, ...(isAll ? LONG : [])].flatMap((pattern) => globSync(pattern)).sort()
const run = (paths, concurrency) =>
  spawnSync(
    process.execPath,
    ['--test', `--test-concurrency=${concurrency}`, '--test-timeout=240000', ...paths],
    {
      stdio: 'inherit',
    },
  ).status ?? 1

const isLong = (path) => path.startsWith('test/chaos/')
const short = run(
  files.filter((path) => !isLong(path)),
  2,
)
// Crash and load tests would only disturb each other.
const long = isAll ? run(files.filter(isLong), 1) : 0
process.exitCode = short || long
