import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Kit } from './kit.ts'

/** Not part of the repository, and gone with a clean install. */
const CACHE = fileURLToPath(new URL('../../node_modules/.cache/conformance', import.meta.url))

const READ_DEPENDENCIES = `
import json, sys, tomllib
with open(sys.argv[1], "rb") as file:
    print(json.dumps(tomllib.load(file)["project"]["dependencies"]))
`

const run = promisify(execFile)

export type PythonOptions = {
  readonly python: string
  readonly signal: AbortSignal
  readonly say: (line: string) => void
}

/** The Python of an environment with what the kit depends on; made once per list of dependencies. */
export async function preparePython(
  kit: Kit,
  { python, signal, say }: PythonOptions,
): Promise<{ readonly python: string }> {
  const dependencies = await dependenciesOf(kit, python, signal)
  const hash = createHash('sha256').update(dependencies.join('\n')).digest('hex').slice(0, 12)
  const folder = join(CACHE, `kit-${kit.version}-${hash}`)
  const ready = { python: join(folder, 'bin', 'python') }
  const stamp = join(folder, 'ready')
  if (existsSync(stamp)) return ready

  say(`Installing what the kit depends on into ${folder} (once)`)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(CACHE, { recursive: true })
  await run(python, ['-m', 'venv', folder], { signal })
  const install = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...dependencies]
  await run(ready.python, install, { signal })
  writeFileSync(stamp, '')
  return ready
}

async function dependenciesOf(kit: Kit, python: string, signal: AbortSignal): Promise<readonly string[]> {
  const args = ['-c', READ_DEPENDENCIES, join(kit.folder, 'pyproject.toml')]
  const { stdout } = await run(python, args, { signal }).catch((cause: unknown) => {
    throw new Error(`"${python}" is no Python 3.11 or newer; --python says where one is`, { cause })
  })
  const found: unknown = JSON.parse(stdout)
  if (!Array.isArray(found)) throw new Error(`${kit.folder} lists no dependencies`)
  return found.map(String)
}
