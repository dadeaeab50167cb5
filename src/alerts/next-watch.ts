import type { NewId } from '../a2a/ids.ts'
import type { Agent } from '../registry/agent.ts'
import type { CurrentHealth } from '../registry/health/current-health.ts'
import type { HeldRule } from './agent-watch.ts'
import type { EndReason } from './alert.ts'
import type { StoredAlert } from './alert-store.ts'
import { summaryOf } from './alert-summary.ts'
import type { JudgedRule } from './judge-agent.ts'
import type { AlertRule } from './rule.ts'

/** What was known of an agent, and what is known now. */
export type WatchInput = {
  readonly agent: Agent
  readonly health: CurrentHealth
  readonly held: readonly HeldRule[]
  readonly rules: readonly JudgedRule[]
  /** The alerts that `held` names, by their ids. */
  readonly firing: ReadonlyMap<string, StoredAlert>
  /** Why alerts end whose rules are not among `rules`, by the ids of those. */
  readonly goneBecause: ReadonlyMap<string, EndReason>
  readonly now: number
  readonly newId: NewId
}

/** What becomes of a rule: what is known of it from now on, an alert as it will stand, and which channels are told. */
export type WatchStep = {
  readonly ruleId: string
  readonly held?: HeldRule
  readonly alert?: StoredAlert
  readonly tell: readonly string[]
  /** When to judge again although nothing was heard of the agent. */
  readonly nextAt?: number
}

/** What becomes of every rule that counts for an agent, or did. */
export function nextWatch(input: WatchInput): readonly WatchStep[] {
  const { held, rules, goneBecause } = input
  const isJudged = (ruleId: string) => rules.some(({ rule }) => rule.id === ruleId)
  const gone = held.filter(({ ruleId }) => !isJudged(ruleId))
  return [
    ...gone.map((entry) => endStep(input, entry, goneBecause.get(entry.ruleId) ?? 'not_watched')),
    ...rules.map((judged) => {
      const entry = held.find(({ ruleId }) => ruleId === judged.rule.id)
      return withNextAt(stepOf(input, judged, entry), judged.verdict.nextAt)
    }),
  ]
}

function stepOf(input: WatchInput, judged: JudgedRule, entry: HeldRule | undefined): WatchStep {
  const { now } = input
  const { rule, verdict, isFolded } = judged
  const ruleId = rule.id
  if (!verdict.holds) return entry === undefined ? { ruleId, tell: [] } : endStep(input, entry, 'recovered')
  const alert = entry && alertOf(input, entry)
  if (entry !== undefined && alert !== undefined) return goOn(input, judged, entry, alert)
  if (isFolded) return { ruleId, held: { ruleId, since: verdict.since, isFolded }, tell: [] }
  // Once the other agent is well again, this one is given its time anew: it may only be late in getting well.
  const since = entry?.isFolded === true ? now : Math.max(verdict.since, entry?.since ?? 0)
  const firesAt = since + verdict.forMs
  if (now < firesAt) return { ruleId, held: { ruleId, since }, tell: [], nextAt: firesAt }
  return fire(input, judged, since)
}

function fire(input: WatchInput, judged: JudgedRule, since: number): WatchStep {
  const { agent, now, newId } = input
  const { rule, victims } = judged
  const alert: StoredAlert = {
    id: newId(),
    tenant: agent.tenant,
    ruleId: rule.id,
    agentId: agent.id,
    ruleName: rule.name,
    severity: rule.severity,
    agentSlug: agent.slug,
    startsAt: now,
    ...described(input, judged),
    victims,
    news: 1,
    channels: channelsOf(rule),
  }
  const held = { ruleId: rule.id, since, alertId: alert.id, toldAt: now }
  return { ruleId: rule.id, held, alert, tell: alert.channels, ...repetition(rule, now) }
}

/**
 * An alert that fires already: who it stands for may change, and channels are told again now and then. What tells it
 * from others stays, also when its rule is given another name.
 */
function goOn(input: WatchInput, judged: JudgedRule, entry: HeldRule, alert: StoredAlert): WatchStep {
  const { now } = input
  const { rule, victims, cause } = judged
  const { toldAt = alert.startsAt } = entry
  const wanted = channelsOf(rule)
  const added = wanted.filter((id) => !alert.channels.includes(id))
  const isRepeated = rule.repeatMs > 0 && wanted.length > 0 && now >= toldAt + rule.repeatMs
  const tell = isRepeated ? wanted : added
  const isSame = tell.length === 0 && sameJson(victims, alert.victims) && sameJson(cause, alert.cause)
  if (isSame) return { ruleId: rule.id, held: entry, tell, ...repetition(rule, toldAt) }
  const { cause: _, ...before } = alert
  return {
    ruleId: rule.id,
    held: isRepeated ? { ...entry, toldAt: now } : entry,
    alert: {
      ...before,
      ...described(input, judged),
      victims,
      news: alert.news + (tell.length > 0 ? 1 : 0),
      channels: [...alert.channels, ...added],
    },
    tell,
    ...repetition(rule, isRepeated ? now : toldAt),
  }
}

/** An alert fires no more; whoever was told that it does is told. */
export function endStep(
  input: Pick<WatchInput, 'firing' | 'now'>,
  entry: HeldRule,
  endReason: EndReason,
): WatchStep {
  const { ruleId } = entry
  const alert = alertOf(input, entry)
  if (alert === undefined) return { ruleId, tell: [] }
  const ended = { ...alert, endsAt: Math.max(input.now, alert.startsAt), endReason, news: alert.news + 1 }
  return { ruleId, alert: ended, tell: alert.channels }
}

function described({ agent, health }: WatchInput, { rule, cause }: JudgedRule) {
  return {
    summary: summaryOf(rule.condition, agent.slug, health, cause !== undefined),
    ...(cause === undefined ? {} : { cause }),
  }
}

const channelsOf = ({ isMuted, channels }: AlertRule): readonly string[] => (isMuted === true ? [] : channels)

const repetition = (rule: AlertRule, toldAt: number): Pick<WatchStep, 'nextAt'> =>
  rule.repeatMs > 0 && channelsOf(rule).length > 0 ? { nextAt: toldAt + rule.repeatMs } : {}

const sameJson = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)

const alertOf = ({ firing }: Pick<WatchInput, 'firing'>, { alertId }: HeldRule): StoredAlert | undefined =>
  alertId === undefined ? undefined : firing.get(alertId)

const withNextAt = (step: WatchStep, nextAt: number | undefined): WatchStep =>
  nextAt === undefined ? step : { ...step, nextAt: Math.min(nextAt, step.nextAt ?? nextAt) }
