import { type Agent, cardOf } from '../agent.ts'
import { callLatency, checkBucket, timeBuckets } from './account-time.ts'
import type { AgentHealth, Check, HealthReason } from './agent-health.ts'
import { dampFlapping, recentChanges } from './damp-flapping.ts'
import type { HealthBucket } from './health-store.ts'
import { isBad, isCall, isRealCall, judgeChecks } from './judge-checks.ts'
import { DAY_MS, mergeBuckets } from './merge-buckets.ts'

/** What was seen longer ago says nothing any more. */
const MAX_CHECK_AGE_MS = DAY_MS
/** What the newest latency counts for in the smoothed one. */
const LATENCY_WEIGHT = 0.3

/** What follows from a look at an agent. */
export type Evolved = {
  readonly health: AgentHealth
  /** To be added to the history: the time that passed, in the state the agent was in, and the checks. */
  readonly buckets: readonly HealthBucket[]
}

/**
 * What is known of an agent's health after a round of checks; `previous` is what was known before. A round without any
 * accounts for the time that passed, and forgets what is old.
 */
export function evolveHealth(
  previous: AgentHealth | undefined,
  agent: Pick<Agent, 'id' | 'tenant' | 'card' | 'cardUrl' | 'probe'>,
  round: readonly Check[],
  now: number,
): Evolved {
  // A clock that went back leaves times behind that are still to come.
  const past = (at: number) => Math.min(at, now)
  const all = [...(previous?.checks ?? []), ...round].map(({ report: _, ...check }) => ({
    ...check,
    at: past(check.at),
  }))
  const checks = latestChecks(all).filter(
    (check) =>
      check.at > now - MAX_CHECK_AGE_MS &&
      isOfCard(check, agent) &&
      (check.kind !== 'task' || agent.probe !== undefined) &&
      (check.kind !== 'card' || agent.cardUrl !== undefined),
  )
  const verdict = judgeChecks(checks)
  const { state, streak } = dampFlapping(previous, verdict, round, now)
  const isChanged = state !== (previous?.state ?? 'unknown')
  const changedAt = previous === undefined ? [] : recentChanges(previous, now)
  const report = newest(
    round.flatMap((check) => check.report ?? []),
    previous?.report,
  )
  const latencyMs = smoothedLatency(previous?.latencyMs, round)
  const verifiedAt = lastVerified(previous?.verifiedAt, round)
  return {
    health: {
      agentId: agent.id,
      tenant: agent.tenant,
      version: (previous?.version ?? 0) + 1,
      state,
      since: previous === undefined || isChanged ? now : past(previous.since),
      ...reasonOf(state, verdict.reason ?? previous?.reason),
      checks,
      ...(report === undefined ? {} : { report }),
      ...(latencyMs === undefined ? {} : { latencyMs }),
      ...(verifiedAt === undefined ? {} : { verifiedAt: past(verifiedAt) }),
      accountedAt: now,
      streak,
      changedAt: isChanged ? [...changedAt, now] : changedAt,
      ...(previous?.compactedAt === undefined ? {} : { compactedAt: previous.compactedAt }),
    },
    buckets: mergeBuckets([
      ...(previous === undefined ? [] : timeBuckets(previous, now)),
      ...(round.length === 0 ? [] : [checkBucket(round, now)]),
    ]),
  }
}

/** The last check of each kind and URL, in the order in which each was first seen. */
function latestChecks(checks: readonly Check[]): readonly Check[] {
  const latest = new Map<string, Check>()
  for (const check of checks) {
    const key = `${check.kind} ${check.url ?? ''}`
    const other = latest.get(key)
    if (other === undefined || check.at >= other.at) latest.set(key, check)
  }
  return [...latest.values()]
}

/** Calls count for as long as their URL is one of the card's. */
const isOfCard = (check: Check, agent: Pick<Agent, 'card'>): boolean =>
  !isCall(check) ||
  check.url === undefined ||
  cardOf(agent).supportedInterfaces.some(({ url }) => url === check.url)

/** An agent that comes back slowly still has the reason for which it went. */
const reasonOf = (
  state: AgentHealth['state'],
  reason: HealthReason | undefined,
): Pick<AgentHealth, 'reason'> =>
  reason === undefined || state === 'up' || state === 'unknown' ? {} : { reason }

function smoothedLatency(known: number | undefined, round: readonly Check[]): number | undefined {
  let smoothed = known
  for (const ms of round.flatMap((check) => callLatency(check) ?? [])) {
    smoothed = smoothed === undefined ? ms : smoothed + LATENCY_WEIGHT * (ms - smoothed)
  }
  return smoothed === undefined ? undefined : Math.round(smoothed * 10) / 10
}

const lastVerified = (known: number | undefined, round: readonly Check[]): number | undefined =>
  newestTime([
    ...round.filter((check) => isRealCall(check) && !isBad(check)).map(({ at }) => at),
    ...(known === undefined ? [] : [known]),
  ])

const newestTime = (times: readonly number[]): number | undefined =>
  times.length === 0 ? undefined : Math.max(...times)

const newest = <T extends { readonly at: number }>(seen: readonly T[], known: T | undefined): T | undefined =>
  [...(known === undefined ? [] : [known]), ...seen].toSorted((a, b) => a.at - b.at).at(-1)
