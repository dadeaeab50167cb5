import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import type { ParleyError } from '../errors.ts'
import { as, cardText, type OpenRegistry, openRegistry } from './open-registry.case.ts'
import { agentChangesCheck } from './update-agent.ts'

const ada = as('key:ada')
const eve = as('key:eve')
const admin = as('key:root', { scopes: new Set(['admin']) })

const codeOf = (done: Promise<unknown>): Promise<string> =>
  done.then(
    () => 'ok',
    (reason: ParleyError) => reason.code,
  )

describe('an agent that is given to another owner', () => {
  let room: OpenRegistry
  const give = (owner: string, call = ada) => room.registry.update(call, 'echo-agent', { owner })
  beforeEach(async () => {
    room = await openRegistry()
    await room.registry.register(ada, { card: cardText() })
  })

  it('is theirs from then on, and no more its former owner’s', async () => {
    assert.equal((await give('eve')).owner, 'key:eve')
    assert.equal(await codeOf(give('key:ada')), 'forbidden')
    assert.equal((await room.registry.get(eve, 'echo-agent', 'manage')).version, 2)
    const { items } = await room.registry.search(ada, { filters: { owner: ['key:eve'] }, limit: 10 })
    assert.equal(items.length, 1)
  })

  it('takes its slug along, also once it is removed', async () => {
    await give('key:eve')
    const again = () => codeOf(room.registry.register(ada, { card: cardText(), slug: 'echo-agent' }))
    assert.equal(await again(), 'conflict')
    await room.registry.unregister(eve, 'echo-agent')
    assert.equal(await again(), 'conflict')
    assert.equal(await codeOf(room.registry.register(eve, { card: cardText(), slug: 'echo-agent' })), 'ok')
  })

  it('may become a group’s', async () => {
    await give('group:corp:ops')
    const member = as('corp:bob', { groups: ['corp:ops'] })
    assert.equal((await room.registry.get(member, 'echo-agent', 'manage')).owner, 'group:corp:ops')
    assert.equal(await codeOf(give('corp:bob', member)), 'ok')
  })

  it('is given by its owner or an admin, and by no one with a grant to manage it', async () => {
    await room.registry.createGrant(ada, 'echo-agent', { to: { subject: 'key:eve' }, right: 'manage' })
    assert.equal(await codeOf(give('key:eve', eve)), 'forbidden')
    assert.equal(await codeOf(give('key:ada', eve)), 'ok')
    assert.equal((await give('key:eve', admin)).owner, 'key:eve')
  })

  it('has an owner that can be one', () => {
    for (const owner of [
      'ada',
      'key:ada',
      'corp:ada@example.com',
      'group:corp:ops',
      'group:corp:All staff',
    ]) {
      assert.deepEqual(agentChangesCheck.violations({ owner }), [], owner)
    }
    for (const owner of ['', ' ', 'two words', 'Corp:ada', 'group:ops', 'group:ops all']) {
      assert.equal(agentChangesCheck.violations({ owner }).length, 1, owner)
    }
  })
})
