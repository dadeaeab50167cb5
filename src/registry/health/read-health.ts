import type { AgentId } from '../../a2a/ids.ts'
import { isObject } from '../../a2a/json-object.ts'
import type { Access } from '../../access/access.ts'
import { type Cursors, invalidCursor } from '../../access/page-cursor.ts'
import type { Call } from '../../access/principal.ts'
import { type FindDeps, getAgent, resourceOf } from '../find-agent.ts'
import type { Registry } from '../registry.ts'
import { timeBuckets } from './account-time.ts'
import { CHECK_KINDS, type Check, type SelfReport } from './agent-health.ts'
import type { CurrentHealth } from './current-health.ts'
import type { Health } from './health.ts'
import type { CheckPosition, Span } from './health-store.ts'
import { asDay, mergeBuckets } from './merge-buckets.ts'
import { UPTIME_WINDOWS, type Uptime, uptimeBefore } from './uptime.ts'

/** How an agent is and was, for one caller. */
export type HealthReport = {
  readonly id: AgentId
  readonly current: CurrentHealth
  readonly uptime: Uptime
  /** The last of each kind and URL. */
  readonly checks: readonly Check[]
  /** Only for those who may manage the agent, as are the messages and URLs of checks and of the reason. */
  readonly report?: SelfReport
}

export type ReadHealthDeps = FindDeps & {
  readonly access: Access
  readonly health: Health
  readonly now: () => number
  readonly cursors: Cursors
}

const UNKNOWN: CurrentHealth = { state: 'unknown' }
const COUNT_CAP = 10_000

type Reads = Pick<Registry, 'getHealth' | 'listHealth' | 'listChecks'>

/** Who sees an agent sees how it is; what was asked of it, and what it said itself, is for those who may manage it. */
export function createHealthReads(deps: ReadHealthDeps, healthOf: Registry['healthOf']): Reads {
  const { access, health, now, cursors } = deps

  return {
    async getHealth(call, ref) {
      const agent = await getAgent(deps, call, ref, 'discover')
      const at = now()
      const [[current = UNKNOWN], known, hours] = await Promise.all([
        healthOf([agent]),
        health.find(agent.id),
        health.listBuckets(agent.id, 'hour', at - UPTIME_WINDOWS['30d']),
      ])
      const report: HealthReport = {
        id: agent.id,
        current,
        uptime: uptimeBefore(known === undefined ? hours : [...hours, ...timeBuckets(known, at)], at),
        checks: known?.checks ?? [],
        ...(known?.report === undefined ? {} : { report: known.report }),
      }
      return access.decide(call.principal, 'manage', resourceOf(agent)).allow ? report : inShort(report)
    },

    async listHealth(call, ref, span, query) {
      const agent = await getAgent(deps, call, ref, 'discover')
      const binding = bindingOf(call, agent.id, span)
      const before = query.cursor === undefined ? undefined : timeIn(cursors.decode(query.cursor, binding))
      const hours = await health.listBuckets(agent.id, 'hour', 0)
      const all =
        span === 'hour'
          ? hours
          : mergeBuckets([...(await health.listBuckets(agent.id, 'day', 0)), ...hours.map(asDay)])
      const left = all.toReversed().filter(({ from }) => before === undefined || from < before)
      const items = left.slice(0, query.limit)
      const last = left.length > items.length ? items.at(-1) : undefined
      const next = last === undefined ? {} : { nextCursor: cursors.encode(last.from, binding) }
      return { items, total: all.length, totalCapped: false, ...next }
    },

    async listChecks(call, ref, query) {
      const agent = await getAgent(deps, call, ref, 'manage')
      const binding = bindingOf(call, agent.id, 'checks')
      const after = query.cursor === undefined ? undefined : placeIn(cursors.decode(query.cursor, binding))
      const [checks, total] = await Promise.all([
        health.listChecks(agent.id, query.limit + 1, after),
        health.countChecks(agent.id, COUNT_CAP + 1),
      ])
      const items = checks.slice(0, query.limit)
      const last = checks.length > items.length ? items.at(-1) : undefined
      const next = last === undefined ? {} : { nextCursor: cursors.encode(placeOf(last), binding) }
      return { items, total: Math.min(total, COUNT_CAP), totalCapped: total > COUNT_CAP, ...next }
    },
  }
}

/** Without what tells of hosts, and without the agent's own words. */
function inShort({ id, current, uptime, checks }: HealthReport): HealthReport {
  const { reason, ...rest } = current
  return {
    id,
    current: {
      ...rest,
      ...(reason === undefined ? {} : { reason: { kind: reason.kind, outcome: reason.outcome } }),
    },
    uptime,
    checks: checks.map(({ message: _, url: __, ...check }) => check),
  }
}

const bindingOf = ({ principal: { tenant, subject } }: Call, id: string, what: Span | 'checks'): unknown => [
  'health',
  tenant,
  subject,
  id,
  what,
]

const placeOf = ({ at, kind, url }: Check): CheckPosition => ({
  at,
  kind,
  ...(url === undefined ? {} : { url }),
})

function timeIn(position: unknown): number {
  if (typeof position === 'number') return position
  throw invalidCursor()
}

function placeIn(position: unknown): CheckPosition {
  if (isObject(position)) {
    const { at, url } = position
    const kind = CHECK_KINDS.find((known) => known === position.kind)
    if (typeof at === 'number' && kind !== undefined) {
      return { at, kind, ...(typeof url === 'string' ? { url } : {}) }
    }
  }
  throw invalidCursor()
}
