import type { AuditRecord } from '../audit/audit-record.ts'

/**
 * What a key signs: tokens for agents, webhooks to clients, cards. Never the same key for two of them, so that nothing signed
 * for one purpose can be passed off as another.
 */
export const SIGNING_USES = ['service', 'webhook', 'card'] as const

export type SigningUse = (typeof SIGNING_USES)[number]

/** The public half, as a JWK has it. */
export type PublicKey = { readonly kty: 'EC'; readonly crv: 'P-256'; readonly x: string; readonly y: string }

/** A key for ES256. Times are milliseconds since the Unix epoch. */
export type SigningKey = {
  /** The `kid`: its thumbprint by RFC 7638. */
  readonly id: string
  readonly publicKey: PublicKey
  /** The private half, as a vault keeps it. */
  readonly sealed: string
  /** From then on it signs, until the next key's time has come. */
  readonly signsFrom: number
}

/** The keys of one use, ordered by `signsFrom`. What each of them does at a given time follows from these times alone. */
export type KeyRing = {
  readonly use: SigningUse
  readonly version: number
  readonly keys: readonly [SigningKey, ...SigningKey[]]
}

/** The ring as it will stand; `expectedVersion` 0 creates it. `audit` is written with it or not at all. */
export type KeyRingCommit = {
  readonly ring: KeyRing
  readonly expectedVersion: number
  readonly audit?: readonly AuditRecord[]
}

/** Where signing keys live: one row per use, so that processes which change a ring at once cannot disagree. */
export interface SigningKeyStore {
  /** False when the stored version is not `expectedVersion` (0: must not exist). */
  commit(commit: KeyRingCommit): Promise<boolean>
  /** Strongly consistent. */
  find(use: SigningUse): Promise<KeyRing | undefined>
}
