import type { Call } from '../../access/principal.ts'
import type { Agent } from '../agent.ts'
import type { AgentStore } from '../agent-store.ts'
import { agentNotFound, type FindDeps, getAgent } from '../find-agent.ts'
import { type CurrentHealth, currentHealth } from './current-health.ts'
import type { NewReport } from './heartbeat-body.ts'

export type HeartbeatDeps = FindDeps & {
  readonly agents: AgentStore
  readonly now: () => number
}

/** An agent that just beat, and how it is. */
export type Beaten = {
  readonly agent: Agent
  readonly lastHeartbeatAt: number
  readonly health: CurrentHealth
}

/** As `Registry.heartbeat`. */
export async function takeHeartbeat(
  deps: HeartbeatDeps,
  call: Call,
  ref: string,
  _report: NewReport | undefined,
): Promise<Beaten> {
  const known = await getAgent(deps, call, ref, 'beat')
  const at = deps.now()
  if (!(await deps.agents.beat(known.id, at))) throw agentNotFound()
  const lastHeartbeatAt = Math.max(at, known.lastHeartbeatAt ?? 0)
  const agent = { ...known, lastHeartbeatAt }
  return { agent, lastHeartbeatAt, health: currentHealth(undefined, agent, deps.now()) }
}
