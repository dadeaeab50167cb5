/**
 * What a test came to. `missed` is a recommendation that is not followed: the kits mark it as an expected failure, but
 * nothing is expected here that is not listed.
 */
export type Outcome = 'passed' | 'failed' | 'missed' | 'skipped'

export type Result = {
  /** The test's id, the same for every transport. */
  readonly test: string
  readonly outcome: Outcome
  /** Why it failed or was skipped. */
  readonly detail: string
}

const OUTCOMES: Readonly<Record<string, Outcome>> = {
  passed: 'passed',
  failed: 'failed',
  skipped: 'skipped',
  xfailed: 'missed',
  xpassed: 'passed',
}

/** An outcome in pytest's words. */
export function asOutcome(word: string): Outcome {
  const outcome = OUTCOMES[word]
  if (outcome === undefined) throw new TypeError(`pytest says "${word}"`)
  return outcome
}
