import type { NewId } from '../a2a/ids.ts'
import { ParleyError } from '../errors.ts'
import type { Events } from '../telemetry/events.ts'
import type { Access, NewKey } from './access.ts'
import { assertScope } from './assert-scope.ts'
import { decide } from './decide.ts'
import { hashOf, isSecretShaped, newSecret, type RandomBytes } from './key-secret.ts'
import type { ApiKey, KeyStore } from './key-store.ts'
import { acceptNewKey } from './new-key.ts'
import { DEFAULT_TENANT, type Principal } from './principal.ts'
import { createRecent } from './recent.ts'
import { isTokenShaped } from './tokens/read-token.ts'
import type { Tokens } from './tokens/tokens.ts'

/** How long a revocation made by another process may go unnoticed. */
const MAX_KEY_AGE_MS = 5000
const MAX_REMEMBERED_KEYS = 1000
const KEYS_PER_PAGE = 100
/** A stale version is read again this often before giving up. */
const MAX_COMMIT_ATTEMPTS = 10

export type AccessDeps = {
  readonly keys: KeyStore
  readonly now: () => number
  readonly newId: NewId
  readonly events: Events
  readonly randomBytes: RandomBytes
  /** Without it no token is known, only keys. */
  readonly tokens?: Tokens
}

export function createAccess({ keys, now, newId, events, randomBytes, tokens }: AccessDeps): Access {
  const known = createRecent<Principal>({ maxSize: MAX_REMEMBERED_KEYS, maxAgeMs: MAX_KEY_AGE_MS, now })
  /** Grows with every change of a key here, so that a lookup begun before it is not remembered after it. */
  let changes = 0

  const lookUp = async (hash: string): Promise<Principal | undefined> => {
    const before = changes
    const key = await keys.findByHash(hash)
    if (key === undefined || key.revokedAt !== undefined) return undefined
    const found = principalOf(key)
    if (before === changes) known.set(hash, found)
    return found
  }

  const commit = async (key: ApiKey, expectedVersion: number): Promise<boolean> => {
    const committed = await keys.commit({ changes: [{ key, expectedVersion }] })
    if (committed) {
      changes++
      known.delete(key.hash)
    }
    return committed
  }

  return {
    decide,

    async authenticate(credential, requestId) {
      if (isTokenShaped(credential)) return tokens?.authenticate(credential, requestId)
      if (!isSecretShaped(credential)) return undefined
      const hash = hashOf(credential)
      const found = known.get(hash) ?? (await lookUp(hash))
      return found === undefined || now() < (found.expiresAt ?? Number.POSITIVE_INFINITY) ? found : undefined
    },

    async reassess(principal) {
      const { credential, expiresAt } = principal
      if (credential?.kind === 'key') {
        const key = await keys.find(credential.id)
        return key !== undefined && isGood(key, now()) ? principalOf(key) : undefined
      }
      return expiresAt === undefined || now() < expiresAt ? principal : undefined
    },

    async createKey(call, request) {
      // `admin` includes every scope, so nobody who passes can give away more than they hold.
      assertScope(call.principal, 'admin')
      const wanted = acceptNewKey(request, now())
      const tenant = wanted.tenant ?? call.principal.tenant
      if (tenant !== call.principal.tenant) {
        throw new ParleyError('forbidden', 'Keys can be made for your own tenant only')
      }
      const secret = newSecret(randomBytes)
      const key = newKey(newId(), hashOf(secret), { ...wanted, tenant }, now())
      if (!(await commit(key, 0))) throw new ParleyError('conflict', 'The key could not be made; try again')
      events.keyCreated({ keyId: key.id, subject: key.subject, principal: call.principal.subject })
      return { key, secret }
    },

    async listKeys(call) {
      assertScope(call.principal, 'admin')
      const found: ApiKey[] = []
      for (;;) {
        call.signal.throwIfAborted()
        const page = await keys.list(call.principal.tenant, KEYS_PER_PAGE, found.at(-1)?.id)
        found.push(...page)
        if (page.length < KEYS_PER_PAGE) return found
      }
    },

    async revokeKey(call, id) {
      assertScope(call.principal, 'admin')
      for (let attempt = 0; attempt < MAX_COMMIT_ATTEMPTS; attempt++) {
        const key = await keys.find(id)
        if (key === undefined || key.tenant !== call.principal.tenant) {
          throw new ParleyError('not_found', 'Key not found')
        }
        if (key.revokedAt !== undefined) return
        const revoked = { ...key, revokedAt: now(), version: key.version + 1 }
        if (!(await commit(revoked, key.version))) continue
        events.keyRevoked({ keyId: id, principal: call.principal.subject })
        return
      }
      throw contended()
    },

    async ensureKey(secret, request) {
      if (!isSecretShaped(secret)) {
        throw new ParleyError('invalid_params', 'A key must be 1 to 512 visible ASCII characters')
      }
      if (isTokenShaped(secret)) {
        throw new ParleyError(
          'invalid_params',
          'A key must not have the form of a JWT: it would be taken for one',
        )
      }
      const wanted = acceptNewKey(request, now())
      const hash = hashOf(secret)
      for (let attempt = 0; attempt < MAX_COMMIT_ATTEMPTS; attempt++) {
        const stored = await keys.findByHash(hash)
        if (stored !== undefined && isAsWanted(stored, wanted)) return stored
        const fresh = newKey(stored?.id ?? newId(), hash, wanted, stored?.createdAt ?? now())
        const key = { ...fresh, version: (stored?.version ?? 0) + 1 }
        if (await commit(key, key.version - 1)) return key
      }
      throw contended()
    },
  }
}

const isGood = ({ revokedAt, expiresAt }: ApiKey, now: number): boolean =>
  revokedAt === undefined && (expiresAt === undefined || now < expiresAt)

const principalOf = (key: ApiKey): Principal => ({
  tenant: key.tenant,
  subject: key.subject,
  groups: [],
  scopes: new Set(key.scopes),
  credential: { kind: 'key', id: key.id },
  ...(key.expiresAt === undefined ? {} : { expiresAt: key.expiresAt }),
})

const newKey = (id: string, hash: string, wanted: NewKey, createdAt: number): ApiKey => ({
  id,
  hash,
  tenant: wanted.tenant ?? DEFAULT_TENANT,
  subject: wanted.subject,
  scopes: [...wanted.scopes],
  label: wanted.label,
  createdAt,
  ...(wanted.expiresAt === undefined ? {} : { expiresAt: wanted.expiresAt }),
  version: 1,
})

const isAsWanted = (key: ApiKey, wanted: NewKey): boolean =>
  key.revokedAt === undefined &&
  key.tenant === (wanted.tenant ?? DEFAULT_TENANT) &&
  key.subject === wanted.subject &&
  key.label === wanted.label &&
  key.expiresAt === wanted.expiresAt &&
  new Set(key.scopes).symmetricDifference(new Set(wanted.scopes)).size === 0

const contended = () => new ParleyError('unavailable', 'The key is being changed by others; try again')
