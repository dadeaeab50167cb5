/**
 * The keys Parley signs with: made here, sealed by the vault, shared by every process through the store, and replaced in time
 * (`key-ring.ts`). Nobody else sees a private half.
 */
import type { JsonWebKey } from 'node:crypto'
import type { Events } from '../../telemetry/events.ts'
import { type AuditCaller, type AuditRecord, auditOf } from '../audit/audit-record.ts'
import type { Vault } from '../vault.ts'
import { changeRing } from './change-ring.ts'
import {
  currentKey,
  firstRing,
  isDue,
  newestKey,
  PUBLISHED_AHEAD_MS,
  publishedKeys,
  withNextKey,
} from './key-ring.ts'
import { adoptedKey, newSigningKey, openPrivateKey } from './private-keys.ts'
import { ALGORITHM, createSigner, type Signer } from './signer.ts'
import {
  type KeyRing,
  SIGNING_USES,
  type SigningKey,
  type SigningKeyStore,
  type SigningUse,
} from './signing-key-store.ts'

export interface SigningKeys {
  /** Signs with the key whose turn it is. */
  signer(use: SigningUse): Promise<Signer>
  /** The JWK set of the keys that verifiers need now, of one use or of all. */
  publicKeys(use?: SigningUse): Promise<string>
  /**
   * Makes another key, which signs 15 minutes from now, when verifiers know it. With `isCompromised` it signs at once, and
   * the others are gone: nothing they signed can be verified any more.
   */
  rotate(use: SigningUse, isCompromised: boolean): Promise<SigningKey>
  /**
   * Takes in a key that was kept elsewhere, as one that has signed since `signsFrom`, and says whether it is stored now; it
   * is not when there are other keys of this use. Rejects with `invalid_params` when it is no private P-256 key as a JWK.
   */
  adopt(use: SigningUse, privateKey: JsonWebKey, signsFrom: number): Promise<boolean>
}

export type SigningKeysDeps = {
  readonly store: SigningKeyStore
  readonly vault: Vault
  readonly now: () => number
  /** How long a key signs before another follows. */
  readonly rotationMs: number
  readonly events: Pick<Events, 'signingKeyMade'>
  /** Who changes keys in this process, as the audit log names them. */
  readonly by: AuditCaller
}

/** What another process did to the keys may go unnoticed this long. */
const MAX_AGE_MS = 30_000

export function createSigningKeys(deps: SigningKeysDeps): SigningKeys {
  const { store, vault, now, rotationMs, events, by } = deps
  const known = new Map<SigningUse, { readonly ring: KeyRing; readonly readAt: number }>()
  const reading = new Map<SigningUse, Promise<KeyRing>>()
  const signers = new Map<SigningUse, Signer>()

  const recordsOf = (before: KeyRing | undefined, after: KeyRing): readonly AuditRecord[] => {
    const { id, signsFrom } = newestKey(after)
    const action = before === undefined ? 'signing_key.create' : 'signing_key.rotate'
    const isCompromised = before !== undefined && after.keys.length === 1
    const details = {
      use: after.use,
      signsFrom: new Date(signsFrom).toISOString(),
      ...(isCompromised && { compromised: 'true' }),
    }
    return [auditOf(by, action, { kind: 'signing_key', id }, now(), { details })]
  }

  const change = async (
    use: SigningUse,
    next: (ring: KeyRing | undefined) => Promise<KeyRing>,
  ): Promise<KeyRing> => {
    const { before, after } = await changeRing(store, use, next, recordsOf)
    known.set(use, { ring: after, readAt: now() })
    if (before === after) return after
    const { id, signsFrom } = newestKey(after)
    events.signingKeyMade({ use, keyId: id, signsFrom })
    return after
  }

  /** The stored ring, with a first or another key where that is due. */
  const read = (use: SigningUse): Promise<KeyRing> =>
    change(use, async (ring) => {
      if (ring === undefined) return firstRing(use, await newSigningKey(vault, use, now()))
      if (!isDue(ring, rotationMs, now())) return ring
      return withNextKey(ring, await newSigningKey(vault, use, now() + PUBLISHED_AHEAD_MS), now())
    })

  const ringOf = async (use: SigningUse): Promise<KeyRing> => {
    const found = known.get(use)
    // A clock that was set back must not make what is known last longer.
    if (found !== undefined && Math.abs(now() - found.readAt) < MAX_AGE_MS) return found.ring
    const pending = reading.get(use) ?? read(use).finally(() => reading.delete(use))
    reading.set(use, pending)
    return pending
  }

  return {
    async signer(use) {
      const { id, ...key } = currentKey(await ringOf(use), now())
      const kept = signers.get(use)
      if (kept?.keyId === id) return kept
      const privateKey = await openPrivateKey(vault, use, { id, ...key })
      const signer = createSigner({ use, keyId: id, signsFrom: key.signsFrom, privateKey })
      signers.set(use, signer)
      return signer
    },
    async publicKeys(use) {
      const rings = await Promise.all((use === undefined ? SIGNING_USES : [use]).map(ringOf))
      const keys = rings.flatMap((ring) => publishedKeys(ring, now()))
      return JSON.stringify({
        keys: keys.map(({ id, publicKey }) => ({ ...publicKey, kid: id, use: 'sig', alg: ALGORITHM })),
      })
    },
    async rotate(use, isCompromised) {
      const ring = await change(use, async (before) => {
        const isAlone = isCompromised || before === undefined
        const key = await newSigningKey(vault, use, now() + (isAlone ? 0 : PUBLISHED_AHEAD_MS))
        return isAlone ? firstRing(use, key, before?.version) : withNextKey(before, key, now())
      })
      return newestKey(ring)
    },
    async adopt(use, privateKey, signsFrom) {
      const key = await adoptedKey(vault, use, privateKey, signsFrom)
      const ring = await change(use, async (before) => before ?? firstRing(use, key))
      return ring.keys.some(({ id }) => id === key.id)
    },
  }
}
