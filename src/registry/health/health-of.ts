import { DIRECTORY } from '../directory/directory-agent.ts'
import type { Registry } from '../registry.ts'
import { currentHealth } from './current-health.ts'

export type HealthOfDeps = { readonly now: () => number }

/** As `Registry.healthOf`. Parley's own agent is up while anybody can ask. */
export function createHealthOf({ now }: HealthOfDeps): Registry['healthOf'] {
  return async (agents) => {
    const at = now()
    return agents.map((agent) =>
      agent.id === DIRECTORY ? { state: 'up' } : currentHealth(undefined, agent, at),
    )
  }
}
