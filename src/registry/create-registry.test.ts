import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import { newUuid } from '../a2a/ids.ts'
import { ANONYMOUS } from '../access/principal.ts'
import { as, callBy, cardText, type OpenRegistry, openRegistry } from './open-registry.case.ts'

const ada = as('key:ada')
const eve = as('key:eve')
const admin = as('key:root', { scopes: new Set(['admin']) })
const anonymous = callBy(ANONYMOUS)
const missing = { name: 'ParleyError', code: 'agent_not_found', message: 'Agent not found', details: {} }

describe('registry', () => {
  let room: OpenRegistry
  beforeEach(async () => {
    room = await openRegistry()
  })

  const register = async (visibility: 'public' | 'tenant' | 'restricted') =>
    (await room.registry.register(ada, { card: cardText(), slug: visibility, visibility })).agent

  it('gets an agent by its id or by its slug in the caller’s tenant', async () => {
    const agent = await register('tenant')
    const stranger = as('key:ada', { tenant: 'acme' })

    assert.deepEqual(await room.registry.get(eve, agent.id, 'invoke'), agent)
    assert.deepEqual(await room.registry.get(eve, 'tenant', 'invoke'), agent)
    for (const ref of [agent.id, 'tenant']) {
      await assert.rejects(room.registry.get(stranger, ref, 'discover'), missing)
    }
  })

  it('answers for what is hidden exactly as for what never existed', async () => {
    const agent = await register('restricted')
    const never = [newUuid(), 'never', '', 'NEVER', '#/%\'"', '../x', 'x'.repeat(1000)]

    for (const ref of [agent.id, 'restricted', ...never]) {
      for (const action of ['discover', 'invoke', 'manage', 'beat'] as const) {
        await assert.rejects(room.registry.get(eve, ref, action), missing)
      }
      await assert.rejects(room.registry.unregister(eve, ref), missing)
      await assert.rejects(room.registry.heartbeat(eve, ref), missing)
    }
    assert.deepEqual(await room.registry.get(admin, agent.id, 'manage'), agent)
  })

  it('names a missing scope without telling whether the agent exists', async () => {
    const agent = await register('public')
    const reader = as('key:eve', { scopes: new Set(['agents:read']) })

    for (const call of [reader, anonymous]) {
      for (const ref of [agent.id, 'never']) {
        await assert.rejects(room.registry.get(call, ref, 'invoke'), {
          code: 'forbidden',
          message: 'This takes the scope tasks:submit',
        })
      }
    }
  })

  it('shows anonymous callers public agents only', async () => {
    const agent = await register('public')
    await register('tenant')

    assert.deepEqual(await room.registry.get(anonymous, 'public', 'discover'), agent)
    await assert.rejects(room.registry.get(anonymous, 'tenant', 'discover'), missing)
  })

  it('removes an agent for those who may manage it', async () => {
    const agent = await register('tenant')

    await assert.rejects(room.registry.unregister(eve, agent.id), { code: 'forbidden' })
    await room.registry.unregister(ada, 'tenant')
    await assert.rejects(room.registry.get(ada, agent.id, 'discover'), missing)
    await assert.rejects(room.registry.unregister(ada, agent.id), missing)
    assert.deepEqual(room.log.slice(1), ['removed by key:ada'])
  })

  it('removes an agent that is changed meanwhile', async () => {
    let changed = false
    const { registry } = await openRegistry({
      wrap: (agents) => ({
        ...agents,
        async commit(commit) {
          if (commit.removed !== true || changed) return agents.commit(commit)
          changed = true
          const { agent } = commit
          await agents.commit({ agent, expectedVersion: agent.version - 1 })
          return agents.commit(commit)
        },
      }),
    })
    const { agent } = await registry.register(ada, { card: cardText() })
    await registry.unregister(ada, agent.id)

    assert.equal(await registry.find(agent.id), undefined)
  })
})
