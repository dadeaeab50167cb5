import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { OPERATIONS, type Operation } from '../a2a/operation.ts'
import type { Grant } from '../access/grant.ts'
import type { Call } from '../access/principal.ts'
import { as, cardText } from '../registry/open-registry.case.ts'
import { alice, atOnce, fails, newTask, type OpenTasks, openTasks, request } from './open-tasks.case.ts'

const publisher = as('key:publisher')
const toAlice = { subject: 'key:alice' }

/** A task of Alice's with an agent that was open when she made it and is restricted now, and one with another. */
async function restricted(t: TestContext, right?: Pick<Grant, 'right' | 'operations'>) {
  const world = await openTasks(t)
  const { registry, tasks } = world
  const task = await newTask(world)
  await registry.register(publisher, { card: cardText({ name: 'Other' }), slug: 'other' })
  await tasks.sendMessage(alice, 'other', atOnce('elsewhere', { contextId: 'elsewhere' }), {})
  if (right !== undefined) await registry.createGrant(publisher, 'echo', { to: toAlice, ...right })
  await registry.update(publisher, 'echo', { visibility: 'restricted' })
  return { world, tasks, id: task.id, contextId: task.contextId ?? '' }
}

type Ask = (world: OpenTasks, call: Call, id: string) => Promise<unknown>

const PERFORM: Readonly<Partial<Record<Operation, Ask>>> = {
  SendMessage: ({ tasks }, call) => tasks.sendMessage(call, 'echo', atOnce('more'), {}),
  SendStreamingMessage: ({ tasks }, call) => tasks.sendStreamingMessage(call, 'echo', request('more'), {}),
  GetTask: ({ tasks }, call, id) => tasks.getTask(call, 'echo', { id }),
  ListTasks: ({ tasks }, call) => tasks.listTasks(call, 'echo', {}),
  CancelTask: ({ tasks }, call, id) => tasks.cancelTask(call, 'echo', { id }),
  SubscribeToTask: ({ tasks }, call, id) => tasks.subscribeToTask(call, 'echo', { id }),
}

/** What shows natively what an operation shows. */
const NATIVELY: readonly (readonly [Operation, Ask])[] = [
  ['GetTask', ({ tasks }, call, id) => tasks.get(call, id)],
  ['GetTask', ({ tasks }, call, id) => tasks.listEvents(call, id, 0, 10)],
  ['SubscribeToTask', ({ tasks }, call, id) => tasks.followEvents(call, id, 0)],
  ['ListTasks', ({ tasks }, call) => tasks.list(call, { limit: 10, agent: 'echo' })],
  ['ListTasks', ({ tasks }, call) => tasks.listContexts(call, { limit: 10, agent: 'echo' })],
]

describe('a task whose owner lost the agent', () => {
  it('is natively as one that never existed, alone and in every list and count', async (t) => {
    const { world, tasks, id, contextId } = await restricted(t)

    await assert.rejects(tasks.get(alice, id), fails('task_not_found'))
    await assert.rejects(tasks.listEvents(alice, id, 0, 10), fails('task_not_found'))
    await assert.rejects(tasks.followEvents(alice, id, 0), fails('task_not_found'))
    await assert.rejects(tasks.assertVisible(alice, id), fails('task_not_found'))
    await assert.rejects(tasks.list(alice, { limit: 10, agent: 'echo' }), fails('agent_not_found'))
    await assert.rejects(tasks.listHistory(alice, contextId, { limit: 10 }), fails('not_found'))
    const listed = await tasks.list(alice, { limit: 10 })
    assert.deepEqual([listed.items.length, listed.total], [1, 1])
    const contexts = await tasks.listContexts(alice, { limit: 10 })
    assert.deepEqual([contexts.items.map((context) => context.contextId), contexts.total], [['elsewhere'], 1])
    assert.equal((await tasks.listHistory(alice, 'elsewhere', { limit: 10 })).total, 1)

    const admin = as('key:admin', { scopes: new Set(['admin']) })
    assert.equal((await tasks.list(admin, { limit: 10 })).total, 2)
    await tasks.get(admin, id)
    await world.registry.createGrant(publisher, 'echo', { to: toAlice, right: 'invoke' })
    await tasks.get(alice, id)
    assert.equal((await tasks.list(alice, { limit: 10 })).total, 2)
  })

  it('is still theirs once the agent is gone', async (t) => {
    const { world, tasks, id } = await restricted(t)
    await world.registry.unregister(publisher, 'echo')

    await tasks.get(alice, id)
    assert.equal((await tasks.list(alice, { limit: 10 })).total, 2)
  })
})

describe('a grant that is limited to operations', () => {
  for (const granted of OPERATIONS) {
    it(`is good for ${granted}, and for nothing else, here and natively`, async (t) => {
      const { world, id } = await restricted(t, { right: 'invoke', operations: [granted] })

      for (const [operation, ask] of [...Object.entries(PERFORM), ...NATIVELY]) {
        if (operation === granted) await ask(world, alice, id)
        else await assert.rejects(ask(world, alice, id), fails('forbidden'), operation)
      }
      const mayList = granted === 'ListTasks'
      assert.equal((await world.tasks.list(alice, { limit: 10 })).total, mayList ? 2 : 1)
    })
  }
})
