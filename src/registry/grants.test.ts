import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import { newUuid } from '../a2a/ids.ts'
import type { AuditRecord } from '../access/audit/audit-record.ts'
import type { Call } from '../access/principal.ts'
import type { Agent } from './agent.ts'
import { as, cardText, type OpenRegistry, openRegistry } from './open-registry.case.ts'

const ada = as('key:ada')
const eve = as('corp:eve', { groups: ['corp:ops'] })
const admin = as('key:root', { scopes: new Set(['admin']) })
const missing = { name: 'ParleyError', code: 'agent_not_found', message: 'Agent not found', details: {} }
const toEve = { to: { subject: 'corp:eve' } } as const

describe('grants of an agent', () => {
  let room: OpenRegistry
  let agent: Agent
  beforeEach(async () => {
    room = await openRegistry()
    const registration = { card: cardText(), slug: 'secret', visibility: 'restricted' } as const
    agent = (await room.registry.register(ada, registration)).agent
  })

  const names = async (call: Call) => {
    const { items, total } = await room.registry.search(call, { limit: 10 })
    assert.equal(total, items.length)
    return items.map(({ slug }) => slug)
  }

  it('open it from one call to the next, and close it again', async () => {
    const { registry } = room
    assert.deepEqual(await names(eve), [])
    const { grant, created } = await registry.createGrant(ada, 'secret', { ...toEve, right: 'discover' })
    assert.equal(created, true)
    assert.equal(grant.createdBy, 'key:ada')
    assert.deepEqual(await names(eve), ['secret'])
    await assert.rejects(registry.get(eve, 'secret', 'invoke'), { code: 'forbidden' })
    await registry.createGrant(admin, 'secret', { to: { group: 'corp:ops' }, right: 'invoke' })
    assert.equal((await registry.get(eve, 'secret', 'invoke')).id, agent.id)
    assert.equal((await registry.listGrants(ada, agent.id)).length, 2)

    for (const { id } of await registry.listGrants(admin, 'secret'))
      await registry.deleteGrant(ada, 'secret', id)
    assert.deepEqual(await names(eve), [])
    await assert.rejects(registry.get(eve, 'secret', 'discover'), missing)
  })

  it('are made once, and change neither the card nor when it changed', async () => {
    room.clock.now += 1000
    const wanted = { ...toEve, right: 'invoke', operations: ['SendMessage'] } as const
    const first = await room.registry.createGrant(ada, 'secret', wanted)
    const again = await room.registry.createGrant(admin, agent.id, wanted)

    assert.deepEqual(again, { grant: first.grant, created: false })
    const after = await room.registry.get(ada, 'secret', 'manage')
    assert.deepEqual([after.version, after.updatedAt], [agent.version + 1, agent.updatedAt])
    const [before, now] = await Promise.all([agent, after].map((a) => room.registry.publishedCard(a, 'v1')))
    assert.equal(now?.digest, before?.digest)
    assert.equal(now?.modifiedAt, before?.modifiedAt)
  })

  it('stay when the agent is registered anew', async () => {
    await room.registry.createGrant(ada, 'secret', { ...toEve, right: 'invoke' })
    await room.registry.register(ada, { card: cardText({ version: '2' }), slug: 'secret' })

    assert.equal((await room.registry.get(eve, 'secret', 'invoke')).visibility, 'restricted')
  })

  it('are nothing to those who may not manage the agent, whom a hidden one does not exist for', async () => {
    const asks = [
      (call: Call, ref: string) => room.registry.listGrants(call, ref),
      (call: Call, ref: string) => room.registry.createGrant(call, ref, { ...toEve, right: 'manage' }),
      (call: Call, ref: string) => room.registry.deleteGrant(call, ref, newUuid()),
      (call: Call, ref: string) => room.registry.update(call, ref, { visibility: 'public' }),
    ]
    for (const ask of asks) {
      for (const ref of ['secret', agent.id, 'never']) await assert.rejects(ask(eve, ref), missing)
    }
    await room.registry.createGrant(ada, 'secret', { ...toEve, right: 'invoke' })
    for (const ask of asks) {
      await assert.rejects(ask(eve, 'secret'), { code: 'forbidden' })
      await assert.rejects(ask(as('corp:eve', { scopes: new Set(['agents:read']) }), 'secret'), {
        code: 'forbidden',
        details: { scope: 'agents:write' },
      })
    }
  })

  it('of manage make their holder as good as its owner, who stays who it is', async () => {
    await room.registry.createGrant(ada, 'secret', { to: { group: 'corp:ops' }, right: 'manage' })

    await room.registry.heartbeat(eve, 'secret')
    const registration = { card: cardText({ version: '2' }), slug: 'secret', owner: 'key:ada' }
    const { agent: updated, created } = await room.registry.register(eve, registration)
    assert.deepEqual([updated.owner, updated.id, created], ['key:ada', agent.id, false])
    const mine = room.registry.register(eve, { ...registration, owner: 'corp:eve' })
    await assert.rejects(mine, { code: 'conflict' })
    const other = room.registry.register(eve, { ...registration, slug: 'other' })
    await assert.rejects(other, { code: 'forbidden' })
    await room.registry.unregister(eve, 'secret')
    await assert.rejects(room.registry.register(eve, registration), { code: 'forbidden' })
  })

  it('are in the audit log, with who got them apart from the facts', async () => {
    const told: AuditRecord[] = []
    const { registry } = await openRegistry({
      wrap: (agents) => ({
        ...agents,
        async commit(commit) {
          told.push(...(commit.audit ?? []))
          return agents.commit(commit)
        },
      }),
    })
    await registry.register(ada, { card: cardText(), slug: 'echo' })
    told.length = 0
    const { grant } = await registry.createGrant(ada, 'echo', { ...toEve, right: 'invoke' })
    await registry.deleteGrant(ada, 'echo', grant.id)
    await registry.update(ada, 'echo', { visibility: 'public' })

    assert.deepEqual(
      told.map(({ action, target, principal }) => [action, target.kind, principal]),
      [
        ['grant.create', 'grant', 'key:ada'],
        ['grant.delete', 'grant', 'key:ada'],
        ['agent.update', 'agent', 'key:ada'],
      ],
    )
    assert.deepEqual(told[0]?.subjects, { to: 'corp:eve' })
    assert.ok(!JSON.stringify(told[0]?.details).includes('eve'))
  })

  it('are at most 200', async () => {
    for (let n = 0; n < 200; n++) {
      await room.registry.createGrant(ada, 'secret', { to: { subject: `corp:${n}` }, right: 'discover' })
    }
    await assert.rejects(room.registry.createGrant(ada, 'secret', { ...toEve, right: 'discover' }), {
      code: 'conflict',
    })
    const again = { to: { subject: 'corp:7' }, right: 'discover' } as const
    assert.equal((await room.registry.createGrant(ada, 'secret', again)).created, false)
    await assert.rejects(room.registry.deleteGrant(ada, 'secret', newUuid()), { code: 'not_found' })
  })

  it('are all kept when many are made at once', async () => {
    const subjects = Array.from({ length: 5 }, (_, n) => `corp:${n}`)
    await Promise.all(
      subjects.map((subject) =>
        room.registry.createGrant(ada, 'secret', { to: { subject }, right: 'discover' }),
      ),
    )

    const kept = (await room.registry.listGrants(ada, 'secret')).map(({ to }) => to)
    assert.deepEqual(new Set(kept), new Set(subjects.map((subject) => ({ subject }))))
  })
})

describe('the visibility of an agent', () => {
  it('changes without its card, and says when', async () => {
    const { registry, clock } = await openRegistry()
    const { agent } = await registry.register(ada, { card: cardText(), slug: 'echo' })
    clock.now += 1000
    const hidden = await registry.update(ada, 'echo', { visibility: 'restricted' })

    assert.deepEqual([hidden.visibility, hidden.updatedAt], ['restricted', agent.updatedAt + 1000])
    await assert.rejects(registry.get(eve, 'echo', 'discover'), missing)
    assert.deepEqual(await registry.update(ada, 'echo', { visibility: 'restricted' }), hidden)
    assert.deepEqual(await registry.update(ada, 'echo', {}), hidden)
    await registry.update(ada, 'echo', { visibility: 'tenant' })
    assert.equal((await registry.get(eve, 'echo', 'invoke')).id, agent.id)
  })
})
