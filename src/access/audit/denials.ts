import type { Events } from '../../telemetry/events.ts'
import type { AuditRecord } from './audit-record.ts'
import type { AuditStore } from './audit-store.ts'

/** Somebody was refused. When, and how often, is found out by `Denials`. */
export type Denial = Omit<AuditRecord, 'at' | 'outcome' | 'repeated'> & { readonly reason: string }

/**
 * Denials on their way to the audit log. They are counted in memory and written a minute's worth at a time, so that no call
 * waits for them and a flood of them costs neither memory nor disk: a process that is killed loses those of the last minute.
 */
export interface Denials {
  note(denial: Denial): void
  /** Writes what was noted until now. Never rejects: what cannot be written is kept for the next time. */
  flush(): Promise<void>
}

/** So many different ones are told apart at a time; then only who was refused, and beyond that only in which tenant. */
const MAX_APART = 1000
const MAX_PRINCIPALS = 1000
const BATCH = 100

/** Stands for more than can be told apart. */
const SEVERAL = 'several'

type Counted = { readonly denial: Denial; count: number; readonly firstAt: number; lastAt: number }

export function createDenials({
  store,
  events,
  now,
}: {
  readonly store: Pick<AuditStore, 'append'>
  readonly events: Events
  readonly now: () => number
}): Denials {
  let counted = createCounts()
  let unwritten: readonly AuditRecord[] = []
  let flushing: Promise<void> = Promise.resolve()

  async function write(): Promise<void> {
    if (unwritten.length === 0) {
      const at = now()
      unwritten = counted.all().map((one) => recordOf(one, at))
      counted = createCounts()
    }
    try {
      while (unwritten.length > 0) {
        await store.append(unwritten.slice(0, BATCH))
        unwritten = unwritten.slice(BATCH)
      }
    } catch (cause) {
      events.unexpected({ where: 'denials for the audit log', cause })
      // What the log will never take must not keep the rest from it.
      if (cause instanceof RangeError) unwritten = unwritten.slice(BATCH)
    }
  }

  return {
    note: (denial) => counted.add(denial, now()),
    flush() {
      flushing = flushing.then(write)
      return flushing
    },
  }
}

const recordOf = ({ denial, count, firstAt, lastAt }: Counted, at: number): AuditRecord => ({
  ...denial,
  at,
  outcome: 'denied',
  repeated: { count, firstAt, lastAt },
})

/** Counts of equal denials, the coarser the more there are. */
function createCounts() {
  const levels = [
    { max: MAX_APART, coarsen: (denial: Denial) => denial, counts: new Map<string, Counted>() },
    { max: MAX_PRINCIPALS, coarsen: ofPrincipal, counts: new Map<string, Counted>() },
    { max: Number.POSITIVE_INFINITY, coarsen: ofTenant, counts: new Map<string, Counted>() },
  ]
  return {
    add(denial: Denial, at: number): void {
      for (const { max, coarsen, counts } of levels) {
        const one = coarsen(denial)
        const key = keyOf(one)
        const known = counts.get(key)
        if (known !== undefined) {
          known.count++
          known.lastAt = at
          return
        }
        if (counts.size >= max) continue
        counts.set(key, { denial: one, count: 1, firstAt: at, lastAt: at })
        return
      }
    },
    all: (): readonly Counted[] => levels.flatMap(({ counts }) => [...counts.values()]),
  }
}

/** Two that differ in no more than the request are one. */
const keyOf = ({ requestId: _, ...denial }: Denial): string => JSON.stringify(denial)

const ofPrincipal = ({ tenant, principal, action }: Denial): Denial => ({
  tenant,
  principal,
  action,
  target: { kind: 'operation', id: SEVERAL },
  reason: SEVERAL,
})

const ofTenant = (denial: Denial): Denial => ({ ...ofPrincipal(denial), principal: SEVERAL })
