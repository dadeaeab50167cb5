import type { Fence } from '../../work/work.ts'
import type { Agent } from '../agent.ts'
import type { AgentHealth, Check } from './agent-health.ts'

/** How agents are, as those see it who look at them. No principal, no access decision. */
export interface Health {
  /**
   * Writes down what was seen and what follows from it, and answers with that; `undefined` when the agent is gone. With a fence,
   * throws `LeaseLost` once the lease is another's.
   */
  record(agent: Agent, checks: readonly Check[], fence?: Fence): Promise<AgentHealth | undefined>
  find(id: Agent['id']): Promise<AgentHealth | undefined>
  /** Of those of whom anything is known, in the order of `ids`. */
  findAll(ids: readonly Agent['id'][]): Promise<readonly AgentHealth[]>
}
