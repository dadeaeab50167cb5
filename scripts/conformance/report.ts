import type { Run, Verdict } from './deviations.ts'
import type { Outcome, Result } from './result.ts'

export type Finished = Run & { readonly results: readonly Result[]; readonly verdict: Verdict }

const HEADINGS = ['transport', 'agent', 'passed', 'failed', 'missed', 'skipped', 'listed', 'errors'] as const

/** A line per run: how its tests came out, how many of them deviate as listed, and how many errors that leaves. */
export function table(finished: readonly Finished[]): string {
  const rows = finished.map(({ transport, agent, results, verdict }) => {
    const count = (wanted: Outcome) => results.filter(({ outcome }) => outcome === wanted).length
    const outcomes = [count('passed'), count('failed'), count('missed'), count('skipped')]
    return [transport, agent, ...outcomes, verdict.expected.length, verdict.errors.length].map(String)
  })
  return [HEADINGS, ...rows]
    .map((row) =>
      row
        .map((cell) => cell.padEnd(10))
        .join('')
        .trimEnd(),
    )
    .join('\n')
}

const LINES_PER_RUN = 4

/** Says how far a run is: in place on a terminal, else a few times. */
export function createProgress(
  name: string,
  out: NodeJS.WriteStream,
): (result: Result, total: number) => void {
  let done = 0
  return (result, total) => {
    done++
    const said = `  ${name}: ${done} of ${total}`
    if (out.isTTY) out.write(`\r${said}${done === total ? '\n' : ''}`)
    else if (done === total || done % Math.ceil(total / LINES_PER_RUN) === 0) out.write(`${said}\n`)
    if (result.outcome === 'failed') out.write(`${out.isTTY ? '\n' : ''}  failed: ${result.test}\n`)
  }
}
