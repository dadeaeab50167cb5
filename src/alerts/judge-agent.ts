import type { AgentId } from '../a2a/ids.ts'
import type { Access } from '../access/access.ts'
import type { Agent } from '../registry/agent.ts'
import type { AgentStore } from '../registry/agent-store.ts'
import type { Check } from '../registry/health/agent-health.ts'
import { type CurrentHealth, currentHealth, heartbeatDueAt } from '../registry/health/current-health.ts'
import type { HealthStore } from '../registry/health/health-store.ts'
import type { AgentWatch } from './agent-watch.ts'
import type { OtherAgent } from './alert.ts'
import type { AlertStore } from './alert-store.ts'
import { coversAgent, isInUse, makerMay, targetsOf } from './covers-agent.ts'
import { type Dependencies, dependsOn, loadDependencies, loadDependents } from './dependency-graph.ts'
import { judgeRule, type Verdict } from './judge-rule.ts'
import { type AlertRule, MAX_RULES_PER_TARGET } from './rule.ts'

export type JudgeAgentDeps = {
  readonly alerts: AlertStore
  readonly agents: AgentStore
  readonly access: Pick<Access, 'decide'>
  readonly health: Pick<HealthStore, 'findAll' | 'listChecks'>
}

/** A rule that counts for an agent, and what it comes to. */
export type JudgedRule = {
  readonly rule: AlertRule
  readonly verdict: Verdict
  /** The alert of an agent that this one depends on stands for this one's. */
  readonly isFolded: boolean
  /** Agents whose alerts this one's stands for. */
  readonly victims: readonly OtherAgent[]
  /** An agent that it depends on and that is down. */
  readonly cause?: OtherAgent
}

export type JudgedAgent = {
  readonly health: CurrentHealth
  readonly rules: readonly JudgedRule[]
  readonly dependencies: Dependencies
}

/** Calls looked at for a share of errors. */
const MAX_CALLS = 1000
const CALL_KINDS: ReadonlySet<Check['kind']> = new Set(['interface', 'task', 'delivery'])

/** Judges every rule that counts for an agent, and whose alert stands for whose. */
export async function judgeAgent(
  deps: JudgeAgentDeps,
  agent: Agent,
  watch: AgentWatch | undefined,
  now: number,
): Promise<JudgedAgent> {
  const found = isInUse(agent)
    ? await deps.alerts.listRulesFor(agent.tenant, targetsOf(agent), MAX_RULES_PER_TARGET)
    : []
  const rules = found.filter((rule) => coversAgent(deps.access, rule, agent))
  const dependencies = await loadDependencies(deps.agents, agent)
  const known = new Map(
    (await deps.health.findAll([...dependencies.keys()])).map((one) => [one.agentId, one]),
  )
  const situation: Situation = {
    deps,
    agent,
    dependencies,
    healthOf: (one) => currentHealth(known.get(one.id), one, now),
    calls: new Map(),
    now,
  }
  const dependents = await dependentsWithWatches(situation, rules)
  const judged: JudgedRule[] = []
  for (const rule of rules) judged.push(await judgeOne(situation, rule, watch, dependents))
  return { health: situation.healthOf(agent), rules: judged, dependencies }
}

/** What is known when the rules of an agent are judged. */
type Situation = {
  readonly deps: JudgeAgentDeps
  readonly agent: Agent
  readonly dependencies: Dependencies
  readonly healthOf: (agent: Agent) => CurrentHealth
  /** Those that were looked up. */
  readonly calls: Map<AgentId, readonly Check[]>
  readonly now: number
}

type Dependent = { readonly agent: Agent; readonly watch: AgentWatch | undefined }

/** Nobody, where no rule can hold. */
async function dependentsWithWatches(
  situation: Situation,
  rules: readonly AlertRule[],
): Promise<readonly Dependent[]> {
  const { deps, agent } = situation
  const isByState = ({ condition }: AlertRule) =>
    condition.kind === 'state' || condition.kind === 'dependency'
  if (situation.healthOf(agent).state === 'up' && rules.every(isByState)) return []
  const dependents = await loadDependents(deps.agents, agent.tenant, agent.id)
  return Promise.all(
    dependents.map(async (one) => ({ agent: one, watch: await deps.alerts.findWatch(one.id) })),
  )
}

async function judgeOne(
  situation: Situation,
  rule: AlertRule,
  watch: AgentWatch | undefined,
  dependents: readonly Dependent[],
): Promise<JudgedRule> {
  const { deps, agent, healthOf } = situation
  const covered = dependents.filter((dependent) => coversAgent(deps.access, rule, dependent.agent))
  const held = watch?.held.find(({ ruleId }) => ruleId === rule.id)
  const verdict = await judgeFor(situation, rule, agent, covered.length > 0, held?.since)
  const none = { rule, verdict, isFolded: false, victims: [] }
  if (!verdict.holds) return none
  const seen = seenDependenciesOf(situation, rule, agent)
  const down = seen.filter((other) => healthOf(other).state === 'down')
  return {
    ...none,
    isFolded: await isFolded(situation, rule),
    victims: covered
      .filter((dependent) => dependent.watch?.held.some(({ ruleId }) => ruleId === rule.id))
      .map((dependent) => otherAgent(dependent.agent)),
    ...causeOf(situation, down),
  }
}

/**
 * Whether the rule holds for an agent that this one depends on, so that one alert does for both. Of agents that depend
 * on one another, the one with the smallest id stands for the others.
 */
async function isFolded(situation: Situation, rule: AlertRule): Promise<boolean> {
  const { deps, agent, dependencies } = situation
  for (const other of dependenciesOf(situation, agent)) {
    if (!coversAgent(deps.access, rule, other)) continue
    if (agent.id < other.id && dependsOn(dependencies, other.id, agent.id)) continue
    const { holds } = await judgeFor(situation, rule, other, true, undefined)
    if (holds) return true
  }
  return false
}

/** Of the dependencies that are down, one that is not so for want of another. */
function causeOf({ dependencies }: Situation, down: readonly Agent[]): Pick<JudgedRule, 'cause'> {
  const isRoot = ({ id }: Agent) => !down.some((other) => dependsOn(dependencies, id, other.id))
  const cause = down.find(isRoot) ?? down[0]
  return cause === undefined ? {} : { cause: otherAgent(cause) }
}

async function judgeFor(
  situation: Situation,
  rule: AlertRule,
  agent: Agent,
  isDependedOn: boolean,
  heldSince: number | undefined,
): Promise<Verdict> {
  const { condition } = rule
  const dueAt = heartbeatDueAt(agent)
  const downSince = condition.kind === 'dependency' ? dependencyDownSince(situation, rule, agent) : undefined
  const facts = {
    health: situation.healthOf(agent),
    ...(dueAt === undefined ? {} : { heartbeatDueAt: dueAt }),
    calls: condition.kind === 'error_rate' ? await callsOf(situation, agent.id) : [],
    ...(downSince === undefined ? {} : { dependencyDownSince: downSince }),
    isDependedOn,
  }
  return judgeRule(condition, facts, heldSince, situation.now)
}

function dependencyDownSince(situation: Situation, rule: AlertRule, agent: Agent): number | undefined {
  const times = seenDependenciesOf(situation, rule, agent).flatMap((other) => {
    const { state, since = situation.now } = situation.healthOf(other)
    return state === 'down' ? [since] : []
  })
  return times.length === 0 ? undefined : Math.min(...times)
}

const dependenciesOf = ({ dependencies }: Situation, agent: Agent): readonly Agent[] =>
  [...dependencies.values()].filter(({ id }) => id !== agent.id && dependsOn(dependencies, agent.id, id))

/** Those that the rule's maker sees: of others a rule must show no more than if they were not there. */
const seenDependenciesOf = (situation: Situation, rule: AlertRule, agent: Agent): readonly Agent[] =>
  dependenciesOf(situation, agent).filter((other) => makerMay(situation.deps.access, rule, 'discover', other))

async function callsOf({ deps, calls }: Situation, id: AgentId): Promise<readonly Check[]> {
  const known = calls.get(id)
  if (known !== undefined) return known
  const found = (await deps.health.listChecks(id, MAX_CALLS)).filter(({ kind }) => CALL_KINDS.has(kind))
  calls.set(id, found)
  return found
}

const otherAgent = ({ id, slug }: Agent): OtherAgent => ({ agentId: id, agentSlug: slug })
