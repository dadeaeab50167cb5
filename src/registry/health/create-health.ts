import { untilCommitted } from '../../access/until-committed.ts'
import type { Events } from '../../telemetry/events.ts'
import { alertWork } from '../../work/agent-work.ts'
import { LeaseLost } from '../../work/work.ts'
import type { Agent } from '../agent.ts'
import type { Change } from '../changes/change.ts'
import type { AgentHealth, HealthState } from './agent-health.ts'
import { createTurns } from './create-turns.ts'
import { evolveHealth } from './evolve-health.ts'
import type { Health } from './health.ts'
import type { HealthStore } from './health-store.ts'
import { DAY_MS, HOUR_MS } from './merge-buckets.ts'

export type HealthDeps = {
  readonly store: HealthStore
  readonly now: () => number
  readonly events: Pick<Events, 'agentHealthChanged'>
}

/** How long the history is kept: each check, the hours, and the days that these become. */
export const CHECKS_KEPT_MS = DAY_MS
export const HOURS_KEPT_MS = 30 * DAY_MS
export const DAYS_KEPT_MS = 400 * DAY_MS
/** The history of an agent is compacted no more often. */
const COMPACTED_EVERY_MS = HOUR_MS

export function createHealth({ store, now, events }: HealthDeps): Health {
  // Many deliveries to one agent may end at once: only those of other processes are to be outrun.
  const inTurn = createTurns()
  /** Writes down what follows; `undefined` when others were faster. */
  const attempt = async (...[agent, checks, fence]: Parameters<Health['record']>) => {
    const at = now()
    const previous = await store.find(agent.id)
    const evolved = evolveHealth(previous, agent, checks, at)
    const isCompacting = Math.abs(at - (previous?.compactedAt ?? 0)) >= COMPACTED_EVERY_MS
    const health = isCompacting ? { ...evolved.health, compactedAt: at } : evolved.health
    const before = previous?.state ?? 'unknown'
    const result = await store.commit({
      health,
      expectedVersion: health.version - 1,
      ...(fence === undefined ? {} : { fence }),
      checks,
      buckets: evolved.buckets,
      changes: health.state === before ? [] : [healthChange(agent, before, health, at)],
      work: [alertWork(agent.id, at)],
    })
    if (result === 'fenced') throw new LeaseLost()
    if (result === 'conflict') return undefined
    return result === 'gone' ? { isGone: true as const } : { before, health, isCompacting, at }
  }

  return {
    async record(agent, checks, fence) {
      const recorded = await inTurn(agent.id, () =>
        untilCommitted('The health of the agent', () => attempt(agent, checks, fence)),
      )
      if ('isGone' in recorded) return undefined
      const { before, health, isCompacting, at } = recorded
      if (health.state !== before) {
        const { state, reason } = health
        const outcome = reason?.outcome ?? 'ok'
        events.agentHealthChanged({ agentId: agent.id, slug: agent.slug, state, before, outcome })
      }
      if (isCompacting) {
        const checksBefore = at - CHECKS_KEPT_MS
        const [hoursBefore, daysBefore] = [at - HOURS_KEPT_MS, at - DAYS_KEPT_MS]
        await store.compact(agent.id, { checksBefore, hoursBefore, daysBefore })
      }
      return health
    },
    find: (id) => store.find(id),
    findAll: (ids) => store.findAll(ids),
    listChecks: (id, limit, after) => store.listChecks(id, limit, after),
    countChecks: (id, cap) => store.countChecks(id, cap),
    listBuckets: (id, span, since) => store.listBuckets(id, span, since),
  }
}

const healthChange = (
  { id, tenant, slug }: Agent,
  before: HealthState,
  { version, state, reason }: AgentHealth,
  at: number,
): Change => ({
  id: `${id}.health.${version}`,
  tenant,
  agentId: id,
  slug,
  at,
  kind: 'health',
  state,
  before,
  ...(reason === undefined ? {} : { reason }),
})
