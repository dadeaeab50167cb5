import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { beforeEach, describe, it } from 'node:test'
import { newUuid } from '../a2a/ids.ts'
import { openMemory } from '../storage/memory/open-memory.ts'
import { silentEvents } from '../telemetry/events.ts'
import type { Access, NewKey } from './access.ts'
import { createAccess } from './create-access.ts'
import type { KeyStore } from './key-store.ts'
import type { KeyUses } from './key-uses.ts'
import { createCursors } from './page-cursor.ts'
import { ANONYMOUS, type Call, type Principal, type Scope } from './principal.ts'
import type { Tokens } from './tokens/tokens.ts'

const callBy = (principal: Principal): Call => ({
  principal,
  requestId: 'r1',
  signal: new AbortController().signal,
})
const caller = (tenant: string, ...scopes: Scope[]): Call =>
  callBy({ tenant, subject: 'key:root', groups: [], scopes: new Set(scopes) })
const admin = caller('default', 'admin')
const wanted: NewKey = { subject: 'key:ada', scopes: ['tasks:submit', 'tasks:read'], label: 'laptop' }

describe('access', () => {
  let clock: number
  let store: KeyStore
  let log: string[]
  let access: Access

  const open = (
    keys: KeyStore = store,
    more: { readonly uses?: KeyUses; readonly tokens?: Tokens } = {},
  ): Access =>
    createAccess({
      keys,
      now: () => clock,
      newId: newUuid,
      events: {
        ...silentEvents,
        keyCreated: (facts) => log.push(`created ${facts.subject} by ${facts.principal}`),
        keyRevoked: (facts) => log.push(`revoked by ${facts.principal}`),
      },
      randomBytes,
      cursors: createCursors(Buffer.alloc(32, 7)),
      ...more,
    })

  beforeEach(async () => {
    clock = 1_000_000
    store = (await openMemory()).keys
    log = []
    access = open()
  })

  describe('authenticate', () => {
    it('answers the principal a key was made for', async () => {
      const { key, secret } = await access.createKey(admin, wanted)

      assert.deepEqual(await access.authenticate(secret), {
        tenant: 'default',
        subject: 'key:ada',
        groups: [],
        scopes: new Set(['tasks:submit', 'tasks:read']),
        credential: { kind: 'key', id: key.id },
      })
    })

    it('tells keys and tokens apart by their form, and never tries both', async () => {
      const asked: string[] = []
      const both = createAccess({
        keys: {
          ...store,
          findByHash(hash) {
            asked.push('key')
            return store.findByHash(hash)
          },
        },
        now: () => clock,
        newId: newUuid,
        events: silentEvents,
        randomBytes,
        cursors: createCursors(Buffer.alloc(32, 7)),
        tokens: {
          async authenticate() {
            asked.push('token')
            return undefined
          },
          reassess: (principal) => principal,
          warm: async () => {},
        },
      })
      const header = Buffer.from('{"alg":"none"}').toString('base64url')
      const expected: readonly (readonly [string, string])[] = [
        [`${header}.e30.c2ln`, 'token'],
        [`${header}.e30.`, 'token'],
        [`${header}..`, 'token'],
        ['a.b.c', 'key'],
        [`${header}.e30`, 'key'],
        [`${header}.e30.c2ln.e30.e30`, 'key'],
        ['W10.e30.c2ln', 'key'],
        ['parley_secret', 'key'],
      ]
      for (const [credential, as] of expected) {
        asked.length = 0
        assert.equal(await both.authenticate(credential), undefined)
        assert.deepEqual(asked, [as], credential)
      }
      await assert.rejects(both.ensureKey(`${header}.e30.c2ln`, wanted), { code: 'invalid_params' })
    })

    it('knows when the credential ends', async () => {
      const { secret } = await access.createKey(admin, { ...wanted, expiresAt: clock + 10 })

      assert.equal((await access.authenticate(secret))?.expiresAt, clock + 10)
    })

    it('knows nobody behind an unknown, empty or malformed credential', async () => {
      for (const credential of ['', 'parley_unknown', 'two words', 'ü', 'x'.repeat(100_000)]) {
        assert.equal(await access.authenticate(credential), undefined)
      }
    })

    it('stops knowing a key the moment it expires', async () => {
      const { secret } = await access.createKey(admin, { ...wanted, expiresAt: clock + 10 })

      assert.notEqual(await access.authenticate(secret), undefined)
      clock += 10
      assert.equal(await access.authenticate(secret), undefined)
    })

    it('does not look up what has the form of our keys and a wrong checksum', async () => {
      const { secret } = await access.createKey(admin, wanted)
      const blind = open({ ...store, findByHash: () => assert.fail('was looked up') })

      assert.equal(
        await blind.authenticate(`${secret.slice(0, -1)}${secret.endsWith('0') ? '1' : '0'}`),
        undefined,
      )
    })

    it('notes the use of a key that was found, each time', async () => {
      const noted: string[] = []
      access = open(store, { uses: { note: (id) => noted.push(id), async [Symbol.asyncDispose]() {} } })
      const { key, secret } = await access.createKey(admin, { ...wanted, expiresAt: clock + 10 })

      await access.authenticate(secret)
      await access.authenticate(secret)
      await access.authenticate('unknown')
      await access.reassess((await access.authenticate(secret)) ?? assert.fail())
      clock += 10
      await access.authenticate(secret)

      assert.deepEqual(noted, [key.id, key.id, key.id])
    })

    it('stops knowing a key at once when it is revoked here', async () => {
      const { key, secret } = await access.createKey(admin, wanted)
      await access.authenticate(secret)
      await access.revokeKey(admin, key.id)

      assert.equal(await access.authenticate(secret), undefined)
    })

    it('stops knowing a key within 5 seconds when another process revokes it', async () => {
      const { key, secret } = await access.createKey(admin, wanted)
      await access.authenticate(secret)
      await open().revokeKey(admin, key.id)

      clock += 4999
      assert.notEqual(await access.authenticate(secret), undefined)
      clock += 1
      assert.equal(await access.authenticate(secret), undefined)
    })

    it('does not remember a lookup that a revocation overtook', async () => {
      const gate = Promise.withResolvers<void>()
      const slow = open({
        ...store,
        async findByHash(hash) {
          const key = await store.findByHash(hash)
          await gate.promise
          return key
        },
      })
      const { key, secret } = await slow.createKey(admin, wanted)
      const overtaken = slow.authenticate(secret)
      await slow.revokeKey(admin, key.id)
      gate.resolve()
      await overtaken

      assert.equal(await slow.authenticate(secret), undefined)
    })
  })

  describe('reassess', () => {
    it('knows at once, whoever ended it, that a key was revoked or has expired', async () => {
      const { key, secret } = await access.createKey(admin, { ...wanted, expiresAt: clock + 10 })
      const principal = (await access.authenticate(secret)) ?? assert.fail()
      assert.deepEqual(await access.reassess(principal), principal)

      clock += 10
      assert.equal(await access.reassess(principal), undefined)
      clock -= 10
      await open().revokeKey(admin, key.id)
      assert.equal(await access.reassess(principal), undefined)
    })

    it('takes no key for that of somebody else', async () => {
      const { secret } = await access.createKey(admin, wanted)
      const principal = (await access.authenticate(secret)) ?? assert.fail()

      for (const facts of [{ subject: 'key:eve' }, { tenant: 'acme' }]) {
        assert.equal(await access.reassess({ ...principal, ...facts }), undefined)
      }
    })

    it('follows a key that was replaced for what it set going, and for nothing else', async () => {
      const { key, secret } = await access.createKey(admin, wanted)
      const principal = (await access.authenticate(secret)) ?? assert.fail()
      const second = await access.rotateKey(admin, key.id, { overlapMs: 10 })
      const third = await access.rotateKey(admin, second.key.id, { overlapMs: 10 })
      const credentialOf = async () => (await access.reassess(principal, 'task'))?.credential

      assert.deepEqual(await credentialOf(), { kind: 'key', id: key.id })
      clock += 10
      assert.deepEqual(await credentialOf(), { kind: 'key', id: third.key.id })
      assert.equal(await access.reassess(principal), undefined)
      await access.revokeKey(admin, key.id)
      assert.equal(await credentialOf(), undefined)
    })

    it('believes a token until it expires, as far as its issuer is trusted, and anonymous callers always', async () => {
      const credential = { kind: 'token', issuer: 'corp' } as const
      const principal: Principal = { ...ANONYMOUS, subject: 'corp:ada', credential, expiresAt: clock + 10 }
      const tokens: Tokens = {
        authenticate: () => assert.fail('nothing is verified again'),
        reassess: (known, alias) => (alias === 'corp' ? known : undefined),
        warm: async () => {},
      }
      const trusting = open(store, { tokens })
      const elsewhere = { ...principal, credential: { ...credential, issuer: 'other' } }

      assert.equal(await trusting.reassess(principal), principal)
      assert.equal(await trusting.reassess(elsewhere), undefined)
      assert.equal(await access.reassess(principal), undefined)
      clock += 10
      assert.equal(await trusting.reassess(principal), undefined)
      assert.equal(await access.reassess(ANONYMOUS), ANONYMOUS)
    })
  })

  describe('createKey', () => {
    it('keeps the hash of the secret and nothing more', async () => {
      const { key, secret } = await access.createKey(admin, wanted)

      assert.ok(!JSON.stringify(await store.find(key.id)).includes(secret))
      assert.match(key.hash, /^[0-9a-f]{64}$/)
      assert.deepEqual(log, ['created key:ada by key:root'])
    })

    it('takes the scope admin', async () => {
      const submitter = caller('default', 'tasks:submit', 'tasks:read', 'agents:write')

      for (const call of [submitter, callBy(ANONYMOUS)]) {
        await assert.rejects(access.createKey(call, wanted), { code: 'forbidden' })
        await assert.rejects(access.listKeys(call, { limit: 1 }), { code: 'forbidden' })
        await assert.rejects(access.revokeKey(call, 'any'), { code: 'forbidden' })
      }
    })

    it('makes keys of the own tenant only', async () => {
      const { key } = await access.createKey(caller('acme', 'admin'), wanted)

      assert.equal(key.tenant, 'acme')
      await assert.rejects(access.createKey(admin, { ...wanted, tenant: 'acme' }), { code: 'forbidden' })
    })

    it('names everything wrong with its input at once', async () => {
      const wrong = { subject: 'a b', scopes: [], label: '', expiresAt: clock }

      await assert.rejects(access.createKey(admin, wrong), (error: { violations: { pointer: string }[] }) => {
        const pointers = error.violations.map((violation) => violation.pointer)
        assert.deepEqual(pointers.sort(), ['/expiresAt', '/label', '/scopes', '/subject'])
        return true
      })
    })

    it('gives a subject without an alias the one of API keys, so that it is nobody else’s', async () => {
      const subjects = ['ada', 'ada@example.org', 'anonymous', 'corp:ada', 'corp:a:b'].map(
        async (subject) => (await access.createKey(admin, { ...wanted, subject })).key.subject,
      )

      assert.deepEqual(await Promise.all(subjects), [
        'key:ada',
        'key:ada@example.org',
        'key:anonymous',
        'corp:ada',
        'corp:a:b',
      ])
    })

    it('refuses a subject that is empty, invisible or has no proper alias', async () => {
      for (const subject of [
        '',
        ':x',
        'Corp:x',
        'group:corp:ops',
        'a b:c',
        'key:',
        'key: ',
        'key:a b',
        'key:a\u202eb',
        'key:\n',
      ]) {
        await assert.rejects(access.createKey(admin, { ...wanted, subject }), { code: 'invalid_params' })
      }
    })
  })

  describe('revokeKey', () => {
    it('answers for a key of another tenant as for one that never was', async () => {
      const { key } = await access.createKey(caller('acme', 'admin'), wanted)
      const missing = { code: 'not_found', message: 'Key not found' }

      await assert.rejects(access.revokeKey(admin, key.id), missing)
      await assert.rejects(access.revokeKey(admin, 'never'), missing)
    })

    it('lets a key be revoked twice, and says so once', async () => {
      const { key } = await access.createKey(admin, wanted)
      await access.revokeKey(admin, key.id)
      await access.revokeKey(admin, key.id)

      assert.deepEqual(log.slice(1), ['revoked by key:root'])
    })
  })

  describe('ensureKey', () => {
    it('makes a chosen secret valid, and changes nothing the second time', async () => {
      const first = await access.ensureKey('preset-secret', wanted)
      const second = await access.ensureKey('preset-secret', {
        ...wanted,
        scopes: [...wanted.scopes].reverse(),
      })

      assert.equal((await access.authenticate('preset-secret'))?.subject, 'key:ada')
      assert.deepEqual(second, first)
    })

    it('takes no secret that has the form of our keys and a wrong checksum: it would never be found', async () => {
      await assert.rejects(access.ensureKey(`parley_${'0'.repeat(49)}`, wanted), { code: 'invalid_params' })
    })

    it('is not outlasted by a rotation', async () => {
      const first = await access.ensureKey('preset-secret', wanted)
      await access.rotateKey(admin, first.id, { overlapMs: 10 })
      const again = await access.ensureKey('preset-secret', wanted)
      clock += 10

      assert.deepEqual([again.id, again.retiresAt], [first.id, undefined])
      assert.equal((await access.authenticate('preset-secret'))?.subject, 'key:ada')
    })

    it('replaces what was stored for the secret, revocation included', async () => {
      const first = await access.ensureKey('preset-secret', { ...wanted, expiresAt: clock + 1 })
      await access.revokeKey(admin, first.id)
      await access.ensureKey('preset-secret', { subject: 'key:bob', scopes: ['admin'], label: 'preset' })
      clock += 10

      const principal = await access.authenticate('preset-secret')
      assert.deepEqual([principal?.subject, [...(principal?.scopes ?? [])]], ['key:bob', ['admin']])
    })

    it('agrees on one key when several processes start at once', async () => {
      const made = await Promise.all([1, 2, 3, 4].map(() => open().ensureKey('preset-secret', wanted)))

      assert.equal(new Set(made.map((key) => key.id)).size, 1)
    })
  })
})
