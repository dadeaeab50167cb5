import { agentId } from '../a2a/ids.ts'
import { targetOf } from '../delivery/choose-interface.ts'
import type { Agent } from '../registry/agent.ts'
import type { AgentHealth, Check } from '../registry/health/agent-health.ts'
import type { Health } from '../registry/health/health.ts'
import type { Registry } from '../registry/registry.ts'
import type { Events } from '../telemetry/events.ts'
import { askedAtOf } from '../work/agent-work.ts'
import type { Fence } from '../work/work.ts'
import type { WorkQueue } from '../work/work-queue.ts'
import type { Run, RunResult } from '../work/worker.ts'
import { type Known, nextProbeAt, type Plan, planProbe } from './plan-probe.ts'
import type { Prober } from './prober.ts'

/** Looks at cards at their URLs. */
export type CardProbe = {
  /** When an agent's card is to be looked at; `undefined` for never. */
  readonly dueAt: (agent: Agent, health: AgentHealth | undefined) => number | undefined
  /** `undefined` when there was nothing to see. Rejects with the signal's reason. */
  readonly check: (agent: Agent, signal: AbortSignal) => Promise<Check | undefined>
}

export type ProbeDeps = {
  readonly queue: WorkQueue
  readonly registry: Pick<Registry, 'find'>
  readonly health: Health
  readonly prober: Prober
  readonly cards?: CardProbe
  readonly now: () => number
  readonly newId: () => string
  /** From 0 up to 1. */
  readonly random: () => number
  readonly events: Pick<Events, 'unexpected' | 'agentChecked'>
  /** How often interfaces are asked, in milliseconds; 0 leaves agents alone unless somebody asks for a look. */
  readonly intervalMs: number
}

/** Looks at one agent, as far as that is due or asked for, and says when to look again. */
export async function runProbe(deps: ProbeDeps, run: Run): Promise<RunResult> {
  const { now, events } = deps
  const { key, token } = run.work
  const fence: Fence = { kind: 'probe', key, token }
  // Nothing is lost: whoever takes over looks again.
  run.setResumable(true)
  const agent = await deps.registry.find(agentId(key))
  if (agent === undefined) return finished(deps, fence)

  let health = await deps.health.find(agent.id)
  const plan = planProbe(knownOf(deps, agent, health), now(), askedAtOf(run.work))
  for (const looking of looks(deps, agent, plan, run.signal)) {
    const checks = await looking
    if (checks.length === 0) continue
    for (const check of checks) events.agentChecked({ agentId: agent.id, ...check })
    health = await deps.health.record(agent, checks, fence)
    if (health === undefined) return finished(deps, fence)
  }
  return { kind: 'postponed', dueAt: nextProbeAt(knownOf(deps, agent, health), now(), deps.random()) }
}

async function finished(deps: ProbeDeps, fence: Fence): Promise<RunResult> {
  await deps.queue.finish(fence)
  return { kind: 'done' }
}

const knownOf = (deps: ProbeDeps, agent: Agent, health: AgentHealth | undefined): Known => ({
  agent,
  health,
  intervalMs: deps.intervalMs,
  cardDueAt: deps.cards?.dueAt(agent, health),
})

/** All begin now. What takes its time comes last, so that it holds nothing else back. */
function looks(
  { prober, cards, now }: ProbeDeps,
  agent: Agent,
  plan: Plan,
  signal: AbortSignal,
): readonly Promise<readonly Check[]>[] {
  const soon: Promise<Check | undefined>[] = plan.interfaces.flatMap((via) => {
    const target = targetOf(agent, via)
    return target === undefined ? [] : [prober.checkInterface(target, agent, signal)]
  })
  if (plan.card && cards !== undefined) soon.push(cards.check(agent, signal))
  if (plan.heartbeat) soon.push(Promise.resolve({ kind: 'heartbeat', outcome: 'missing', at: now() }))
  const target = targetOf(agent, undefined)
  const task =
    plan.task && agent.probe !== undefined && target !== undefined
      ? [prober.sendProbe(target, agent, agent.probe, signal)]
      : []
  return [soon, task].map((checks) => {
    const all = Promise.all(checks).then((seen) => seen.filter((check) => check !== undefined))
    // The first that fails is heard of by who awaits them in turn; the other may fail as well.
    all.catch(() => {})
    return all
  })
}
