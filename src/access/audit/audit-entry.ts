import type { AuditRecord } from './audit-record.ts'

/**
 * A record as it is stored and hashed: an entry of the chain that one writer (a process) keeps for one tenant. Every text
 * that names a person is a pseudonym here; see `AuditName`.
 */
export type AuditEntry = AuditRecord & {
  readonly writer: string
  /** Gapless from 1 in its chain; `at` never decreases along it, also when clocks do. */
  readonly n: number
  /** The hash of the entry before; `GENESIS` for the first. */
  readonly previous: string
  /** SHA-256, in hex, of all the rest as `shownEntry` has it, in canonical form (RFC 8785). */
  readonly hash: string
}

/** Where a chain ends. */
export type ChainHead = Pick<AuditEntry, 'tenant' | 'writer' | 'n' | 'hash' | 'at'>

export const NAME_KINDS = ['subject', 'credential', 'address'] as const
export type NameKind = (typeof NAME_KINDS)[number]

/** A text that names a person, and the subject it is erased with: itself or, for a credential or an address, who used it. */
export type NameOf = {
  readonly tenant: string
  readonly subject: string
  readonly kind: NameKind
  readonly text: string
}

/**
 * What a pseudonym stands for. The pseudonym is an HMAC of the text with `salt` as its key, so whoever has both can check
 * the one against the other, and once both are erased nothing leads from the pseudonym to the person.
 */
export type AuditName = NameOf & { readonly salt: string; readonly pseudonym: string }
