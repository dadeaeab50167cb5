import type { HealthState } from '../health/agent-health.ts'
import { currentHealth, isAlive, isVerified } from '../health/current-health.ts'
import { HEALTH_ORDER } from '../health/listed-health.ts'
import type { AgentQuery } from '../registry.ts'
import type { AgentListing } from './listing.ts'

/** How a listed agent is at `now`, whatever was written down before. */
export const stateOf = (listing: AgentListing, now: number): HealthState =>
  currentHealth({ state: listing.health, since: listing.healthSince }, listing, now).state

/** Whether an agent is as a query asks for it. */
export function isAsWell(
  { health = [], onlyAlive, verified }: Pick<AgentQuery, 'health' | 'onlyAlive' | 'verified'>,
  listing: AgentListing,
  now: number,
): boolean {
  if (verified === true && !isVerified(listing, now)) return false
  if (health.length === 0 && onlyAlive !== true) return true
  const state = stateOf(listing, now)
  return (health.length === 0 || health.includes(state)) && (onlyAlive !== true || isAlive({ state }))
}

/** The better, the greater. */
export const healthRankOf = (listing: AgentListing, now: number): number =>
  -HEALTH_ORDER.indexOf(stateOf(listing, now))
