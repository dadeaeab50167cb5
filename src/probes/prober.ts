import type { AgentTarget } from '../delivery/agent-client.ts'
import type { Agent } from '../registry/agent.ts'
import type { Check } from '../registry/health/agent-health.ts'
import type { TaskProbe } from '../registry/health/task-probe.ts'

/** Asks agents. Whatever an agent does is an answer: only the signal's reason is thrown. */
export interface Prober {
  /** Asks for a task that there is not: the agent must say so, in its version and shape (A2A 1.0 §5.4). Costs nothing. */
  checkInterface(target: AgentTarget, agent: Agent, signal: AbortSignal): Promise<Check>
  /** Sends what the agent's owner set, and judges what comes back. */
  sendProbe(target: AgentTarget, agent: Agent, probe: TaskProbe, signal: AbortSignal): Promise<Check>
}
