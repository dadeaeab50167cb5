import { type AgentId, agentId, type NewId } from '../a2a/ids.ts'
import type { Agent } from '../registry/agent.ts'
import type { Events } from '../telemetry/events.ts'
import { alertWork } from '../work/agent-work.ts'
import { type Fence, LeaseLost, type NewWork } from '../work/work.ts'
import type { Run, RunResult } from '../work/worker.ts'
import type { AgentWatch, HeldRule } from './agent-watch.ts'
import type { EndReason } from './alert.ts'
import type { AlertCommit, StoredAlert } from './alert-store.ts'
import { loadDependents } from './dependency-graph.ts'
import { type JudgeAgentDeps, type JudgedAgent, judgeAgent } from './judge-agent.ts'
import { endStep, nextWatch, type WatchStep } from './next-watch.ts'
import { notifyKey } from './notification.ts'

export type WatchDeps = JudgeAgentDeps & {
  readonly now: () => number
  readonly newId: NewId
  readonly events: Pick<Events, 'alertFired' | 'alertResolved'>
}

/** An agent of which nothing is heard is judged again after this long. */
const QUIET_MS = 60 * 60 * 1000
/** Alerts that one write may change, so that it stays small; others go on in the next. */
const MAX_ALERTS_PER_WRITE = 8

/**
 * Judges the rules that watch one agent; its alerts begin, change and end. May be done again at any time: what is known
 * is in the store, and changes in one write with what is to be told.
 */
export async function watchAgent(deps: WatchDeps, { work, signal }: Run): Promise<RunResult> {
  const { alerts, agents, now } = deps
  const id = agentId(work.key)
  const fence: Fence = { kind: work.kind, key: work.key, token: work.token }
  for (;;) {
    signal.throwIfAborted()
    const at = now()
    const [agent, watch] = await Promise.all([agents.find(id), alerts.findWatch(id)])
    const change =
      agent === undefined ? await partingOf(deps, watch, at) : await changeOf(deps, agent, watch, at)
    if (change.commit !== undefined) {
      const result = await alerts.commit({ ...change.commit, fence })
      if (result === 'fenced') throw new LeaseLost()
      if (result === 'conflict') continue
      for (const alert of change.commit.alerts ?? []) tellOf(deps, alert)
    }
    if (change.isMore) continue
    if (agent === undefined) return { kind: 'done' }
    return { kind: 'postponed', dueAt: Math.min(change.nextAt, at + QUIET_MS) }
  }
}

type Change = {
  /** Absent when everything is as it was. */
  readonly commit?: Omit<AlertCommit, 'fence'>
  /** It says less than there is to say. */
  readonly isMore: boolean
  readonly nextAt: number
}

async function changeOf(
  deps: WatchDeps,
  agent: Agent,
  watch: AgentWatch | undefined,
  now: number,
): Promise<Change> {
  const before = watch ?? emptyWatch(agent)
  const judged = await judgeAgent(deps, agent, watch, now)
  const steps = nextWatch({
    agent,
    health: judged.health,
    held: before.held,
    rules: judged.rules,
    firing: await firingOf(deps, before),
    goneBecause: await goneBecause(deps, before, judged),
    now,
    newId: deps.newId,
  })
  const { taken, held, isMore } = bounded(steps, before.held)
  const after = { ...before, version: before.version + 1, state: judged.health.state, held }
  const rest = { isMore, nextAt: Math.min(...taken.map(({ nextAt = NEVER }) => nextAt), NEVER) }
  const raised = taken.flatMap(({ alert }) => alert ?? [])
  const { state } = before
  if (raised.length === 0 && state === after.state && isSame(before.held, held)) return rest
  const wakes = await wakesOf(deps, before, after, [...judged.dependencies.keys()], now)
  return {
    ...rest,
    commit: {
      watch: { watch: after, expectedVersion: before.version },
      alerts: raised,
      work: [...notifications(taken, now), ...wakes],
    },
  }
}

/** An agent is gone, and so are its alerts. */
async function partingOf(deps: WatchDeps, watch: AgentWatch | undefined, now: number): Promise<Change> {
  if (watch === undefined) return { isMore: false, nextAt: NEVER }
  const firing = await firingOf(deps, watch)
  const steps = watch.held.map((entry) => endStep({ firing, now }, entry, 'agent_removed'))
  const { taken, held, isMore } = bounded(steps, watch.held)
  const after = { ...watch, version: watch.version + 1, held }
  const dependents = isMore ? [] : await loadDependents(deps.agents, watch.tenant, watch.agentId)
  return {
    isMore,
    nextAt: NEVER,
    commit: {
      watch: { watch: after, expectedVersion: watch.version, removed: !isMore },
      alerts: taken.flatMap(({ alert }) => alert ?? []),
      work: [...notifications(taken, now), ...dependents.map(({ id }) => alertWork(id, now))],
    },
  }
}

const NEVER = Number.POSITIVE_INFINITY

const emptyWatch = ({ id, tenant }: Agent): AgentWatch => ({
  agentId: id,
  tenant,
  version: 0,
  state: 'unknown',
  held: [],
})

const isSame = (a: readonly HeldRule[], b: readonly HeldRule[]): boolean =>
  JSON.stringify(a) === JSON.stringify(b)

async function firingOf(
  { alerts }: Pick<WatchDeps, 'alerts'>,
  { held }: AgentWatch,
): Promise<ReadonlyMap<string, StoredAlert>> {
  const ids = held.flatMap(({ alertId }) => alertId ?? [])
  const found = await Promise.all(ids.map((id) => alerts.findAlert(id)))
  return new Map(found.flatMap((alert) => (alert === undefined ? [] : [[alert.id, alert]])))
}

/** Why rules count no more that did, of those that are gone; those that are there do not count for the agent. */
async function goneBecause(
  { alerts }: WatchDeps,
  { held }: AgentWatch,
  { rules }: JudgedAgent,
): Promise<ReadonlyMap<string, EndReason>> {
  const gone = held.filter(({ ruleId }) => !rules.some(({ rule }) => rule.id === ruleId))
  const reasons = await Promise.all(
    gone.map(async ({ ruleId }): Promise<readonly [string, EndReason]> => {
      const rule = await alerts.findRule(ruleId)
      return [ruleId, rule === undefined ? 'rule_removed' : 'not_watched']
    }),
  )
  return new Map(reasons)
}

/** As much as goes into one write; the rules that are left stand as they did. */
function bounded(steps: readonly WatchStep[], before: readonly HeldRule[]) {
  const withAlert = steps.filter(({ alert }) => alert !== undefined)
  const left = new Set(withAlert.slice(MAX_ALERTS_PER_WRITE).map(({ ruleId }) => ruleId))
  const taken = steps.filter(({ ruleId }) => !left.has(ruleId))
  const kept = before.filter(({ ruleId }) => left.has(ruleId))
  return { taken, held: [...taken.flatMap(({ held }) => held ?? []), ...kept], isMore: left.size > 0 }
}

const notifications = (steps: readonly WatchStep[], dueAt: number): readonly NewWork[] =>
  steps.flatMap(({ alert, tell }) =>
    alert === undefined
      ? []
      : tell.map((channel) => ({
          kind: 'notify' as const,
          key: notifyKey(alert.id, channel),
          lane: channel,
          dueAt,
        })),
  )

/**
 * Agents that are judged by how this one is: those that depend on it, for whose alerts one of its own may stand; and,
 * for which of its rules hold, those that it depends on, whose alerts name it.
 */
async function wakesOf(
  { agents }: WatchDeps,
  before: AgentWatch,
  after: AgentWatch,
  dependencies: readonly AgentId[],
  dueAt: number,
): Promise<readonly NewWork[]> {
  const isHeldSame = rulesIn(before) === rulesIn(after)
  if (isHeldSame && before.state === after.state) return []
  const dependents = await loadDependents(agents, after.tenant, after.agentId)
  const others = isHeldSame ? [] : dependencies.filter((id) => id !== after.agentId)
  return [...new Set([...dependents.map(({ id }) => id), ...others])].map((id) => alertWork(id, dueAt))
}

const rulesIn = ({ held }: AgentWatch): string =>
  held
    .map(({ ruleId }) => ruleId)
    .toSorted()
    .join()

function tellOf({ events }: WatchDeps, alert: StoredAlert): void {
  const { id: alertId, ruleId, ruleName, severity, agentId, agentSlug, startsAt, endsAt } = alert
  const facts = { alertId, ruleId, ruleName, severity, agentId, agentSlug }
  if (endsAt !== undefined) {
    const { endReason = 'recovered' } = alert
    events.alertResolved({ ...facts, reason: endReason, durationMs: endsAt - startsAt })
  } else if (alert.news === 1) events.alertFired({ ...facts, victims: alert.victims.length })
}
