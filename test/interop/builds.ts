import { createHash } from 'node:crypto'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const SOURCES = fileURLToPath(new URL('.', import.meta.url))
const CACHE = fileURLToPath(new URL('../../node_modules/.cache/parley-interop/', import.meta.url))

export type Toolchain = 'python' | 'java' | 'go'

/** One thing to build before programs on a foreign SDK can run. `scripts/setup-interop.ts` builds it. */
export type Build = {
  readonly name: string
  readonly toolchain: Toolchain
  readonly source: string
  /** Where the result lies; nothing is written beside the sources. */
  readonly target: string
  /** The files it is made of, below `source`. */
  readonly files: string
}

const buildOf = (name: string, toolchain: Toolchain, files: string): Build => ({
  name,
  toolchain,
  source: join(SOURCES, name),
  target: join(CACHE, name),
  files,
})

export const PYTHON_V1 = buildOf('python/v1', 'python', 'requirements.txt')
export const PYTHON_V0_3 = buildOf('python/v0_3', 'python', 'requirements.txt')
export const JAVA = buildOf('java', 'java', '**/*.{xml,java,properties}')
export const GO = buildOf('go', 'go', '**/*.{go,mod,sum}')

export const BUILDS: readonly Build[] = [PYTHON_V1, PYTHON_V0_3, JAVA, GO]

/** What the files of a build are now, to tell whether the result is theirs. */
export function stampOf({ source, files }: Build): string {
  const hash = createHash('sha256')
  for (const path of globSync(files, { cwd: source }).sort()) {
    hash.update(`${path}\n`).update(readFileSync(join(source, path)))
  }
  return hash.digest('hex')
}

export const stampFile = ({ target }: Build): string => join(target, '.built')

export const isBuilt = (build: Build): boolean =>
  existsSync(stampFile(build)) && readFileSync(stampFile(build), 'utf8') === stampOf(build)
