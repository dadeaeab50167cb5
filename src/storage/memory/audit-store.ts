import type { NewId } from '../../a2a/ids.ts'
import type { AuditEntry, AuditName, ChainHead, NameOf } from '../../access/audit/audit-entry.ts'
import type { AuditRecord } from '../../access/audit/audit-record.ts'
import type { AuditFilter, AuditPosition, AuditStore } from '../../access/audit/audit-store.ts'
import { chainEntry, nameWith, pseudonymsIn } from '../../access/audit/chain.ts'
import { newSalt } from '../new-salt.ts'
import { compareText } from './compare-text.ts'
import { frozenCopy } from './frozen-copy.ts'

/** The audit log as other stores see it: what they append is part of their own commit. */
export type AuditRows = { append(records: readonly AuditRecord[] | undefined): void }

/** Its entries only ever grow, or are pruned. The head stays when all of them are. */
type Chain = { readonly head: ChainHead; readonly entries: AuditEntry[] }

export function createMemoryAudit(newId: NewId): { readonly store: AuditStore; readonly rows: AuditRows } {
  const writer = newId()
  /** One per tenant: there is one process. */
  const chains = new Map<string, Chain>()
  const names = new Map<string, AuditName>()
  const pseudonyms = new Map<string, string>()

  function pseudonym(name: NameOf): string {
    const key = keyOf(name)
    const known = pseudonyms.get(key)
    if (known !== undefined) return known
    const made = nameWith(name, newSalt(newId))
    pseudonyms.set(key, made.pseudonym)
    names.set(made.pseudonym, made)
    return made.pseudonym
  }

  function append(records: readonly AuditRecord[] = []): void {
    const heads = new Map<string, ChainHead>()
    const entries = records.map((record) => {
      const head = heads.get(record.tenant) ?? chains.get(record.tenant)?.head
      const entry = frozenCopy(chainEntry(record, writer, head, pseudonym))
      heads.set(record.tenant, headOf(entry))
      return entry
    })
    for (const entry of entries) {
      const chain = chains.get(entry.tenant)?.entries ?? []
      chain.push(entry)
      chains.set(entry.tenant, { head: headOf(entry), entries: chain })
    }
  }

  const select = (filter: AuditFilter): readonly AuditEntry[] =>
    (chains.get(filter.tenant)?.entries ?? []).filter((entry) => matches(filter, entry))

  function forget(isForgotten: (name: AuditName) => boolean): void {
    for (const name of [...names.values()].filter(isForgotten)) {
      names.delete(name.pseudonym)
      pseudonyms.delete(keyOf(name))
    }
  }

  const store: AuditStore = {
    writer,
    async append(records) {
      append(records)
    },
    async list(filter, limit, position) {
      return select(filter)
        .filter((entry) => position === undefined || newestFirst(entry, position) > 0)
        .toSorted(newestFirst)
        .slice(0, limit)
    },
    async count(filter, cap) {
      return Math.min(cap, select(filter).length)
    },
    async listChains(tenant, limit, afterWriter) {
      const chain = chains.get(tenant)
      const isAfter = afterWriter === undefined || compareText(writer, afterWriter) > 0
      return chain === undefined || chain.entries.length === 0 || !isAfter ? [] : [chain.head].slice(0, limit)
    },
    async readChain({ tenant, writer: wanted, after, upTo, from, to }, limit) {
      if (wanted !== writer) return []
      return select({
        tenant,
        ...(from === undefined ? {} : { from }),
        ...(to === undefined ? {} : { to }),
      })
        .filter(({ n }) => n > after && n <= upTo)
        .slice(0, limit)
    },
    async heads() {
      return [...chains.values()].map(({ head }) => head)
    },
    async findNames(tenant, wanted) {
      return wanted.flatMap((text) => {
        const name = names.get(text)
        return name?.tenant === tenant ? [name] : []
      })
    },
    async findPseudonym(tenant, subject) {
      return pseudonyms.get(keyOf({ tenant, subject, kind: 'subject', text: subject }))
    },
    async erase(tenant, subject, record) {
      append([record])
      forget((name) => name.tenant === tenant && name.subject === subject)
    },
    async prune(before, limit) {
      let left = limit
      for (const { entries } of chains.values()) {
        const kept = entries.findIndex(({ at }) => at >= before)
        left -= entries.splice(0, Math.min(left, kept < 0 ? entries.length : kept)).length
      }
      const used = new Set([...chains.values()].flatMap(({ entries }) => entries.flatMap(pseudonymsIn)))
      forget((name) => !used.has(name.pseudonym))
      return limit - left
    },
  }
  return { store, rows: { append } }
}

const headOf = ({ tenant, writer, n, hash, at }: AuditEntry): ChainHead => ({ tenant, writer, n, hash, at })

const keyOf = ({ tenant, subject, kind, text }: NameOf): string =>
  JSON.stringify([tenant, subject, kind, text])

const matches = (filter: AuditFilter, { principal, action, target, outcome, at }: AuditEntry): boolean =>
  (filter.principal === undefined || principal === filter.principal) &&
  (filter.action === undefined || action === filter.action) &&
  (filter.target === undefined || (target.kind === filter.target.kind && target.id === filter.target.id)) &&
  (filter.outcome === undefined || outcome === filter.outcome) &&
  (filter.from === undefined || at >= filter.from) &&
  (filter.to === undefined || at < filter.to)

const newestFirst = (a: AuditPosition, b: AuditPosition): number =>
  b.at - a.at || compareText(b.writer, a.writer) || b.n - a.n
