import { DIRECTORY } from '../directory/directory-agent.ts'
import type { Registry } from '../registry.ts'
import { currentHealth } from './current-health.ts'
import type { Health } from './health.ts'

export type HealthOfDeps = { readonly health: Pick<Health, 'findAll'>; readonly now: () => number }

/** As `Registry.healthOf`. Parley's own agent is up while anybody can ask. */
export function createHealthOf({ health, now }: HealthOfDeps): Registry['healthOf'] {
  return async (agents) => {
    const known = new Map((await health.findAll(agents.map(({ id }) => id))).map((one) => [one.agentId, one]))
    const at = now()
    return agents.map((agent) =>
      agent.id === DIRECTORY ? { state: 'up' } : currentHealth(known.get(agent.id), agent, at),
    )
  }
}
