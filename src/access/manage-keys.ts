import type { NewId } from '../a2a/ids.ts'
import { ParleyError } from '../errors.ts'
import type { Events } from '../telemetry/events.ts'
import type { Access, NewKey } from './access.ts'
import { assertScope } from './assert-scope.ts'
import { type AuditRecord, auditOf } from './audit/audit-record.ts'
import { RefusalError } from './audit/refusal.ts'
import { assertNoExcess, isWithinReach } from './key-reach.ts'
import { hashOf, newSecret, type RandomBytes } from './key-secret.ts'
import type { ApiKey, KeyChange, KeyStore } from './key-store.ts'
import { acceptNewKey, assertFuture } from './new-key.ts'
import type { Cursors } from './page-cursor.ts'
import { type Call, DEFAULT_TENANT, type Principal } from './principal.ts'
import { assertLives, retire, successorOf } from './rotation.ts'
import { untilCommitted } from './until-committed.ts'

export type ManageKeysDeps = {
  readonly keys: KeyStore
  readonly now: () => number
  readonly newId: NewId
  readonly events: Events
  readonly randomBytes: RandomBytes
  readonly cursors: Cursors
  readonly reassess: Access['reassess']
  /** As `KeyStore.commit`; what is known of the keys is forgotten. */
  readonly commit: (changes: readonly KeyChange[], audit: readonly AuditRecord[]) => Promise<boolean>
}

const KEYS_PER_READ = 100
/** Beyond this a total is a lower bound. */
const MAX_TOTAL = 10_000

/** Everything that is done to keys by callers. It all takes `admin`, which includes every scope. */
export function manageKeys(
  deps: ManageKeysDeps,
): Pick<Access, 'createKey' | 'rotateKey' | 'revokeKey' | 'getKey' | 'listKeys'> {
  const { keys, now, newId, events, randomBytes, cursors, commit, reassess } = deps

  const getKey = async (call: Call, id: string): Promise<ApiKey> => {
    assertScope(call.principal, 'admin')
    const key = await keys.find(id)
    if (key !== undefined && isWithinReach(call.principal, key)) return key
    const cause = key && new RefusalError(key.tenant, { kind: 'key', id }, 'hidden')
    throw new ParleyError('not_found', 'Key not found', { cause })
  }

  /** Who makes a key, as the store knows them this moment: a key that was just revoked elsewhere must leave none behind. */
  const makerOf = async ({ principal }: Call): Promise<Principal> => {
    assertScope(principal, 'admin')
    const maker = principal.credential?.kind === 'key' ? await reassess(principal) : principal
    if (maker !== undefined) return maker
    throw new ParleyError('unauthenticated', 'Your credential has ended or was revoked')
  }

  /** Keys within the caller's reach, in the order of their ids. */
  async function* reachable(call: Call, afterId?: string): AsyncGenerator<ApiKey> {
    for (let last = afterId; ; ) {
      call.signal.throwIfAborted()
      const batch = await keys.list(call.principal.tenant, KEYS_PER_READ, last)
      for (const key of batch) if (isWithinReach(call.principal, key)) yield key
      last = batch.at(-1)?.id
      if (batch.length < KEYS_PER_READ) return
    }
  }

  const count = async (call: Call): Promise<number> => {
    let total = 0
    for await (const _ of reachable(call)) if (++total > MAX_TOTAL) break
    return total
  }

  return {
    getKey,

    async createKey(call, request) {
      const principal = await makerOf(call)
      const at = now()
      const wanted = acceptNewKey({ ...request, tenant: request.tenant ?? principal.tenant }, at)
      assertNoExcess(principal, wanted)
      const secret = newSecret(randomBytes)
      const key = newKey(newId(), hashOf(secret), wanted, at)
      const record = auditOf(call, 'key.create', { kind: 'key', id: key.id }, at, factsOf(key))
      if (!(await commit([{ key, expectedVersion: 0 }], [record]))) {
        throw new ParleyError('conflict', 'The key could not be made; try again')
      }
      events.keyCreated({ keyId: key.id, subject: key.subject, principal: principal.subject })
      return { key, secret }
    },

    async rotateKey(call, id, { overlapMs, expiresAt }) {
      return untilCommitted('The key', async () => {
        const principal = await makerOf(call)
        const old = await getKey(call, id)
        const at = now()
        assertLives(old, at)
        const wanted = successorOf(old, expiresAt, at)
        assertFuture(wanted, at)
        assertNoExcess(principal, wanted)
        const secret = newSecret(randomBytes)
        const key = { ...newKey(newId(), hashOf(secret), wanted, at), replaces: id }
        const retired = retire(old, key.id, overlapMs, at)
        const record = auditOf(call, 'key.rotate', { kind: 'key', id }, at, {
          ...factsOf(key),
          details: { ...factsOf(key).details, replacedBy: key.id, overlapMs: String(overlapMs) },
        })
        const changes = [
          { key, expectedVersion: 0 },
          { key: retired, expectedVersion: old.version },
        ]
        if (!(await commit(changes, [record]))) return undefined
        events.keyRotated({ keyId: id, replacedBy: key.id, principal: call.principal.subject })
        return { key, secret }
      })
    },

    async revokeKey(call, id) {
      await untilCommitted('The key', async () => {
        const key = await getKey(call, id)
        if (key.revokedAt !== undefined) return key
        const at = now()
        const revoked = { ...key, revokedAt: at, version: key.version + 1 }
        const record = auditOf(call, 'key.revoke', { kind: 'key', id }, at, factsOf(key))
        if (!(await commit([{ key: revoked, expectedVersion: key.version }], [record]))) return undefined
        events.keyRevoked({ keyId: id, principal: call.principal.subject })
        return revoked
      })
    },

    async listKeys(call, { limit, cursor }) {
      assertScope(call.principal, 'admin')
      const { tenant, subject, agents } = call.principal
      const binding = ['keys', tenant, subject, agents === undefined ? 'all' : [...agents].sort()]
      const afterId = cursor === undefined ? undefined : String(cursors.decode(cursor, binding))
      const items: ApiKey[] = []
      let isMore = false
      for await (const key of reachable(call, afterId)) {
        isMore = items.length === limit
        if (isMore) break
        items.push(key)
      }
      const isWhole = afterId === undefined && !isMore
      const total = isWhole ? items.length : await count(call)
      const last = items.at(-1)
      return {
        items,
        total: Math.min(total, MAX_TOTAL),
        totalCapped: total > MAX_TOTAL,
        ...(isMore && last !== undefined ? { nextCursor: cursors.encode(last.id, binding) } : {}),
      }
    },
  }
}

/** The first version of a key. */
export const newKey = (id: string, hash: string, wanted: NewKey, createdAt: number): ApiKey => ({
  id,
  hash,
  tenant: wanted.tenant ?? DEFAULT_TENANT,
  subject: wanted.subject,
  scopes: [...wanted.scopes],
  label: wanted.label,
  ...(wanted.agents === undefined ? {} : { agents: [...wanted.agents] }),
  createdAt,
  ...(wanted.expiresAt === undefined ? {} : { expiresAt: wanted.expiresAt }),
  version: 1,
})

/** What the audit log says of a key. */
export const factsOf = ({ subject, scopes, agents, expiresAt }: ApiKey) => ({
  details: {
    scopes: scopes.join(' '),
    ...(agents === undefined ? {} : { agents: `${agents.length}` }),
    ...(expiresAt === undefined ? {} : { expiresAt: new Date(expiresAt).toISOString() }),
  },
  subjects: { subject },
})
