import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  alice,
  artifact,
  atOnce,
  COMPLETED,
  fails,
  newTask,
  openTasks,
  parsedTask,
  status,
  WORKING,
} from './open-tasks.case.ts'

describe('the list of tasks', () => {
  it('filters by agent, context and state, and pages', async (t) => {
    const world = await openTasks(t)
    const one = await newTask(world, alice, 'one', { contextId: 'c1' })
    world.clock.now++
    await newTask(world, alice, 'two', { contextId: 'c2' })
    world.clock.now++
    await world.agentSays(one.id, COMPLETED)
    const ids = async (query: object) =>
      (await world.tasks.list(alice, { limit: 10, ...query })).items.map((text) => parsedTask(text).contextId)

    assert.deepEqual(await ids({}), ['c1', 'c2'])
    assert.deepEqual(await ids({ agent: 'echo', contextId: 'c2' }), ['c2'])
    assert.deepEqual(await ids({ state: 'TASK_STATE_COMPLETED' }), ['c1'])
    await assert.rejects(ids({ state: 'done' }), fails('invalid_params'))
    await assert.rejects(ids({ agent: 'nobody' }), fails('agent_not_found'))

    const first = await world.tasks.list(alice, { limit: 1 })
    const second = await world.tasks.list(alice, { limit: 1, cursor: first.nextCursor ?? '' })
    assert.deepEqual([first.total, second.total, second.nextCursor], [2, 2, undefined])
    assert.notEqual(first.items[0], second.items[0])
  })

  it('shows tasks without artifacts and history', async (t) => {
    const world = await openTasks(t)
    const { id } = await newTask(world)
    await world.agentSays(id, artifact('a', 'x'), COMPLETED)

    const [item = ''] = (await world.tasks.list(alice, { limit: 10 })).items

    assert.deepEqual(Object.keys(parsedTask(item)), ['id', 'contextId', 'status'])
    assert.equal(parsedTask(await world.tasks.get(alice, id)).artifacts?.length, 1)
  })
})

describe('the events of a task', () => {
  it('are listed after a seq, page by page, and followed live', async (t) => {
    const world = await openTasks(t)
    const { id } = await newTask(world)
    await world.agentSays(id, WORKING, artifact('a', 'x'))
    const seqs = (items: readonly string[]) => items.map((text) => (JSON.parse(text) as { seq: number }).seq)

    const first = await world.tasks.listEvents(alice, id, 0, 2)
    assert.deepEqual([seqs(first.items), first.total, first.nextCursor], [[1, 2], 3, '2'])
    const second = await world.tasks.listEvents(alice, id, 2, 2)
    assert.deepEqual([seqs(second.items), second.nextCursor], [[3], undefined])
    assert.deepEqual((await world.tasks.listEvents(alice, id, 99, 2)).items, [])

    const followed = await world.tasks.followEvents(alice, id, 1)
    await world.agentSays(id, COMPLETED)
    const live: number[] = []
    for await (const { seq } of followed) live.push(seq)
    assert.deepEqual(live, [2, 3, 4])
  })
})

describe('a conversation', () => {
  it('is the messages of all its tasks, oldest first, page by page', async (t) => {
    const world = await openTasks(t)
    const one = await newTask(world, alice, 'first', { contextId: 'c' })
    world.clock.now += 10
    await world.agentSays(one.id, status('TASK_STATE_INPUT_REQUIRED', 'which?'), artifact('a', 'x'))
    world.clock.now += 10
    const two = await newTask(world, alice, 'second', { contextId: 'c' })
    world.clock.now += 10
    await world.tasks.sendMessage(alice, 'echo', atOnce('this', { taskId: one.id }), {})
    await world.agentSays(two.id, WORKING, status('TASK_STATE_COMPLETED', 'done'))
    await newTask(world, alice, 'elsewhere', { contextId: 'd' })

    const said: string[] = []
    let cursor: string | undefined
    do {
      const page = await world.tasks.listHistory(alice, 'c', {
        limit: 2,
        agent: 'echo',
        ...(cursor === undefined ? {} : { cursor }),
      })
      for (const item of page.items) {
        const { message } = JSON.parse(item) as { message: { parts: { text: string }[] } }
        said.push(message.parts[0]?.text ?? '')
      }
      cursor = page.nextCursor
    } while (cursor !== undefined)

    assert.deepEqual(said, ['first', 'which?', 'second', 'this', 'done'])
  })

  it('is listed by its last message, newest first', async (t) => {
    const world = await openTasks(t)
    await newTask(world, alice, 'x', { contextId: 'a' })
    world.clock.now += 10
    await newTask(world, alice, 'y', { contextId: 'b' })
    world.clock.now += 10
    await newTask(world, alice, 'z', { contextId: 'a' })

    const first = await world.tasks.listContexts(alice, { limit: 1 })
    const second = await world.tasks.listContexts(alice, { limit: 1, cursor: first.nextCursor ?? '' })

    assert.deepEqual(
      [...first.items, ...second.items].map(({ contextId }) => contextId),
      ['a', 'b'],
    )
    assert.deepEqual([first.total, second.nextCursor], [2, undefined])
    const [newest] = first.items
    assert.equal(Date.parse(newest?.lastAt ?? '') - Date.parse(newest?.createdAt ?? ''), 20)
  })
})
