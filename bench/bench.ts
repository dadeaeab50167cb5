/** Measures the built gateway, prints a table and writes `bench/latest.json`. See `--help`. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { addedLatency } from './added-latency.ts'
import type { BenchContext, Measurement } from './bench-context.ts'
import { pinCores } from './cores.ts'
import { durableSend } from './durable-send.ts'
import { getTask } from './get-task.ts'
import { heartbeats } from './heartbeats.ts'
import { openStreams } from './open-streams.ts'
import { createProgramStarter } from './processes.ts'
import { describeProfiles } from './profile.ts'
import { repeatedToken } from './repeated-token.ts'
import { type Finding, tableOf, writeReport } from './report.ts'
import { search } from './search.ts'
import { startUp } from './start-up.ts'
import { storedTasks } from './stored-tasks.ts'

const MEASUREMENTS: Readonly<Record<string, Measurement>> = {
  'durable-send': durableSend,
  'get-task': getTask,
  'repeated-token': repeatedToken,
  'added-latency': addedLatency,
  search,
  heartbeats,
  'open-streams': openStreams,
  'start-up': startUp,
  'stored-tasks': storedTasks,
}

const HELP = `npm run bench -- [options]

  --quick          shorter runs, for a first impression
  --only <names>   only these, separated by commas: ${Object.keys(MEASUREMENTS).join(', ')}
  --profile        also shows where the gateway spends its time; the numbers are lower then
`

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const REPORT = join(ROOT, 'bench/latest.json')
const LIMIT_MS = 480_000
const QUICK_LIMIT_MS = 90_000

type Options = { readonly quick: boolean; readonly only: readonly string[]; readonly profile: boolean }

async function run({ quick, only, profile }: Options, signal: AbortSignal): Promise<void> {
  await using opened = new AsyncDisposableStack()
  const data = join(ROOT, 'data')
  await mkdir(data, { recursive: true })
  // Not the system's temporary folder, which may be in memory: what fsync costs there says nothing.
  const dir = await mkdtemp(join(data, 'bench-'))
  opened.defer(() => rm(dir, { recursive: true, force: true }))
  const profileDir = join(dir, 'profiles')
  await mkdir(profileDir)
  const cores = pinCores()
  console.log(
    cores.isPinned
      ? 'Servers are pinned to core 0, agents and the load generator to core 1.'
      : 'No core could be pinned: there is no taskset, or there are not two cores. Expect more noise.',
  )
  const bench: BenchContext = {
    quick,
    dir,
    cores,
    start: createProgramStarter(cores, signal),
    signal,
    ...(profile ? { profileDir } : {}),
  }
  const findings: Finding[] = []
  for (const name of only) {
    if (signal.aborted) break
    console.log(`\n${name}`)
    try {
      const outcome = await MEASUREMENTS[name]?.(bench)
      findings.push(...(outcome?.findings ?? []))
      for (const note of outcome?.notes ?? []) console.log(`  ${note}`)
    } catch (reason) {
      process.exitCode = 1
      console.error('  failed:', signal.aborted ? 'stopped' : reason)
    }
  }
  if (profile) console.log(`\n${(await describeProfiles(profileDir)).join('\n')}`)
  console.log(`\n${tableOf(findings)}`)
  await writeReport(REPORT, findings)
  signal.throwIfAborted()
}

function optionsOf(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string', default: Object.keys(MEASUREMENTS).join(',') },
      profile: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  const only = values.help ? [] : values.only.split(',')
  const unknown = only.filter((name) => !Object.hasOwn(MEASUREMENTS, name))
  if (unknown.length > 0) throw new Error(`there is no measurement ${unknown.join(', ')}\n\n${HELP}`)
  return { quick: values.quick, profile: values.profile, only }
}

/** Aborts at the first SIGINT or SIGTERM, or when the time is up; a second signal ends the process at once. */
function stopSignal(limitMs: number): AbortSignal {
  const controller = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(1)
      controller.abort(new Error(`stopped by ${name}`))
    })
  }
  setTimeout(() => controller.abort(new Error(`not done after ${limitMs / 1000} s`)), limitMs).unref()
  return controller.signal
}

try {
  const options = optionsOf(process.argv.slice(2))
  if (options.only.length === 0) console.log(HELP)
  else await run(options, stopSignal(options.quick ? QUICK_LIMIT_MS : LIMIT_MS))
} catch (reason) {
  console.error(reason instanceof Error ? `bench: ${reason.message}` : reason)
  process.exitCode = 1
}
