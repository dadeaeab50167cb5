import { randomBytes } from 'node:crypto'
import { newUuid } from '../../a2a/ids.ts'
import { createMemoryAudit } from '../../storage/memory/audit-store.ts'
import { createMemorySigningKeyStore } from '../../storage/memory/signing-key-store.ts'
import { itself } from '../audit/audit-record.ts'
import type { AuditStore } from '../audit/audit-store.ts'
import { createVault, masterKey, type Vault } from '../vault.ts'
import type { SigningKeyStore, SigningUse } from './signing-key-store.ts'
import { createSigningKeys, type SigningKeys } from './signing-keys.ts'

export const MINUTE_MS = 60_000
export const DAY_MS = 24 * 60 * MINUTE_MS
export const T0 = Date.UTC(2026, 0, 1)

export const someVault = createVault({ keys: [masterKey(Buffer.alloc(32, 1))], randomBytes })

export type SigningKeysWorld = {
  readonly clock: { now: number }
  readonly store: SigningKeyStore
  readonly audit: AuditStore
  readonly keys: SigningKeys
  /** Another process over the same store. */
  open(vault?: Vault): SigningKeys
  /** The keys that were made, in order. */
  readonly made: { readonly use: string; readonly keyId: string; readonly signsFrom: number }[]
}

/** Signing keys over memory that are replaced every 30 days. */
export function openSigningKeys(): SigningKeysWorld {
  const clock = { now: T0 }
  const audit = createMemoryAudit(newUuid)
  const store = createMemorySigningKeyStore(audit.rows)
  const made: SigningKeysWorld['made'] = []
  const open = (vault = someVault): SigningKeys =>
    createSigningKeys({
      store,
      vault,
      now: () => clock.now,
      rotationMs: 30 * DAY_MS,
      by: itself('default'),
      events: { signingKeyMade: (facts) => made.push(facts) },
    })
  return { clock, store, audit: audit.store, keys: open(), open, made }
}

/** The ids of the keys that a process publishes, in order. */
export async function publishedBy(keys: SigningKeys, use?: SigningUse): Promise<readonly string[]> {
  const set: { readonly keys: readonly { readonly kid: string }[] } = JSON.parse(await keys.publicKeys(use))
  return set.keys.map(({ kid }) => kid)
}
