import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { beforeEach, describe, it } from 'node:test'
import { newUuid } from '../a2a/ids.ts'
import { openMemory } from '../storage/memory/open-memory.ts'
import { silentEvents } from '../telemetry/events.ts'
import type { Access, NewKey } from './access.ts'
import type { AuditRecord } from './audit/audit-record.ts'
import { createAccess } from './create-access.ts'
import type { ApiKey, KeyStore } from './key-store.ts'
import { createCursors } from './page-cursor.ts'
import type { Call, Principal, Scope } from './principal.ts'

const DAY = 86_400_000
const callBy = (principal: Principal): Call => ({
  principal,
  requestId: 'r1',
  signal: new AbortController().signal,
})
const admin = callBy({
  tenant: 'default',
  subject: 'key:root',
  groups: [],
  scopes: new Set<Scope>(['admin']),
})
const as = (facts: Partial<Principal>): Call => callBy({ ...admin.principal, ...facts })
const wanted: NewKey = { subject: 'key:ada', scopes: ['tasks:submit', 'tasks:read'], label: 'laptop' }
const notFound = { code: 'not_found', message: 'Key not found' }

describe('the keys of a tenant', () => {
  let clock: number
  let store: KeyStore
  let audit: AuditRecord[]
  let log: string[]
  let access: Access

  const open = (keys: KeyStore = store): Access =>
    createAccess({
      keys: {
        ...keys,
        commit(commit) {
          audit.push(...(commit.audit ?? []))
          return keys.commit(commit)
        },
      },
      now: () => clock,
      newId: newUuid,
      events: {
        ...silentEvents,
        keyRotated: ({ keyId, replacedBy }) => log.push(`${keyId} by ${replacedBy}`),
      },
      randomBytes,
      cursors: createCursors(Buffer.alloc(32, 7)),
    })

  const isGood = async (secret: string): Promise<boolean> => (await access.authenticate(secret)) !== undefined

  beforeEach(async () => {
    clock = 1_000_000
    store = (await openMemory()).keys
    audit = []
    log = []
    access = open()
  })

  describe('rotated', () => {
    it('are replaced by one that is the same, while the old goes on for the overlap', async () => {
      const old = await access.createKey(admin, { ...wanted, agents: ['agent-1'] })
      clock += 1000
      const fresh = await access.rotateKey(admin, old.key.id, { overlapMs: DAY })
      const stored = await access.getKey(admin, old.key.id)

      const { id, hash, createdAt, ...same } = fresh.key
      const { id: oldId, hash: oldHash, createdAt: madeAt, ...before } = old.key
      assert.deepEqual(same, { ...before, replaces: oldId })
      assert.equal(createdAt, madeAt + 1000)
      assert.ok(hash !== oldHash && fresh.secret !== old.secret)
      assert.deepEqual(stored, { ...old.key, retiresAt: clock + DAY, replacedBy: id, version: 2 })
      assert.deepEqual(log, [`${oldId} by ${id}`])

      assert.ok((await isGood(old.secret)) && (await isGood(fresh.secret)))
      assert.equal((await access.authenticate(old.secret))?.expiresAt, clock + DAY)
      clock += DAY
      assert.ok(!(await isGood(old.secret)) && (await isGood(fresh.secret)))
    })

    it('end at once without an overlap, whatever other clocks say', async () => {
      const old = await access.createKey(admin, wanted)
      assert.ok(await isGood(old.secret))
      const fresh = await access.rotateKey(admin, old.key.id, { overlapMs: 0 })

      clock -= 60_000
      assert.ok(!(await isGood(old.secret)) && (await isGood(fresh.secret)))
    })

    it('never end later than they would have', async () => {
      const { key, secret } = await access.createKey(admin, { ...wanted, expiresAt: clock + 10 })
      await access.rotateKey(admin, key.id, { overlapMs: DAY })
      clock += 10
      assert.equal(await isGood(secret), false)

      const other = await access.createKey(admin, wanted)
      await access.rotateKey(admin, other.key.id, { overlapMs: 10 })
      await access.rotateKey(admin, other.key.id, { overlapMs: DAY })
      clock += 10
      assert.equal(await isGood(other.secret), false)
    })

    it('get a life as long as the old was made for, or the end that is asked for', async () => {
      const { key } = await access.createKey(admin, { ...wanted, expiresAt: clock + 30 * DAY })
      clock += 20 * DAY
      const first = await access.rotateKey(admin, key.id, { overlapMs: 1000 })
      const second = await access.rotateKey(admin, key.id, { overlapMs: 1000 })
      const third = await access.rotateKey(admin, key.id, { overlapMs: 1000, expiresAt: clock + 5 })

      assert.deepEqual(
        [first, second, third].map((made) => (made.key.expiresAt ?? 0) - clock),
        [30 * DAY, 30 * DAY, 5],
      )
      const last = Date.parse('9999-12-31T23:59:59.999Z')
      const endless = await access.createKey(admin, { ...wanted, expiresAt: last })
      clock += 1
      const after = await access.rotateKey(admin, endless.key.id, { overlapMs: 1000 })
      assert.equal(after.key.expiresAt, last)
      await assert.rejects(access.createKey(admin, { ...wanted, expiresAt: last + 1 }), {
        code: 'invalid_params',
      })
      const past = access.rotateKey(admin, key.id, { overlapMs: 0, expiresAt: clock })
      await assert.rejects(past, { code: 'invalid_params' })
      assert.ok((await access.getKey(admin, key.id)).revokedAt === undefined)
    })

    it('twice are two new keys, of which the old one names the latest', async () => {
      const { key } = await access.createKey(admin, wanted)
      const made = await Promise.all([1, 2].map(() => access.rotateKey(admin, key.id, { overlapMs: DAY })))
      const ids = made.map((one) => one.key.id)

      assert.equal(new Set([key.id, ...ids]).size, 3)
      assert.deepEqual(
        made.map((one) => one.key.replaces),
        [key.id, key.id],
      )
      assert.ok(ids.includes((await access.getKey(admin, key.id)).replacedBy ?? ''))
      for (const { secret } of made) assert.ok(await isGood(secret))
    })

    it('must not have ended', async () => {
      const revoked = await access.createKey(admin, wanted)
      await access.revokeKey(admin, revoked.key.id)
      const expired = await access.createKey(admin, { ...wanted, expiresAt: clock + 1 })
      const retired = await access.createKey(admin, wanted)
      await access.rotateKey(admin, retired.key.id, { overlapMs: 1 })
      clock++

      const rotate = ({ key }: { key: ApiKey }) => access.rotateKey(admin, key.id, { overlapMs: DAY })
      await assert.rejects(rotate(revoked), { code: 'conflict', message: /was revoked/ })
      await assert.rejects(rotate(expired), { code: 'conflict', message: /has ended/ })
      await assert.rejects(rotate(retired), { code: 'conflict', message: /has ended/ })
      await assert.rejects(access.rotateKey(admin, 'never', { overlapMs: 0 }), notFound)
    })

    it('stay as they are when the one commit fails', async () => {
      const { key, secret } = await access.createKey(admin, wanted)
      const broken = open({ ...store, commit: () => Promise.reject(new Error('the power went')) })

      await assert.rejects(broken.rotateKey(admin, key.id, { overlapMs: 0 }), /the power went/)
      assert.deepEqual((await access.listKeys(admin, { limit: 10 })).items, [key])
      assert.ok(await isGood(secret))
    })

    it('lose to a revocation that comes between', async () => {
      const { key } = await access.createKey(admin, wanted)
      const slow = open({
        ...store,
        async find(id) {
          const found = await store.find(id)
          if (found?.version === 1) await access.revokeKey(admin, id)
          return found
        },
      })

      await assert.rejects(slow.rotateKey(admin, key.id, { overlapMs: DAY }), { code: 'conflict' })
      assert.equal((await access.listKeys(admin, { limit: 10 })).total, 1)
    })
  })

  it('are made for none whose own key has just ended elsewhere, or is to end', async () => {
    const own = await access.createKey(admin, { ...wanted, scopes: ['admin'] })
    const other = await access.createKey(admin, wanted)
    const call = callBy((await access.authenticate(own.secret)) ?? assert.fail())
    const makes = [
      () => access.createKey(call, wanted),
      () => access.rotateKey(call, other.key.id, { overlapMs: DAY }),
    ]

    await open().rotateKey(admin, own.key.id, { overlapMs: DAY })
    assert.ok(await isGood(own.secret))
    for (const make of makes) await assert.rejects(make(), { code: 'forbidden', message: /expiresAt/ })
    await open().revokeKey(admin, own.key.id)
    assert.ok(await isGood(own.secret))
    for (const make of makes) await assert.rejects(make(), { code: 'unauthenticated' })
  })

  describe('of a credential that is limited', () => {
    const limited = as({ agents: new Set(['agent-1', 'agent-2']) })

    it('to agents are limited to some of them', async () => {
      const { key } = await access.createKey(limited, { ...wanted, agents: ['agent-2'] })
      assert.deepEqual(key.agents, ['agent-2'])

      const pointersOf = (more: Partial<NewKey>) =>
        access.createKey(limited, { ...wanted, ...more }).then(
          () => assert.fail('was made'),
          (error) => [error.code, ...error.violations.map(({ pointer }: { pointer: string }) => pointer)],
        )
      assert.deepEqual(await pointersOf({}), ['forbidden', '/agents'])
      assert.deepEqual(await pointersOf({ agents: ['agent-1', 'agent-3'] }), ['forbidden', '/agents/1'])
    })

    it('are the only ones it sees, counts, rotates and revokes', async () => {
      const whole = await access.createKey(admin, wanted)
      const wider = await access.createKey(admin, { ...wanted, agents: ['agent-1', 'agent-3'] })
      const within = await access.createKey(admin, { ...wanted, agents: ['agent-1'] })

      for (const { key } of [whole, wider]) {
        await assert.rejects(access.getKey(limited, key.id), notFound)
        await assert.rejects(access.revokeKey(limited, key.id), notFound)
        await assert.rejects(access.rotateKey(limited, key.id, { overlapMs: 0 }), notFound)
      }
      assert.deepEqual(await access.listKeys(limited, { limit: 1 }), {
        items: [within.key],
        total: 1,
        totalCapped: false,
      })
      await access.rotateKey(limited, within.key.id, { overlapMs: 0 })
      await access.revokeKey(limited, within.key.id)
    })

    it('in time end no later than it, if it is a key itself', async () => {
      const end = clock + 1000
      const own = await access.createKey(admin, { ...wanted, scopes: ['admin'], expiresAt: end })
      const ending = callBy((await access.authenticate(own.secret)) ?? assert.fail())
      const long = { ...wanted, expiresAt: end + 1 }

      await assert.rejects(access.createKey(ending, wanted), { code: 'forbidden', message: /expiresAt/ })
      await assert.rejects(access.createKey(ending, long), { code: 'forbidden' })
      await access.createKey(ending, { ...wanted, expiresAt: end })

      const { key } = await access.createKey(admin, wanted)
      await assert.rejects(access.rotateKey(ending, key.id, { overlapMs: 0 }), { code: 'forbidden' })
      await access.rotateKey(ending, key.id, { overlapMs: 0, expiresAt: end })

      const token = as({ credential: { kind: 'token', issuer: 'corp' }, expiresAt: end })
      assert.equal((await access.createKey(token, wanted)).key.expiresAt, undefined)
    })

    it('are good for those agents', async () => {
      const { key, secret } = await access.createKey(admin, { ...wanted, agents: ['agent-1'] })
      const principal = (await access.authenticate(secret)) ?? assert.fail()

      assert.deepEqual(principal.agents, new Set(['agent-1']))
      assert.deepEqual(await access.reassess(principal), principal)
      assert.deepEqual((await access.getKey(admin, key.id)).agents, ['agent-1'])
    })
  })

  describe('listed', () => {
    it('come page by page, all of the own tenant and no other', async () => {
      const made: string[] = []
      for (let n = 0; n < 250; n++) made.push((await access.createKey(admin, wanted)).key.id)
      await access.createKey(as({ tenant: 'acme' }), wanted)

      const found: string[] = []
      let cursor: string | undefined
      do {
        const page = await access.listKeys(admin, { limit: 100, ...(cursor === undefined ? {} : { cursor }) })
        assert.deepEqual([page.total, page.totalCapped], [250, false])
        found.push(...page.items.map(({ id }) => id))
        cursor = page.nextCursor
      } while (cursor !== undefined)
      assert.deepEqual(found, made.sort())
      assert.equal((await access.listKeys(as({ tenant: 'acme' }), { limit: 10 })).total, 1)
    })

    it('go on only for whom the cursor was made', async () => {
      for (let n = 0; n < 3; n++) await access.createKey(admin, { ...wanted, agents: ['agent-1'] })
      const { nextCursor: cursor = '' } = await access.listKeys(admin, { limit: 1 })

      for (const facts of [{ tenant: 'acme' }, { subject: 'key:eve' }, { agents: new Set(['agent-1']) }]) {
        await assert.rejects(access.listKeys(as(facts), { limit: 1, cursor }), { code: 'invalid_params' })
      }
      await assert.rejects(access.listKeys(admin, { limit: 1, cursor: 'x' }), { code: 'invalid_params' })
    })
  })

  it('take the scope admin, whatever is done to them', async () => {
    const call = as({ scopes: new Set(['tasks:submit', 'tasks:read', 'agents:write']) })

    await assert.rejects(access.getKey(call, 'any'), { code: 'forbidden' })
    await assert.rejects(access.rotateKey(call, 'any', { overlapMs: 0 }), { code: 'forbidden' })
  })

  it('leave a record of each change in the commit of the change itself', async () => {
    const { key } = await access.createKey(admin, { ...wanted, agents: ['agent-1'], expiresAt: clock + DAY })
    const fresh = await access.rotateKey(admin, key.id, { overlapMs: 5 })
    await access.revokeKey(admin, fresh.key.id)
    await access.revokeKey(admin, fresh.key.id)

    const details = { scopes: 'tasks:submit tasks:read', agents: '1', expiresAt: '1970-01-02T00:16:40.000Z' }
    const record = (action: string, id: string, more: object = {}) => ({
      at: clock,
      tenant: 'default',
      principal: 'key:root',
      requestId: 'r1',
      action,
      target: { kind: 'key', id },
      outcome: 'allowed',
      details: { ...details, ...more },
      subjects: { subject: 'key:ada' },
    })
    assert.deepEqual(audit, [
      record('key.create', key.id),
      record('key.rotate', key.id, { replacedBy: fresh.key.id, overlapMs: '5' }),
      record('key.revoke', fresh.key.id),
    ])
  })
})
