import type { AgentHealth, Check } from '../../registry/health/agent-health.ts'
import type {
  CheckPosition,
  HealthBucket,
  HealthCommit,
  HealthCommitResult,
  HealthStore,
} from '../../registry/health/health-store.ts'
import { asDay, mergeBuckets } from '../../registry/health/merge-buckets.ts'
import type { ChangeRows } from './change-store.ts'
import { compareText } from './compare-text.ts'
import { frozenCopy } from './frozen-copy.ts'
import type { WorkRows } from './work-queue.ts'

type StoredHealth = {
  readonly health?: AgentHealth
  /** The newest first. */
  readonly checks: readonly Check[]
  readonly buckets: readonly HealthBucket[]
}

/** By agent, with an entry for each that there is. */
export type HealthRows = Map<string, StoredHealth>

export const NO_HEALTH: StoredHealth = { checks: [], buckets: [] }

export type MemoryHealthOptions = {
  readonly rows: HealthRows
  readonly changes: ChangeRows
  readonly work: WorkRows
  /** Called when there is new work to lease. */
  readonly tell: () => void
}

export function createMemoryHealthStore({ rows, changes, work, tell }: MemoryHealthOptions): HealthStore {
  function commit(value: HealthCommit): HealthCommitResult {
    const { health, expectedVersion, fence, checks, buckets } = value
    if (fence !== undefined && !work.holds(fence)) return 'fenced'
    const stored = rows.get(health.agentId)
    if (stored === undefined) return 'gone'
    if ((stored.health?.version ?? 0) !== expectedVersion) return 'conflict'
    rows.set(health.agentId, {
      health: frozenCopy(health),
      checks: added(stored.checks, frozenCopy(checks)),
      buckets: mergeBuckets([...stored.buckets, ...buckets]),
    })
    for (const one of value.work ?? []) work.put(one)
    changes.append(value.changes)
    if (value.work?.length) tell()
    return 'committed'
  }

  return {
    async commit(value) {
      return commit(value)
    },
    async find(id) {
      return rows.get(id)?.health
    },
    async findAll(ids) {
      return ids.flatMap((id) => rows.get(id)?.health ?? [])
    },
    async listChecks(id, limit, after) {
      const { checks } = rows.get(id) ?? NO_HEALTH
      return checks.filter((check) => after === undefined || newestFirst(check, after) > 0).slice(0, limit)
    },
    async countChecks(id, cap) {
      return Math.min(cap, (rows.get(id) ?? NO_HEALTH).checks.length)
    },
    async listBuckets(id, span, since) {
      const { buckets } = rows.get(id) ?? NO_HEALTH
      return buckets.filter((bucket) => bucket.span === span && bucket.from >= since)
    },
    async compact(id, { checksBefore, hoursBefore, daysBefore }) {
      const stored = rows.get(id)
      if (stored === undefined) return
      const kept = stored.buckets.map((bucket) =>
        bucket.span === 'hour' && bucket.from < hoursBefore ? asDay(bucket) : bucket,
      )
      rows.set(id, {
        ...stored,
        checks: stored.checks.filter(({ at }) => at >= checksBefore),
        buckets: mergeBuckets(kept).filter(({ span, from }) => span !== 'day' || from >= daysBefore),
      })
    },
  }
}

function added(known: readonly Check[], checks: readonly Check[]): readonly Check[] {
  const all = new Map([...known, ...checks].map((check) => [`${check.at} ${check.kind} ${check.url}`, check]))
  return [...all.values()].sort(newestFirst)
}

const newestFirst = (a: CheckPosition, b: CheckPosition): number =>
  b.at - a.at || compareText(b.kind, a.kind) || compareText(b.url ?? '', a.url ?? '')
