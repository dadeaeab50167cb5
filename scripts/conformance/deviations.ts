import Type, { type Static } from 'typebox'
import { check } from '../../src/a2a/wire.ts'
import { AGENTS, type Agent, TRANSPORTS, type Transport } from './arguments.ts'
import type { Result } from './result.ts'

const Where = {
  transports: Type.Optional(Type.Array(Type.Enum([...TRANSPORTS]), { minItems: 1 })),
  agents: Type.Optional(Type.Array(Type.Enum([...AGENTS]), { minItems: 1 })),
  reason: Type.String({ minLength: 1 }),
}

const Deviations = Type.Object(
  {
    /** Tests that fail, without the transport in their id. */
    failures: Type.Array(Type.Object({ test: Type.String(), ...Where }, { additionalProperties: false })),
    /** Reasons that tests give for skipping themselves: regular expressions for the whole of them. */
    skips: Type.Array(Type.Object({ because: Type.String(), ...Where }, { additionalProperties: false })),
  },
  { additionalProperties: false },
)

/** How a kit's expectations and this gateway differ, on purpose or because the kit is wrong. */
export type Deviations = Static<typeof Deviations>

const deviations = check(Deviations)

/** Reads a list of deviations. Throws `invalid_params` naming everything wrong. */
export const parseDeviations = (text: string): Deviations => deviations.parse(JSON.parse(text))

export type Run = { readonly agent: Agent; readonly transport: Transport }

export type Verdict = {
  /** Failures that are listed, each with its reason. */
  readonly expected: readonly { readonly test: string; readonly reason: string }[]
  /** What must not be: one sentence each. */
  readonly errors: readonly string[]
}

/** Judges the results of one run by the list. A skipped test hides a failure as well as any, so its reason must be listed too. */
export function judge(results: readonly Result[], listed: Deviations, run: Run): Verdict {
  const failures = listed.failures.filter((entry) => isFor(entry, run))
  const skips = listed.skips
    .filter((entry) => isFor(entry, run))
    .map(({ because }) => new RegExp(`^(?:${because})$`))
  const expected: { test: string; reason: string }[] = []
  const errors: string[] = []
  for (const { test, outcome, detail } of results) {
    const entry = failures.find((candidate) => candidate.test === test)
    const hasFailed = outcome === 'failed' || outcome === 'missed'
    if (hasFailed && entry !== undefined) expected.push({ test, reason: entry.reason })
    else if (hasFailed) errors.push(`${test} ${outcome}, which is not listed: ${firstLine(detail)}`)
    else if (entry !== undefined) errors.push(`${test} is listed, but it ${pastOf(outcome)}`)
    else if (outcome === 'skipped' && !skips.some((pattern) => pattern.test(detail))) {
      errors.push(`${test} was skipped, for a reason that is not listed: ${firstLine(detail)}`)
    }
  }
  const known = new Set(results.map(({ test }) => test))
  const missing = failures.filter(({ test }) => !known.has(test))
  return {
    expected,
    errors: [...errors, ...missing.map(({ test }) => `${test} is listed, but there is no such test`)],
  }
}

const isFor = (
  entry: { readonly transports?: readonly Transport[]; readonly agents?: readonly Agent[] },
  run: Run,
): boolean =>
  (entry.transports?.includes(run.transport) ?? true) && (entry.agents?.includes(run.agent) ?? true)

const pastOf = (outcome: string): string => (outcome === 'skipped' ? 'was skipped' : outcome)

const firstLine = (text: string): string => text.split('\n', 1)[0] ?? ''
