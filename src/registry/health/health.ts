import type { Fence } from '../../work/work.ts'
import type { Agent } from '../agent.ts'
import type { AgentHealth, Check } from './agent-health.ts'
import type { HealthStore } from './health-store.ts'

/** How agents are, as those see it who look at them. No principal, no access decision. */
export interface Health
  extends Pick<HealthStore, 'find' | 'findAll' | 'listChecks' | 'countChecks' | 'listBuckets'> {
  /**
   * Writes down what was seen and what follows from it, and answers with that; `undefined` when the agent is gone. With
   * a fence, throws `LeaseLost` once the lease is another's.
   */
  record(agent: Agent, checks: readonly Check[], fence?: Fence): Promise<AgentHealth | undefined>
}
