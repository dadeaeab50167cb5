import type { NewId } from '../../a2a/ids.ts'
import { assertScope } from '../../access/assert-scope.ts'
import { type Cursors, invalidCursor } from '../../access/page-cursor.ts'
import type { Call } from '../../access/principal.ts'
import { ParleyError } from '../../errors.ts'
import type { ChangePosition, ChangeStore } from './change-store.ts'
import type { ChangeFrame, ChangeQuery, Changes, ChangesPage, ToldChange } from './changes.ts'
import { createTell, type TellDeps } from './tell-changes.ts'

/** Changes read at once; a page goes on after so many reads, whatever came of them. */
const CHANGES_PER_READ = 200
const MAX_READS = 50

/** Something to await while the feed may grow. Made before it is read, so that nothing falls between. */
export interface ChangeWatch extends Disposable {
  /** Resolves once there may be something new; rejects when `signal` aborts. */
  changed(signal: AbortSignal): Promise<void>
}

export type ChangesDeps = TellDeps & {
  readonly store: ChangeStore
  readonly cursors: Cursors
  readonly now: () => number
  readonly newId: NewId
  /** How long changes are kept, in milliseconds. */
  readonly retentionMs: number
  readonly watch: () => ChangeWatch
}

/** Where a reader stands; `position` is absent before the oldest change. */
type Place = {
  readonly position?: ChangePosition
  /** The end when it began to read, which its cursors hold on to: of what it had not begun to read it needs no end. */
  readonly began: ChangePosition
}

/** What was read of the feed in one go. */
type Read = {
  readonly told: readonly { readonly change: ToldChange; readonly place: Place }[]
  readonly end: Place
  readonly isLast: boolean
}

export function createChanges(deps: ChangesDeps): Changes {
  const { store, cursors, now, newId, retentionMs, watch } = deps
  const tell = createTell(deps)

  /** No two are the same, so that nobody sees by one whether something happened that it is not told. */
  const cursorAt = (call: Call, { position, began }: Place): string =>
    cursors.encode([position, began, now(), newId()], bindingOf(call))

  /** Cursors expire by their age, so that nobody sees by that whether something happened that it is not told. */
  const placeIn = (call: Call, cursor: string): Place => {
    const decoded = cursors.decode(cursor, bindingOf(call))
    const [position, began, madeAt]: unknown[] = Array.isArray(decoded) ? decoded : []
    if (typeof position !== 'string' || typeof began !== 'string' || typeof madeAt !== 'number') {
      throw invalidCursor()
    }
    if (madeAt < now() - retentionMs) throw expired()
    return { position, began }
  }

  const startOf = async (call: Call, { after }: ChangeQuery): Promise<Place> => {
    if (after !== undefined && after !== 'now') return placeIn(call, after.cursor)
    const began = await store.end(call.principal.tenant)
    return { began, ...(after === 'now' && { position: began }) }
  }

  async function readFrom(call: Call, query: ChangeQuery, { position, began }: Place): Promise<Read> {
    const { tenant } = call.principal
    // Asked for first: what is written meanwhile must come after it.
    const before = position ?? (await store.end(tenant))
    const placed = await store.list(tenant, CHANGES_PER_READ, position)
    if (placed === 'pruned') throw expired()
    const changes = await tell(call, placed, began)
    return {
      told: placed.flatMap((one, index) => {
        const change = changes[index]
        const isTold = change !== undefined && isAskedFor(query, change)
        return isTold ? [{ change, place: { position: one.position, began } }] : []
      }),
      end: { position: placed.at(-1)?.position ?? before, began },
      isLast: placed.length < CHANGES_PER_READ,
    }
  }

  async function read(call: Call, query: ChangeQuery & { readonly limit: number }): Promise<ChangesPage> {
    assertScope(call.principal, 'agents:read')
    let place = await startOf(call, query)
    const told: Read['told'][number][] = []
    for (let reads = 1; ; reads++) {
      call.signal.throwIfAborted()
      const found = await readFrom(call, query, place)
      told.push(...found.told)
      place = found.end
      // Whether there is more must not show what the caller is not told.
      if (told.length <= query.limit && !found.isLast && reads < MAX_READS) continue
      const page = told.slice(0, query.limit)
      const end = told.length > query.limit ? (page.at(-1)?.place ?? place) : place
      const more = told.length > query.limit || !found.isLast
      return { items: page.map(({ change }) => change), cursor: cursorAt(call, end), more }
    }
  }

  /** What `first` found, and what comes after it. */
  async function* frames(call: Call, query: ChangeQuery, first: Read): AsyncGenerator<ChangeFrame, void> {
    using watching = watch()
    let found = first
    if (first.told.length === 0) yield { seq: cursorAt(call, first.end) }
    for (;;) {
      for (const { change, place } of found.told) {
        call.signal.throwIfAborted()
        yield { seq: cursorAt(call, place), change }
      }
      // The first was read before anybody watched.
      if (found.isLast && found !== first) await watching.changed(call.signal)
      found = await readFrom(call, query, found.end)
    }
  }

  return {
    read,
    async follow(call, query) {
      assertScope(call.principal, 'agents:read')
      return frames(call, query, await readFrom(call, query, await startOf(call, query)))
    },
  }
}

/** Whose a cursor is. What it is asked for with it may change from page to page. */
const bindingOf = ({ principal: { tenant, subject } }: Call): unknown => ['changes', tenant, subject]

const isAskedFor = ({ agent, kinds }: ChangeQuery, { agentId, slug, kind }: ToldChange): boolean =>
  (agent === undefined || agentId === agent || slug === agent) &&
  (kinds === undefined || kinds.includes(kind))

const expired = (): ParleyError =>
  new ParleyError(
    'cursor_expired',
    'What happened after this cursor is not kept any more: begin with after=now, then read the agents anew',
  )
