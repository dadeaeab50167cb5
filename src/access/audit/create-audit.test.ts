import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { callOf, linesOf, openAudit, recordOf, T0 } from './open-audit.case.ts'

const admin = callOf('key:admin')
const ada = callOf('key:ada', ['tasks:read'])

const shown = (items: readonly string[]) => items.map((item) => JSON.parse(item))

describe('the audit log', () => {
  it('is listed newest first with the names of its pseudonyms, and says that it was read', async (t) => {
    const { audit, store } = await openAudit(t)
    await store.append([recordOf(ada, 'k-1'), recordOf(ada, 'k-2')])

    const { items, total } = await audit.list(admin, { limit: 10 })

    const [reading, second] = shown(items)
    assert.equal(total, 3)
    assert.deepEqual(
      [reading.action, reading.target, reading.at],
      ['audit.read', { kind: 'tenant', id: 'default' }, new Date(T0).toISOString()],
    )
    assert.equal(second.target.id, 'k-2')
    assert.deepEqual(
      [second.principal, second.credential.id, second.from].map((pseudonym) => second.names[pseudonym].text),
      ['key:ada', 'id of key:ada', '192.0.2.7'],
    )
  })

  it('is listed page by page, by subject and by pseudonym', async (t) => {
    const { audit, store } = await openAudit(t)
    await store.append(
      [1, 2, 3].flatMap((n) => [recordOf(ada, `a-${n}`), recordOf(callOf('key:bob'), `b-${n}`)]),
    )
    const pseudonym = (await store.findPseudonym('default', 'key:ada')) ?? ''

    for (const principal of ['key:ada', pseudonym]) {
      const first = await audit.list(admin, { principal, limit: 2 })
      assert.ok(first.nextCursor)
      const rest = await audit.list(admin, { principal, limit: 2, cursor: first.nextCursor })
      assert.deepEqual(
        shown([...first.items, ...rest.items]).map(({ target }) => target.id),
        ['a-3', 'a-2', 'a-1'],
      )
      assert.equal(rest.nextCursor, undefined)
      await assert.rejects(audit.list(admin, { limit: 2, cursor: first.nextCursor }), {
        code: 'invalid_params',
      })
    }
  })

  it('is for admins, and shows each tenant its own', async (t) => {
    const { audit, store } = await openAudit(t)
    const elsewhere = callOf('key:admin', ['admin'], 'other')
    await store.append([recordOf(ada, 'here'), recordOf(elsewhere, 'there')])

    for (const ask of [
      () => audit.list(ada, { limit: 1 }),
      () => audit.export(ada, {}),
      () => audit.erase(ada, 'key:ada'),
    ]) {
      await assert.rejects(ask(), { code: 'forbidden' })
    }
    const { items, total } = await audit.list(elsewhere, { limit: 10 })
    const lines = await linesOf(await audit.export(elsewhere, {}))
    await audit.erase(elsewhere, 'key:ada')
    const principal = (await store.findPseudonym('default', 'key:ada')) ?? ''

    assert.equal(total, 2)
    assert.doesNotMatch([...items, ...lines].join(), /"here"|key:ada/)
    assert.equal((await audit.list(elsewhere, { principal, limit: 10 })).total, 0)
  })

  it('shows what was refused until now', async (t) => {
    const { audit, denials } = await openAudit(t)
    const refused = {
      tenant: 'default',
      principal: 'key:eve',
      action: 'call.refuse',
      reason: 'hidden',
    } as const
    denials.note({ ...refused, target: { kind: 'agent', id: 'a-1' } })

    for (const asked of [{ principal: 'key:eve' }, { outcome: 'denied' }] as const) {
      const { items } = await audit.list(admin, { ...asked, limit: 10 })
      assert.deepEqual(
        shown(items).map(({ target, repeated }) => [target.id, repeated.count]),
        [['a-1', 1]],
      )
    }
  })

  it('is exported in whole chains of a time, many pages long', async (t) => {
    const { audit, store } = await openAudit(t)
    await store.append(Array.from({ length: 450 }, (_, n) => recordOf(ada, `k-${n}`, T0 + n)))

    const lines = shown(await linesOf(await audit.export(admin, { from: T0 + 100, to: T0 + 400 })))

    assert.deepEqual(
      lines.map(({ n }) => n),
      Array.from({ length: 300 }, (_, n) => n + 101),
    )
  })

  it('no longer says who a subject was once it is erased, and still lists what it did', async (t) => {
    const { audit, store } = await openAudit(t)
    await store.append([recordOf(ada, 'k-1')])
    const principal = (await store.findPseudonym('default', 'key:ada')) ?? ''

    await audit.erase(admin, 'key:ada')

    const { items } = await audit.list(admin, { limit: 10 })
    assert.doesNotMatch(items.join(), /key:ada/)
    const [entry] = shown((await audit.list(admin, { principal, limit: 10 })).items)
    assert.deepEqual([entry.target.id, entry.names], ['k-1', {}])
    const [erasure] = shown((await audit.list(admin, { action: 'audit.erase', limit: 10 })).items)
    assert.deepEqual(erasure.target, { kind: 'subject', id: principal })
  })

  it('no longer says whom somebody asked about, once they are erased', async (t) => {
    const { audit, store } = await openAudit(t)
    await store.append([recordOf(ada, 'k-1')])
    const of = (id: string) => ({ target: { kind: 'subject', id }, limit: 10 }) as const
    await audit.list(admin, of('key:ada'))
    await audit.list(admin, of('key:nobody'))
    const principal = (await store.findPseudonym('default', 'key:ada')) ?? ''

    await audit.erase(admin, 'key:ada')

    const { items } = await audit.list(admin, { limit: 10 })
    assert.doesNotMatch(items.join(), /key:ada|key:nobody/)
    assert.equal((await audit.list(admin, of(principal))).total, 1)
  })
})
