import { createHash, createHmac } from 'node:crypto'
import canonicalize from 'canonicalize'
import type { AuditEntry, AuditName, ChainHead, NameOf } from './audit-entry.ts'
import type { AuditRecord } from './audit-record.ts'

/** What the first entry of a chain has in place of a hash before it. */
export const GENESIS = '0'.repeat(64)

/** A longer record is a defect of whoever made it: the log holds facts, not content. */
const MAX_ENTRY_CHARACTERS = 16 * 1024

/** 192 bits: nobody finds two texts with one pseudonym. */
const PSEUDONYM_BYTES = 24

/** The names in a record, each of which must have a pseudonym before the record is stored. */
export function namesIn(record: AuditRecord): readonly NameOf[] {
  const { tenant, principal, credential, from, target, subjects = {} } = record
  return [
    subjectName(tenant, principal),
    ...(credential === undefined ? [] : [ownName(record, 'credential', credential.id)]),
    ...(from === undefined ? [] : [ownName(record, 'address', from)]),
    ...(target.kind === 'subject' ? [subjectName(tenant, target.id)] : []),
    ...Object.values(subjects).map((text) => subjectName(tenant, text)),
  ]
}

/** An entry names its pseudonyms where its record named persons. */
export const pseudonymsIn = (entry: AuditEntry): readonly string[] => namesIn(entry).map(({ text }) => text)

/** A name with its pseudonym. `salt` must be fresh, and hold at least 128 bits that nobody can guess. */
export const nameWith = (name: NameOf, salt: string): AuditName => ({
  ...name,
  salt,
  pseudonym: pseudonymOf(name, salt),
})

export const pseudonymOf = ({ tenant, kind, text }: Omit<NameOf, 'subject'>, salt: string): string =>
  createHmac('sha256', salt)
    .update(JSON.stringify([tenant, kind, text]))
    .digest()
    .subarray(0, PSEUDONYM_BYTES)
    .toString('base64url')

/**
 * The entry that follows `head` in the chain of `writer`. `pseudonym` answers for each of `namesIn(record)`. Throws a
 * `RangeError` for a record that is too long.
 *
 * A backend calls it inside the atomic write, so that what is refused leaves no gap.
 */
export function chainEntry(
  record: AuditRecord,
  writer: string,
  head: ChainHead | undefined,
  pseudonym: (name: NameOf) => string,
): AuditEntry {
  const unhashed = {
    ...underPseudonyms(record, pseudonym),
    at: Math.max(record.at, head?.at ?? 0),
    writer,
    n: (head?.n ?? 0) + 1,
    previous: head?.hash ?? GENESIS,
  }
  const wellFormed: typeof unhashed = JSON.parse(JSON.stringify(unhashed, withoutLoneSurrogates))
  const text = canonicalText(shownEntry(wellFormed))
  if (text.length > MAX_ENTRY_CHARACTERS) {
    throw new RangeError(`An audit record holds at most ${MAX_ENTRY_CHARACTERS} characters`)
  }
  return { ...wellFormed, hash: sha256(text) }
}

/** What the hash of an entry must be. */
export const hashOf = (entry: AuditEntry): string => hashOfShown(shownEntry(entry))

/** The same for an entry as it is shown, with or without its hash. */
export function hashOfShown({ hash: _, ...shown }: object & { readonly hash?: unknown }): string {
  return sha256(canonicalText(shown))
}

/** An entry as it is hashed and shown: with times as RFC 3339 writes them, in UTC, to the millisecond. */
export function shownEntry<Entry extends Omit<AuditEntry, 'hash'>>(entry: Entry) {
  const { at, repeated } = entry
  return {
    ...entry,
    at: instant(at),
    ...(repeated && {
      repeated: {
        count: repeated.count,
        firstAt: instant(repeated.firstAt),
        lastAt: instant(repeated.lastAt),
      },
    }),
  }
}

const instant = (ms: number): string => new Date(ms).toISOString()

/** In the form of RFC 8785. */
export function canonicalText(value: object): string {
  const text = canonicalize(value)
  if (text === undefined) throw new TypeError('There is no canonical form of this')
  return text
}

function underPseudonyms(record: AuditRecord, pseudonym: (name: NameOf) => string): AuditRecord {
  const { tenant, principal, credential, from, target, subjects } = record
  const subject = (text: string) => pseudonym(subjectName(tenant, text))
  return {
    ...record,
    principal: subject(principal),
    ...(credential && {
      credential: { kind: credential.kind, id: pseudonym(ownName(record, 'credential', credential.id)) },
    }),
    ...(from !== undefined && { from: pseudonym(ownName(record, 'address', from)) }),
    ...(target.kind === 'subject' && { target: { kind: 'subject', id: subject(target.id) } }),
    ...(subjects && {
      subjects: Object.fromEntries(Object.entries(subjects).map(([role, text]) => [role, subject(text)])),
    }),
  }
}

function subjectName(tenant: string, subject: string): NameOf {
  const text = subject.toWellFormed()
  return { tenant, subject: text, kind: 'subject', text }
}

/** What a principal came with is erased with the principal. */
const ownName = (
  { tenant, principal }: AuditRecord,
  kind: 'credential' | 'address',
  text: string,
): NameOf => ({ tenant, subject: principal.toWellFormed(), kind, text: text.toWellFormed() })

/** Texts that no UTF-8 can hold have no canonical form. */
const withoutLoneSurrogates = (_: string, value: unknown): unknown =>
  typeof value === 'string' ? value.toWellFormed() : value

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
