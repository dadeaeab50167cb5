import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Call } from '../access/principal.ts'
import { ParleyError } from '../errors.ts'
import { as, cardText } from '../registry/open-registry.case.ts'
import {
  alice,
  artifact,
  atOnce,
  bob,
  newTask,
  type OpenTasks,
  openTasks,
  request,
  WORKING,
} from './open-tasks.case.ts'

type Ask = (world: OpenTasks, call: Call, id: string) => Promise<unknown>

/** Every way to name a task. */
const ASKS: Readonly<Record<string, Ask>> = {
  getTask: ({ tasks }, call, id) => tasks.getTask(call, 'echo', { id }),
  cancelTask: ({ tasks }, call, id) => tasks.cancelTask(call, 'echo', { id }),
  subscribeToTask: ({ tasks }, call, id) => tasks.subscribeToTask(call, 'echo', { id }),
  'subscribeToTask, resumed': ({ tasks }, call, id) =>
    tasks.subscribeToTask(call, 'echo', { id, afterSeq: 99 }),
  'sendMessage with taskId': ({ tasks }, call, id) =>
    tasks.sendMessage(call, 'echo', atOnce('x', { taskId: id, contextId: 'elsewhere' }), {}),
  'sendMessage with a reference': ({ tasks }, call, id) =>
    tasks.sendMessage(call, 'echo', atOnce('x', { referenceTaskIds: [id] }), {}),
  'sendStreamingMessage with taskId': ({ tasks }, call, id) =>
    tasks.sendStreamingMessage(call, 'echo', request('x', { message: { taskId: id } }), {}),
  get: ({ tasks }, call, id) => tasks.get(call, id),
  listEvents: ({ tasks }, call, id) => tasks.listEvents(call, id, 0, 10),
  followEvents: ({ tasks }, call, id) => tasks.followEvents(call, id, 0),
}

/** Everything an error says, with the id that was asked for taken out. */
async function refusalOf(ask: Ask, world: OpenTasks, call: Call, id: string): Promise<string> {
  try {
    await ask(world, call, id)
  } catch (error) {
    assert.ok(error instanceof ParleyError, String(error))
    const { code, message, details, violations, retryAfterMs } = error
    return JSON.stringify({ code, message, details, violations, retryAfterMs }).replaceAll(id, '<id>')
  }
  throw new assert.AssertionError({ message: 'a refusal is expected' })
}

const foreign: Readonly<Record<string, Call>> = {
  'another subject': bob,
  'the same subject of another tenant': as('key:alice', { tenant: 'other' }),
  'an empty subject': as(''),
}

describe('a task of somebody else', () => {
  for (const [name, ask] of Object.entries(ASKS)) {
    it(`is, to ${name}, exactly as one that never existed`, async (t) => {
      const world = await openTasks(t)
      const { id } = await newTask(world)
      await world.agentSays(id, WORKING, artifact('a', 'x'))

      for (const [who, call] of Object.entries(foreign)) {
        const expected = await refusalOf(ask, world, call, 'no-such-task')
        assert.equal(await refusalOf(ask, world, call, id), expected, who)
      }
      const events = await world.tasks.listEvents(alice, id, 0, 10)
      assert.equal(events.total, 3)
    })
  }

  it('is in no list, count or conversation', async (t) => {
    const world = await openTasks(t)
    await newTask(world, alice, 'secret', { contextId: 'shared name' })

    const listed = JSON.parse(
      await world.tasks.listTasks(bob, 'echo', { contextId: 'shared name' }),
    ) as object
    assert.deepEqual(listed, { tasks: [], nextPageToken: '', pageSize: 50, totalSize: 0 })
    assert.equal((await world.tasks.list(bob, { limit: 10 })).total, 0)
    assert.equal((await world.tasks.listContexts(bob, { limit: 10 })).total, 0)
    await assert.rejects(
      world.tasks.listHistory(bob, 'shared name', { limit: 10 }),
      (error) => error instanceof ParleyError && error.code === 'not_found',
    )
  })

  it('does not meet a context of the same name', async (t) => {
    const world = await openTasks(t)
    await newTask(world, alice, 'of alice', { contextId: 'same' })
    await newTask(world, bob, 'of bob', { contextId: 'same' })

    const { items } = await world.tasks.listHistory(bob, 'same', { limit: 10 })

    assert.equal(items.length, 1)
    assert.match(items[0] ?? '', /of bob/)
  })
})

describe('a task with another agent', () => {
  it('is not found through this one', async (t) => {
    const world = await openTasks(t)
    await world.registry.register(as('key:publisher'), { card: cardText({ name: 'Other' }), slug: 'other' })
    const { id } = await newTask(world)

    for (const ask of [
      world.tasks.getTask(alice, 'other', { id }),
      world.tasks.cancelTask(alice, 'other', { id }),
      world.tasks.sendMessage(alice, 'other', atOnce('x', { taskId: id }), {}),
    ]) {
      await assert.rejects(ask, (error) => error instanceof ParleyError && error.code === 'task_not_found')
    }
  })
})

describe('an admin', () => {
  const admin = as('key:admin', { scopes: new Set(['admin']) })

  it('sees the tasks of its tenant natively, and none over A2A', async (t) => {
    const world = await openTasks(t)
    const { id } = await newTask(world)

    assert.equal((await world.tasks.list(admin, { limit: 10 })).total, 1)
    assert.match(await world.tasks.get(admin, id), /TASK_STATE_SUBMITTED/)
    await assert.rejects(
      world.tasks.getTask(admin, 'echo', { id }),
      (error) => error instanceof ParleyError && error.code === 'task_not_found',
    )
  })

  it('sees nothing of another tenant', async (t) => {
    const world = await openTasks(t)
    const { id } = await newTask(world)
    const stranger = as('key:admin', { tenant: 'other', scopes: new Set(['admin']) })

    assert.equal((await world.tasks.list(stranger, { limit: 10 })).total, 0)
    await assert.rejects(
      world.tasks.get(stranger, id),
      (error) => error instanceof ParleyError && error.code === 'task_not_found',
    )
  })
})

describe('a principal without the scope', () => {
  const nobody = as('key:alice', { scopes: new Set(['agents:read']) })

  it('is told so before anything is looked for', async (t) => {
    const world = await openTasks(t)
    const { id } = await newTask(world)

    for (const [name, ask] of Object.entries(ASKS)) {
      const refusal = await refusalOf(ask, world, nobody, id)
      assert.match(refusal, /"code":"forbidden"/, name)
      assert.equal(refusal, await refusalOf(ask, world, nobody, 'no-such-task'), name)
    }
  })
})
