import type { AgentHealth, Check, HealthState } from './agent-health.ts'
import { isBad, isCall, type Verdict } from './judge-checks.ts'
import { HOUR_MS } from './merge-buckets.ts'

/** Rounds of bad calls in a row before trouble that may be over in a moment makes an agent `down`. */
const BAD_ROUNDS = 2
/** An agent whose state changed more often within an hour is flapping… */
const MAX_CHANGES = 4
/** …and must be better this many rounds in a row to count as better, however soon after one another these come… */
const GOOD_ROUNDS = 3
/** …and no sooner than this after the last change. */
const CALM_MS = 60_000
/** Calls that end so soon after one another were made together, and are one round. */
const ROUND_MS = 50

const GRAVITY: Readonly<Record<HealthState, number>> = { up: 0, degraded: 1, down: 2, unknown: 0 }

export type Damped = Pick<AgentHealth, 'state' | 'streak'>

/** The state that an agent takes after a round of checks, and how long it has been otherwise. */
export function dampFlapping(
  previous: AgentHealth | undefined,
  verdict: Verdict,
  round: readonly Check[],
  now: number,
): Damped {
  const at = { state: verdict.state, streak: 0 }
  if (previous === undefined || isSettled(previous.state, verdict.state)) return at
  if (GRAVITY[verdict.state] > GRAVITY[previous.state]) {
    if (verdict.state !== 'down' || !verdict.isTemporary) return at
    const isBadRound = isNewRound(previous, round, (check) => isCall(check) && isBad(check))
    const rounds = Math.max(0, -previous.streak) + (isBadRound ? 1 : 0)
    return rounds >= BAD_ROUNDS ? at : { state: 'degraded', streak: -rounds }
  }
  if (recentChanges(previous, now).length <= MAX_CHANGES) return at
  const { reason } = previous
  const isGoodRound = isNewRound(previous, round, (check) => isCall(check) || check.kind === reason?.kind)
  const rounds = Math.max(0, previous.streak) + (isGoodRound ? 1 : 0)
  return rounds >= GOOD_ROUNDS && now - previous.since >= CALM_MS
    ? at
    : { state: previous.state, streak: rounds }
}

/** Nothing to damp: it is the same state, or nothing is known on one of the sides. */
const isSettled = (before: HealthState, after: HealthState): boolean =>
  before === after || before === 'unknown' || after === 'unknown'

/** Whether there are such checks in the round, and the last ones before are of another round. */
function isNewRound(
  { checks }: AgentHealth,
  round: readonly Check[],
  counts: (check: Check) => boolean,
): boolean {
  const newest = (of: readonly Check[]) => Math.max(...of.filter(counts).map(({ at }) => at))
  return round.some(counts) && newest(round) - newest(checks) >= ROUND_MS
}

/** When the state changed, within the last hour. */
export const recentChanges = ({ changedAt }: AgentHealth, now: number): readonly number[] =>
  changedAt.filter((at) => at > now - HOUR_MS && at <= now)
