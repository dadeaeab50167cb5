import assert from 'node:assert/strict'
import { it } from 'node:test'
import { newUuid } from '../../a2a/ids.ts'
import type { AuditEntry } from '../../access/audit/audit-entry.ts'
import type { AuditRecord } from '../../access/audit/audit-record.ts'
import type { AuditStore } from '../../access/audit/audit-store.ts'
import { GENESIS, hashOf, pseudonymOf } from '../../access/audit/chain.ts'
import type { Cases } from './describe-backend.ts'
import { sampleAgent } from './sample-agent.ts'
import { sampleCredential } from './sample-credential.ts'
import { sampleRing } from './sample-ring.ts'
import { firstCommit, T0 } from './sample-task.ts'

const record = (changes: Partial<AuditRecord> = {}): AuditRecord => ({
  at: T0,
  tenant: 'default',
  principal: 'key:alice',
  credential: { kind: 'key', id: 'key-1' },
  from: '192.0.2.7',
  requestId: 'r-1',
  action: 'key.create',
  target: { kind: 'key', id: 'key-2' },
  outcome: 'allowed',
  subjects: { subject: 'key:bob' },
  ...changes,
})

const key = (id: string) => ({
  id,
  hash: `hash of ${id}`,
  tenant: 'default',
  subject: 'key:bob',
  scopes: [],
  label: 'bob',
  createdAt: T0,
  version: 1,
})

const all = (audit: AuditStore, tenant = 'default') => audit.list({ tenant }, 1000)

const chainOf = async (audit: AuditStore, writer = audit.writer, tenant = 'default') =>
  audit.readChain({ tenant, writer, after: 0, upTo: Number.MAX_SAFE_INTEGER }, 1000)

/** Every entry holds its own hash and that of the one before it. */
function assertChained(entries: readonly AuditEntry[], start: Partial<AuditEntry> = { n: 0, hash: GENESIS }) {
  let before = start
  for (const entry of entries) {
    assert.equal(entry.n, (before.n ?? 0) + 1)
    assert.equal(entry.previous, before.hash)
    assert.equal(entry.hash, hashOf(entry))
    before = entry
  }
}

export const auditCases: Cases = ({ open, openAt, newPlace }) => {
  it('chains what is appended, one chain for each tenant, and lists it newest first', async (t) => {
    const { audit } = await open(t)

    await audit.append([record(), record({ tenant: 'other' }), record({ at: T0 + 1 })])
    await audit.append([record({ at: T0 + 2, action: 'key.revoke' })])

    const entries = await chainOf(audit)
    assertChained(entries)
    assert.deepEqual(
      entries.map(({ action, at }) => [action, at - T0]),
      [
        ['key.create', 0],
        ['key.create', 1],
        ['key.revoke', 2],
      ],
    )
    assert.deepEqual(await all(audit), entries.toReversed())
    assertChained(await chainOf(audit, audit.writer, 'other'))
    const [head] = await audit.listChains('default', 10)
    const last = entries.at(-1)
    assert.ok(last)
    assert.deepEqual(head, {
      tenant: 'default',
      writer: audit.writer,
      n: 3,
      hash: last.hash,
      at: last.at,
    })
    assert.deepEqual((await audit.heads()).map(({ tenant, n }) => [tenant, n]).sort(), [
      ['default', 3],
      ['other', 1],
    ])
  })

  it('writes what a commit says together with it, and nothing of a commit that is refused', async (t) => {
    const backend = await open(t)
    const { keys, agents, credentials, signingKeys, tasks, audit } = backend
    const agent = sampleAgent()
    const credential = sampleCredential({ agentId: agent.id })
    const ring = sampleRing()
    const task = firstCommit()
    const about = (id: string) => [record({ target: { kind: 'key', id } })]

    await keys.commit({ changes: [{ key: key('a'), expectedVersion: 0 }], audit: about('a') })
    await keys.commit({ changes: [{ key: key('a'), expectedVersion: 7 }], audit: about('stale key') })
    await agents.commit({ agent, expectedVersion: 0, audit: about('agent') })
    await agents.commit({ agent, expectedVersion: 7, audit: about('stale agent') })
    await credentials.commit({ credential, expectedVersion: 0, audit: about('credential') })
    await credentials.commit({ credential, expectedVersion: 7, audit: about('stale credential') })
    await signingKeys.commit({ ring, expectedVersion: 0, audit: about('ring') })
    await signingKeys.commit({ ring, expectedVersion: 7, audit: about('stale ring') })
    await tasks.commit({ ...task, audit: about('task') })
    await tasks.commit({ ...task, audit: about('stale task') })
    await agents.commit({ agent, expectedVersion: agent.version, removed: true, audit: about('removal') })

    const entries = await chainOf(audit)
    assertChained(entries)
    assert.deepEqual(
      entries.map(({ target }) => target.id),
      ['a', 'agent', 'credential', 'ring', 'task', 'removal'],
    )
  })

  it('refuses a record that is too long, and the commit it came in', async (t) => {
    const { keys, audit } = await open(t)
    const long = record({ details: { text: 'x'.repeat(20_000) } })

    await assert.rejects(
      keys.commit({ changes: [{ key: key('a'), expectedVersion: 0 }], audit: [record(), long] }),
      RangeError,
    )
    await assert.rejects(audit.append([record(), long]), RangeError)

    assert.equal(await keys.find('a'), undefined)
    assert.deepEqual(await all(audit), [])
  })

  it('never goes back in time along a chain', async (t) => {
    const { audit } = await open(t)

    await audit.append([record({ at: T0 + 5 }), record({ at: T0 })])
    await audit.append([record({ at: T0 + 3 }), record({ at: T0 + 9 })])

    assert.deepEqual(
      (await chainOf(audit)).map(({ at }) => at - T0),
      [5, 5, 5, 9],
    )
  })

  it('keeps pseudonyms in place of names, and says what each stands for', async (t) => {
    const { audit } = await open(t)
    await audit.append([record(), record({ target: { kind: 'subject', id: 'key:carol' } })])

    const [first, second] = await chainOf(audit)
    assert.ok(first?.credential !== undefined && first.from !== undefined && second !== undefined)
    assert.doesNotMatch(JSON.stringify([first, second]), /alice|bob|carol|key-1|192\.0/)
    assert.equal(second.principal, first.principal)
    const pseudonyms = [
      first.principal,
      first.credential.id,
      first.from,
      first.subjects?.subject ?? '',
      second.target.id,
    ]
    const names = await audit.findNames('default', pseudonyms)
    assert.deepEqual(
      pseudonyms.map((pseudonym) => names.find((name) => name.pseudonym === pseudonym)?.text),
      ['key:alice', 'key-1', '192.0.2.7', 'key:bob', 'key:carol'],
    )
    for (const name of names) assert.equal(pseudonymOf(name, name.salt), name.pseudonym)
    assert.equal(await audit.findPseudonym('default', 'key:alice'), first.principal)
    assert.deepEqual(await audit.findNames('other', pseudonyms), [])
    assert.equal(await audit.findPseudonym('other', 'key:alice'), undefined)
  })

  it('gives one subject in two tenants, and one address of two subjects, different pseudonyms', async (t) => {
    const { audit } = await open(t)

    await audit.append([record(), record({ tenant: 'other' }), record({ principal: 'key:bob' })])

    const [alice, bob] = await chainOf(audit)
    const [elsewhere] = await chainOf(audit, audit.writer, 'other')
    assert.notEqual(alice?.principal, elsewhere?.principal)
    assert.notEqual(alice?.from, bob?.from)
  })

  it('forgets a subject, its credentials and its addresses, and changes no entry', async (t) => {
    const { audit } = await open(t)
    await audit.append([record(), record({ tenant: 'other' }), record({ principal: 'key:bob' })])
    const before = await all(audit)

    const erasure = record({
      principal: 'key:admin',
      action: 'audit.erase',
      target: { kind: 'subject', id: 'key:alice' },
    })
    await audit.erase('default', 'key:alice', erasure)
    await audit.append([record()])

    const entries = await chainOf(audit)
    assertChained(entries)
    assert.deepEqual(entries.slice(0, 2).toReversed(), before)
    const [first, ofBob, erased, later] = entries
    assert.equal(erased?.target.id, first?.principal)
    const old = [first?.principal ?? '', first?.from ?? '', first?.credential?.id ?? '']
    assert.deepEqual(await audit.findNames('default', old), [])
    assert.notEqual(later?.principal, first?.principal)
    assert.notEqual(later?.from, first?.from)
    assert.equal(later?.principal, await audit.findPseudonym('default', 'key:alice'))
    assert.equal((await audit.findNames('default', [ofBob?.principal ?? '', ofBob?.from ?? ''])).length, 2)
    assert.notEqual(await audit.findPseudonym('other', 'key:alice'), undefined)
  })

  it('lists what a filter asks for, and pages through it', async (t) => {
    const { audit } = await open(t)
    const agent = { kind: 'agent', id: 'a-1' } as const
    await audit.append(
      [0, 1, 2, 3, 4, 5].map((n) =>
        record({
          at: T0 + n,
          principal: n % 2 === 0 ? 'key:alice' : 'key:bob',
          ...(n === 4 && { action: 'agent.register' }),
          ...(n >= 3 && { target: agent }),
          ...(n === 5 && { action: 'call.refuse', outcome: 'denied', reason: 'hidden' }),
        }),
      ),
    )
    const tenant = 'default'
    const found = async (filter: object) =>
      (await audit.list({ tenant, ...filter }, 10)).map(({ at }) => at - T0)

    const bob = await audit.findPseudonym(tenant, 'key:bob')
    assert.deepEqual(await found({ principal: bob }), [5, 3, 1])
    assert.deepEqual(await found({ action: 'agent.register' }), [4])
    assert.deepEqual(await found({ target: agent }), [5, 4, 3])
    assert.deepEqual(await found({ target: { kind: 'key', id: 'a-1' } }), [])
    assert.deepEqual(await found({ outcome: 'denied' }), [5])
    assert.deepEqual(await found({ from: T0 + 1, to: T0 + 4 }), [3, 2, 1])
    assert.deepEqual(await found({ target: agent, principal: bob, outcome: 'allowed' }), [3])
    assert.equal(await audit.count({ tenant, target: agent }, 10), 3)
    assert.equal(await audit.count({ tenant }, 4), 4)
    assert.equal(await audit.count({ tenant: 'other' }, 4), 0)

    const first = await audit.list({ tenant }, 4)
    const rest = await audit.list({ tenant }, 4, first.at(-1))
    assert.deepEqual([...first, ...rest], await all(audit))
  })

  it('reads a part of a chain', async (t) => {
    const { audit } = await open(t)
    await audit.append([0, 1, 2, 3, 4].map((n) => record({ at: T0 + n })))
    const { writer } = audit
    const numbers = async (selection: object, limit = 10) =>
      (await audit.readChain({ tenant: 'default', writer, after: 0, upTo: 100, ...selection }, limit)).map(
        ({ n }) => n,
      )

    assert.deepEqual(await numbers({ after: 1, upTo: 4 }), [2, 3, 4])
    assert.deepEqual(await numbers({ after: 1 }, 2), [2, 3])
    assert.deepEqual(await numbers({ from: T0 + 1, to: T0 + 3 }), [2, 3])
    assert.deepEqual(await numbers({ writer: 'unknown' }), [])
    assert.deepEqual(await numbers({ tenant: 'other' }), [])
    assert.deepEqual(await audit.listChains('default', 10, writer), [])
  })

  it('prunes each chain from its oldest entry on, and the names that nothing uses any more', async (t) => {
    const { audit } = await open(t)
    const day = 24 * 60 * 60 * 1000
    await audit.append([
      record(),
      record({ at: T0 + 1 }),
      record({ tenant: 'other' }),
      record({ at: T0 + 2 * day, principal: 'key:bob', subjects: {} }),
      record({ at: T0 + 3 * day, principal: 'key:bob', subjects: {} }),
    ])
    const before = await chainOf(audit)
    const alice = before[0]?.principal ?? ''

    assert.equal(await audit.prune(T0, 10), 0)
    assert.equal(await audit.prune(T0 + 2 * day, 1), 1)
    assert.equal(await audit.prune(T0 + 2 * day, 10), 2)
    assert.equal(await audit.prune(T0 + 2 * day, 10), 0)

    const entries = await chainOf(audit)
    assert.deepEqual(entries, before.slice(2))
    assertChained(entries, before[1])
    assert.deepEqual(await audit.findNames('default', [alice]), [])
    assert.deepEqual(await audit.listChains('other', 10), [])
    await audit.append([record({ tenant: 'other', at: T0 + 4 * day })])
    assert.deepEqual(
      (await chainOf(audit, audit.writer, 'other')).map(({ n }) => n),
      [2],
    )
  })

  it('takes texts that no encoding can hold', async (t) => {
    const { audit } = await open(t)
    const broken = 'key:\ud800'

    await audit.append([record({ principal: broken, target: { kind: 'context', id: '\udfff#%"' } })])

    const entries = await chainOf(audit)
    assertChained(entries)
    const names = await audit.findNames('default', [entries[0]?.principal ?? ''])
    assert.deepEqual(
      names.map(({ text, ...name }) => [text, pseudonymOf({ ...name, text }, name.salt)]),
      [['key:\ufffd', entries[0]?.principal]],
    )
  })

  it('has a chain of its own for each process that writes', async (t) => {
    const place = newPlace()
    const one = await openAt(t, place)
    const two = await openAt(t, place)
    if (!one.capabilities.sharedByProcesses) return
    const ids = Array.from({ length: 20 }, () => newUuid())

    await Promise.all(
      ids.flatMap((id) => [
        one.audit.append([record({ target: { kind: 'key', id } })]),
        two.audit.append([record({ target: { kind: 'key', id } })]),
      ]),
    )

    assert.notEqual(one.audit.writer, two.audit.writer)
    for (const { audit } of [one, two]) {
      const entries = await chainOf(audit)
      assert.equal(entries.length, ids.length)
      assertChained(entries)
    }
    assert.deepEqual(
      (await one.audit.listChains('default', 10)).map(({ writer }) => writer),
      [one.audit.writer, two.audit.writer].sort(),
    )
    assert.equal((await all(one.audit)).length, 2 * ids.length)
    const principals = new Set((await all(two.audit)).map(({ principal }) => principal))
    assert.equal(principals.size, 1)
  })
}
