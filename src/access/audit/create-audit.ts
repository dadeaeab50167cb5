import { assertScope } from '../assert-scope.ts'
import type { Cursors } from '../page-cursor.ts'
import type { Call } from '../principal.ts'
import type { Audit } from './audit.ts'
import type { AuditEntry, AuditName } from './audit-entry.ts'
import { auditOf } from './audit-record.ts'
import type { AuditFilter, AuditPosition, AuditStore, ChainSelection, TimeRange } from './audit-store.ts'
import { canonicalText, pseudonymsIn, shownEntry } from './chain.ts'
import type { Denials } from './denials.ts'

const COUNT_CAP = 10_000
const EXPORT_PAGE = 200
const CHAINS_PER_PAGE = 100

export type AuditDeps = {
  readonly store: AuditStore
  readonly denials: Denials
  readonly cursors: Cursors
  readonly now: () => number
}

export function createAudit({ store, denials, cursors, now }: AuditDeps): Audit {
  /** Records that somebody reads, before anything is shown. What was refused until now is shown too. */
  const begin = async (
    call: Call,
    action: 'audit.read' | 'audit.export',
    asked: object,
    subjects: Readonly<Record<string, string>> = {},
  ): Promise<void> => {
    await denials.flush()
    const target = { kind: 'tenant', id: call.principal.tenant } as const
    const details = { query: JSON.stringify(asked) }
    const named = Object.keys(subjects).length > 0
    await store.append([auditOf(call, action, target, now(), { details, ...(named && { subjects }) })])
  }

  const textsOf = async (tenant: string, entries: readonly AuditEntry[]): Promise<readonly string[]> => {
    const pseudonyms = new Set(entries.flatMap(pseudonymsIn))
    const names = await store.findNames(tenant, [...pseudonyms])
    const named = new Map(names.map((name) => [name.pseudonym, name]))
    return entries.map((entry) => textOf(entry, named))
  }

  async function* allEntries(call: Call, range: TimeRange): AsyncGenerator<readonly AuditEntry[]> {
    const { tenant } = call.principal
    let afterWriter: string | undefined
    for (;;) {
      const chains = await store.listChains(tenant, CHAINS_PER_PAGE, afterWriter)
      for (const { writer, n } of chains) yield* entriesOf(call, { tenant, writer, upTo: n, ...range })
      afterWriter = chains.at(-1)?.writer
      if (chains.length < CHAINS_PER_PAGE) return
    }
  }

  async function* entriesOf(
    { signal }: Call,
    chain: Omit<ChainSelection, 'after'>,
  ): AsyncGenerator<readonly AuditEntry[]> {
    for (let after = 0; ; ) {
      signal.throwIfAborted()
      const entries = await store.readChain({ ...chain, after }, EXPORT_PAGE)
      if (entries.length > 0) yield entries
      if (entries.length < EXPORT_PAGE) return
      after = entries.at(-1)?.n ?? chain.upTo
    }
  }

  return {
    async list(call, query) {
      assertScope(call.principal, 'admin')
      const { limit, cursor, principal, target, ...asked } = query
      const { tenant } = call.principal
      // Who was refused and did nothing else has a pseudonym only then.
      await denials.flush()
      const known = async (name: string | undefined) =>
        name === undefined ? undefined : store.findPseudonym(tenant, name)
      const person = target?.kind === 'subject' ? target.id : undefined
      const [who, whom] = await Promise.all([known(principal), known(person)])
      await begin(
        call,
        'audit.read',
        { ...asked, ...(person === undefined && target && { target }) },
        {
          ...(who !== undefined && principal !== undefined && { principal }),
          ...(whom !== undefined && person !== undefined && { target: person }),
        },
      )
      const filter: AuditFilter = {
        ...asked,
        tenant,
        ...(principal !== undefined && { principal: who ?? principal }),
        ...(target !== undefined && { target: { kind: target.kind, id: whom ?? target.id } }),
      }
      const position = cursor === undefined ? undefined : (cursors.decode(cursor, filter) as AuditPosition)
      const [entries, total] = await Promise.all([
        store.list(filter, limit + 1, position),
        store.count(filter, COUNT_CAP + 1),
      ])
      const page = entries.slice(0, limit)
      const last = entries.length > limit ? page.at(-1) : undefined
      return {
        items: await textsOf(tenant, page),
        total: Math.min(total, COUNT_CAP),
        totalCapped: total > COUNT_CAP,
        ...(last && { nextCursor: cursors.encode({ at: last.at, writer: last.writer, n: last.n }, filter) }),
      }
    },

    async export(call, range) {
      assertScope(call.principal, 'admin')
      await begin(call, 'audit.export', range)
      const { tenant } = call.principal
      return (async function* () {
        for await (const entries of allEntries(call, range)) yield await textsOf(tenant, entries)
      })()
    },

    async erase(call, subject) {
      assertScope(call.principal, 'admin')
      // What was noted under the name must not bring it back.
      await denials.flush()
      const record = auditOf(call, 'audit.erase', { kind: 'subject', id: subject }, now())
      await store.erase(call.principal.tenant, subject, record)
    },
  }
}

function textOf(entry: AuditEntry, known: ReadonlyMap<string, AuditName>): string {
  const names = pseudonymsIn(entry).flatMap((pseudonym) => {
    const name = known.get(pseudonym)
    return name === undefined
      ? []
      : [[pseudonym, { kind: name.kind, text: name.text, salt: name.salt }] as const]
  })
  return canonicalText({ ...shownEntry(entry), names: Object.fromEntries(names) })
}
