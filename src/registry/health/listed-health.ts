import type { AgentListing } from '../search/listing.ts'
import type { AgentHealth, HealthState } from './agent-health.ts'

/** What listings say of health. */
export type ListedHealth = Pick<AgentListing, 'health' | 'healthSince' | 'latencyMs' | 'verifiedAt'>

export const listedHealth = (health: AgentHealth | undefined): ListedHealth =>
  health === undefined
    ? { health: 'unknown' }
    : {
        health: health.state,
        healthSince: health.since,
        ...(health.latencyMs === undefined ? {} : { latencyMs: health.latencyMs }),
        ...(health.verifiedAt === undefined ? {} : { verifiedAt: health.verifiedAt }),
      }

/** The states in the order of lists by health. */
export const HEALTH_ORDER = ['up', 'degraded', 'unknown', 'down'] as const satisfies readonly HealthState[]
