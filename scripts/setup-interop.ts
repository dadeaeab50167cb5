// Builds the programs of test/interop on SDKs of other languages, each once per change of its sources. What a machine
// cannot build, it says and leaves out; in CI that fails.
import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { BUILDS, type Build, isBuilt, stampFile, stampOf, type Toolchain } from '../test/interop/builds.ts'

type Command = readonly [program: string, ...args: string[]]

/** What tells that a toolchain is there. */
const PROBES: Readonly<Record<Toolchain, readonly Command[]>> = {
  python: [['python3', '-c', 'import venv, ensurepip']],
  java: [
    ['javac', '-version'],
    ['mvn', '-version'],
  ],
  go: [['go', 'version']],
}

const COMMANDS: Readonly<Record<Toolchain, (build: Build) => readonly Command[]>> = {
  python: ({ source, target }) => [
    ['python3', '-m', 'venv', target],
    [join(target, 'bin/pip'), 'install', '--quiet', '--requirement', join(source, 'requirements.txt')],
  ],
  java: ({ source, target }) => [
    [
      'mvn',
      '-Dstyle.color=never',
      '--quiet',
      '--batch-mode',
      '--file',
      source,
      'package',
      `-Doutput=${target}`,
    ],
  ],
  go: ({ source, target }) => [['go', 'build', '-C', source, '-o', `${target}/`, './...']],
}

const isThere = ([program, ...args]: Command) => spawnSync(program, args, { stdio: 'ignore' }).status === 0

const run = ([program, ...args]: Command) =>
  new Promise<void>((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 2, 2], env: { ...process.env, CGO_ENABLED: '0' } })
    child.once('error', reject)
    child.once('exit', (code) => {
      if (code === 0) resolve()
      else reject(new Error(`${program} ended with ${code}`))
    })
  })

async function make(build: Build): Promise<void> {
  const missing = PROBES[build.toolchain].find((probe) => !isThere(probe))
  if (missing !== undefined) throw new Error(`this fails here: ${missing.join(' ')}`)
  console.error(`Building the interop programs of ${build.name} (once)…`)
  rmSync(build.target, { recursive: true, force: true })
  mkdirSync(build.target, { recursive: true })
  for (const command of COMMANDS[build.toolchain](build)) await run(command)
  writeFileSync(stampFile(build), stampOf(build))
}

const wanted = BUILDS.filter((build) => !isBuilt(build))
const outcomes = await Promise.allSettled(wanted.map(make))
for (const [index, outcome] of outcomes.entries()) {
  if (outcome.status === 'fulfilled') continue
  console.error(`No interop programs of ${wanted[index]?.name}: ${outcome.reason.message}`)
  if (process.env.CI) process.exitCode = 1
}
