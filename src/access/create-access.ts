import { ParleyError } from '../errors.ts'
import type { Access, NewKey } from './access.ts'
import { auditOf, itself } from './audit/audit-record.ts'
import type { Certificates } from './certificates.ts'
import { decide } from './decide.ts'
import { isGood, principalOf } from './key-principal.ts'
import { hashOf, isMistyped, isSecretShaped } from './key-secret.ts'
import type { ApiKey } from './key-store.ts'
import type { KeyUses } from './key-uses.ts'
import { factsOf, type ManageKeysDeps, manageKeys, newKey } from './manage-keys.ts'
import { acceptNewKey } from './new-key.ts'
import { DEFAULT_TENANT, type Principal } from './principal.ts'
import { createRecent } from './recent.ts'
import { isTokenShaped } from './tokens/read-token.ts'
import type { Tokens } from './tokens/tokens.ts'
import { untilCommitted } from './until-committed.ts'

/** How long a revocation made by another process may go unnoticed. */
const MAX_KEY_AGE_MS = 5000
const MAX_REMEMBERED_KEYS = 1000
/** No task lives through as many rotations. */
const MAX_SUCCESSIONS = 100

export type AccessDeps = Omit<ManageKeysDeps, 'commit' | 'reassess'> & {
  /** Without it nobody learns when keys were last used. */
  readonly uses?: KeyUses
  /** Without it no token is known, only keys. */
  readonly tokens?: Tokens
  /** Without it no client certificate says who calls. */
  readonly certificates?: Certificates
}

export function createAccess(deps: AccessDeps): Access {
  const { keys, now, newId, tokens, certificates, uses } = deps
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

  /** The key, or the one that took its place once it has retired. */
  const findInPlaceOf = async (id: string): Promise<ApiKey | undefined> => {
    let key = await keys.find(id)
    for (let step = 0; step < MAX_SUCCESSIONS; step++) {
      if (key?.replacedBy === undefined || key.revokedAt !== undefined || isGood(key, now())) return key
      key = await keys.find(key.replacedBy)
    }
    return key
  }

  const commit: ManageKeysDeps['commit'] = async (committing, audit) => {
    const committed = await keys.commit({ changes: committing, audit })
    if (committed) {
      changes++
      for (const { key } of committing) known.delete(key.hash)
    }
    return committed
  }

  const reassess: Access['reassess'] = async (principal, goesOn = 'call') => {
    const { credential, expiresAt } = principal
    if (credential?.kind === 'certificate') return certificates?.reassess(principal)
    if (credential?.kind === 'key') {
      const key = await (goesOn === 'task' ? findInPlaceOf(credential.id) : keys.find(credential.id))
      return key !== undefined && isGood(key, now()) && isOf(key, principal) ? principalOf(key) : undefined
    }
    if (expiresAt !== undefined && now() >= expiresAt) return undefined
    return credential?.kind === 'token' ? tokens?.reassess(principal, credential.issuer) : principal
  }

  return {
    decide,
    ...manageKeys({ ...deps, commit, reassess }),

    async authenticate(credential, requestId) {
      if (isTokenShaped(credential)) return tokens?.authenticate(credential, requestId)
      if (!isSecretShaped(credential)) return undefined
      const hash = hashOf(credential)
      const found = known.get(hash) ?? (isMistyped(credential) ? undefined : await lookUp(hash))
      if (found === undefined || now() >= (found.expiresAt ?? Number.POSITIVE_INFINITY)) return undefined
      if (found.credential?.kind === 'key') uses?.note(found.credential.id)
      return found
    },

    authenticateCertificate: (certificate) => certificates?.principalOf(certificate),

    reassess,

    async ensureKey(secret, request) {
      assertUsable(secret)
      const wanted = acceptNewKey(request, now())
      const hash = hashOf(secret)
      return untilCommitted('The key', async () => {
        const stored = await keys.findByHash(hash)
        if (stored !== undefined && isAsWanted(stored, wanted)) return stored
        const fresh = newKey(stored?.id ?? newId(), hash, wanted, stored?.createdAt ?? now())
        const key = { ...fresh, version: (stored?.version ?? 0) + 1 }
        const record = auditOf(
          itself(key.tenant),
          'key.create',
          { kind: 'key', id: key.id },
          now(),
          factsOf(key),
        )
        return (await commit([{ key, expectedVersion: key.version - 1 }], [record])) ? key : undefined
      })
    },
  }
}

/** Throws `invalid_params` for what could never be presented as a key, or would be taken for something else. */
function assertUsable(secret: string): void {
  const refuse = (message: string): never => {
    throw new ParleyError('invalid_params', message)
  }
  if (!isSecretShaped(secret)) refuse('A key must be 1 to 512 visible ASCII characters')
  if (isTokenShaped(secret)) refuse('A key must not have the form of a JWT: it would be taken for one')
  if (isMistyped(secret)) {
    refuse('A key of the form parley_… must be one that Parley made: the checksum at its end is wrong')
  }
}

const isOf = (key: ApiKey, { tenant, subject }: Principal): boolean =>
  key.tenant === tenant && key.subject === subject

const isAsWanted = (key: ApiKey, wanted: NewKey): boolean =>
  key.revokedAt === undefined &&
  key.retiresAt === undefined &&
  key.agents === undefined &&
  key.tenant === (wanted.tenant ?? DEFAULT_TENANT) &&
  key.subject === wanted.subject &&
  key.label === wanted.label &&
  key.expiresAt === wanted.expiresAt &&
  new Set(key.scopes).symmetricDifference(new Set(wanted.scopes)).size === 0
