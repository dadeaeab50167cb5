// Runs an official A2A compatibility kit against Parley; see USAGE, or CONTRIBUTING.md.
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Arguments, readArguments, USAGE } from './conformance/arguments.ts'
import { judge, parseDeviations, type Run, type Verdict } from './conformance/deviations.ts'
import { findKit, type Kit } from './conformance/kit.ts'
import { preparePython } from './conformance/python-environment.ts'
import { createProgress, type Finished, table } from './conformance/report.ts'
import type { Result } from './conformance/result.ts'
import { runKit } from './conformance/run-kit.ts'
import { startSubject } from './conformance/subject.ts'

const say = (line: string) => console.log(line)

const stop = new AbortController()
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort())

try {
  const wanted = readArguments(process.argv.slice(2))
  if (wanted === undefined) process.stdout.write(USAGE)
  else if (!(await conforms(wanted, stop.signal))) process.exitCode = 1
} catch (error) {
  if (stop.signal.aborted) process.exitCode = 130
  else {
    console.error(`conformance: ${error instanceof Error ? error.message : String(error)}`)
    process.exitCode = 2
  }
}

/** Whether every run of the kit came out as listed. */
async function conforms(wanted: Arguments, signal: AbortSignal): Promise<boolean> {
  const kit = findKit(wanted.kit)
  const list = new URL(`../test/conformance/expected-${kit.version}.json`, import.meta.url)
  const listed = parseDeviations(readFileSync(list, 'utf8'))
  const { python } = await preparePython(kit, { python: wanted.python, signal, say })
  const folder = mkdtempSync(join(tmpdir(), 'parley-conformance-'))
  say(`A2A compatibility kit ${kit.version} in ${kit.folder}; reports go to ${folder}`)

  const finished: Finished[] = []
  for (const agent of wanted.agents) {
    for (const transport of wanted.transports) {
      const run = { agent, transport }
      say(`\n${transport}, ${agent} agent behind Parley`)
      const results = await runParts(kit, run, { python, folder, signal })
      const verdict = judge(results, listed, run)
      sayVerdict(verdict)
      finished.push({ ...run, results, verdict })
    }
  }
  writeFileSync(join(folder, 'conformance.json'), JSON.stringify(finished, null, 2))
  say(`\n${table(finished)}`)
  return finished.every(({ verdict }) => verdict.errors.length === 0)
}

type RunPlace = { readonly python: string; readonly folder: string; readonly signal: AbortSignal }

/** Every part of the kit against a gateway of its own, so that no run sees the tasks of another. */
async function runParts(kit: Kit, run: Run, place: RunPlace): Promise<readonly Result[]> {
  await using subject = await startSubject(kit, run.agent, run.transport)
  const results: Result[] = []
  const { agentUrl, key } = subject
  const name = `${run.transport}-${run.agent}`
  const target = { agentUrl, transport: run.transport, report: join(place.folder, name) }
  for (const part of kit.parts(target)) {
    place.signal.throwIfAborted()
    const progress = createProgress(part.name, process.stdout)
    const report = join(place.folder, `${name}-${part.name}`)
    const options = { ...place, key, transport: run.transport, report, progress }
    results.push(...(await runKit(kit, part, options)))
  }
  return results
}

function sayVerdict({ expected, errors }: Verdict): void {
  for (const { test, reason } of expected) say(`  deviates as listed: ${test}\n    ${reason}`)
  for (const error of errors) say(`  ERROR ${error}`)
}
