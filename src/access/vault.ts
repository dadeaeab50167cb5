import { createCipheriv, createDecipheriv, hash } from 'node:crypto'
import { ParleyError } from '../errors.ts'
import type { RandomBytes } from './key-secret.ts'

/** What secrets are sealed with: 256 random bits, and the id by which sealed texts name them. */
export type MasterKey = {
  /** Derived from the key and says nothing of it; may be shown. */
  readonly id: string
  readonly bytes: Uint8Array
}

/** Keeps secrets unreadable wherever they are stored. */
export interface Vault {
  /** The id of the master key that seals. */
  readonly keyId: string
  /** Takes up the keys as they are now, where they can change while we run. */
  renew(): void
  /**
   * A text that only opens here and only for the same `context`, which says what the secret is and where it belongs; it is
   * authenticated, not hidden. Never the same twice.
   */
  seal(context: string, plain: Uint8Array): Promise<string>
  /** Rejects with `internal` when the master key is not among ours, or the text was changed or sealed for another context. */
  open(context: string, sealed: string): Promise<Uint8Array>
  /** The id of the master key that sealed a text, whether or not it is ours. Throws `internal` for what is no sealed text. */
  keyIdOf(sealed: string): string
  /** Whether texts that this master key sealed can be opened here. */
  holds(keyId: string): boolean
}

export type VaultDeps = {
  /** The first seals, all of them open. */
  readonly keys: readonly [MasterKey, ...MasterKey[]]
  readonly randomBytes: RandomBytes
  /**
   * The keys as they are now, where they can change meanwhile. Asked before every sealing, and when a text was sealed with a
   * key that is not known. What it throws is ignored: the keys stay as they are.
   */
  readonly reread?: () => readonly [MasterKey, ...MasterKey[]]
}

/** Of a master key and of the key that each secret gets of its own, in bytes. */
export const MASTER_KEY_BYTES = 32
const ID_LENGTH = 16
/** So that the id is the digest of nothing else. */
const ID_PREFIX = new TextEncoder().encode('parley master key id ')

/** Throws `invalid_params` unless there are exactly 32 bytes. */
export function masterKey(bytes: Uint8Array): MasterKey {
  if (bytes.length !== MASTER_KEY_BYTES) {
    throw new ParleyError('invalid_params', `A master key has ${MASTER_KEY_BYTES} bytes, not ${bytes.length}`)
  }
  const digest = hash('sha256', Buffer.concat([ID_PREFIX, bytes]), 'base64url')
  return { id: digest.slice(0, ID_LENGTH), bytes }
}

const ALGORITHM = 'aes-256-gcm'
const NONCE_BYTES = 12
const TAG_BYTES = 16

/** The version of the form, the master key's id, the sealed key of the secret, the sealed secret; the latter in base64url. */
const SEALED = /^v1\.([\w-]{16})\.([\w-]+)\.([\w-]+)$/

/**
 * Envelopes: each secret is sealed with a fresh key of its own, and that one with the first master key (AES-256-GCM both
 * times, NIST SP 800-38D). Another master key thus takes sealing few bytes anew, and a master key seals nothing but keys.
 */
export function createVault({ keys, randomBytes, reread }: VaultDeps): Vault {
  let held = keys
  const find = (id: string): MasterKey | undefined => held.find((key) => key.id === id)
  const renew = (): void => {
    try {
      held = reread?.() ?? held
    } catch {
      // Somebody may be writing the file. A key that is missing then shows where it is needed.
    }
  }

  const encrypt = (key: Uint8Array, context: string, plain: Uint8Array): string => {
    const nonce = randomBytes(NONCE_BYTES)
    const cipher = createCipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES })
    cipher.setAAD(Buffer.from(context))
    const parts = [nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]
    return Buffer.concat(parts).toString('base64url')
  }

  return {
    renew,
    get keyId() {
      return held[0].id
    },
    async seal(context, plain) {
      renew()
      const [sealing] = held
      const own = randomBytes(MASTER_KEY_BYTES)
      const wrapped = encrypt(sealing.bytes, wrapContext(sealing.id, context), own)
      return `v1.${sealing.id}.${wrapped}.${encrypt(own, context, plain)}`
    },
    async open(context, sealed) {
      const { keyId, wrapped, secret } = partsOf(sealed)
      if (find(keyId) === undefined) renew()
      const master = find(keyId)
      if (master === undefined) {
        throw new ParleyError(
          'internal',
          `A stored secret was sealed with the master key ${keyId}, which is not among those given`,
        )
      }
      try {
        return decrypt(decrypt(master.bytes, wrapContext(keyId, context), wrapped), context, secret)
      } catch (cause) {
        throw new ParleyError(
          'internal',
          'A stored secret does not open: it was changed, or sealed for another place',
          { cause },
        )
      }
    },
    keyIdOf: (sealed) => partsOf(sealed).keyId,
    holds: (keyId) => find(keyId) !== undefined,
  }
}

/** Sealed keys and sealed secrets cannot stand in for each other. */
const wrapContext = (keyId: string, context: string): string => `key ${keyId} ${context}`

function partsOf(sealed: string) {
  const [, keyId, wrapped, secret] = SEALED.exec(sealed) ?? []
  if (keyId === undefined || wrapped === undefined || secret === undefined) {
    throw new ParleyError('internal', 'A stored secret does not open: it has not the form of a sealed text')
  }
  return { keyId, wrapped, secret }
}

function decrypt(key: Uint8Array, context: string, text: string): Uint8Array {
  const bytes = Buffer.from(text, 'base64url')
  // The last character may hold bits that decoding drops.
  if (bytes.toString('base64url') !== text) throw new Error('not in the one form of base64url')
  const decipher = createDecipheriv(ALGORITHM, key, bytes.subarray(0, NONCE_BYTES), {
    authTagLength: TAG_BYTES,
  })
  decipher.setAAD(Buffer.from(context))
  decipher.setAuthTag(bytes.subarray(-TAG_BYTES))
  return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()])
}
