import { untilCommitted } from '../../access/until-committed.ts'
import type { Events } from '../../telemetry/events.ts'
import { alertWork } from '../../work/agent-work.ts'
import { LeaseLost } from '../../work/work.ts'
import { evolveHealth } from './evolve-health.ts'
import type { Health } from './health.ts'
import type { HealthStore } from './health-store.ts'

export type HealthDeps = {
  readonly store: HealthStore
  readonly now: () => number
  readonly newId: () => string
  readonly events: Events
}

export function createHealth({ store, now }: HealthDeps): Health {
  return {
    async record(agent, checks, fence) {
      const recorded = await untilCommitted('The health of the agent', async () => {
        const previous = await store.find(agent.id)
        const at = now()
        const { health, buckets } = evolveHealth(previous, agent, checks, at)
        const result = await store.commit({
          health,
          expectedVersion: health.version - 1,
          ...(fence === undefined ? {} : { fence }),
          checks,
          buckets,
          work: [alertWork(agent.id, at)],
        })
        if (result === 'fenced') throw new LeaseLost()
        return result === 'conflict' ? undefined : { health: result === 'gone' ? undefined : health }
      })
      return recorded.health
    },
    find: (id) => store.find(id),
  }
}
