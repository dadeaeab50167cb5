import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { ListTasksRequest } from '../a2a/requests.ts'
import type { ListTasksResponse, Task } from '../a2a/task.ts'
import {
  alice,
  artifact,
  bob,
  COMPLETED,
  fails,
  newTask,
  type OpenTasks,
  openTasks,
  parsedTask,
  status,
  T0,
  WORKING,
} from './open-tasks.case.ts'

const list = async (world: OpenTasks, request: ListTasksRequest = {}, call = alice) =>
  JSON.parse(await world.tasks.listTasks(call, 'echo', request)) as ListTasksResponse

const texts = (tasks: readonly Task[]) => tasks.map(({ history }) => history?.[0]?.parts[0]?.text)

/** Tasks named by their message, one millisecond apart. */
async function tasksOf(world: OpenTasks, ...names: string[]): Promise<readonly Task[]> {
  const tasks: Task[] = []
  for (const name of names) {
    world.clock.now++
    tasks.push(await newTask(world, alice, name, { contextId: `context of ${name}` }))
  }
  return tasks
}

describe('GetTask', () => {
  it('gives the task as it stands, history cut to the newest', async (t) => {
    const world = await openTasks(t)
    const { id } = await newTask(world)
    await world.agentSays(id, status('TASK_STATE_WORKING', 'one'), status('TASK_STATE_WORKING', 'two'))
    await world.agentSays(id, artifact('a', 'x'), status('TASK_STATE_COMPLETED', 'three'))
    const history = async (historyLength?: number) => {
      const text = await world.tasks.getTask(alice, 'echo', {
        id,
        ...(historyLength === undefined ? {} : { historyLength }),
      })
      return parsedTask(text).history?.map(({ parts }) => parts[0]?.text)
    }

    assert.deepEqual(await history(), ['hello', 'one', 'two'])
    assert.deepEqual(await history(2), ['one', 'two'])
    assert.deepEqual(await history(1), ['two'])
    assert.deepEqual(await history(99), ['hello', 'one', 'two'])
    assert.equal(await history(0), undefined)
  })

  it('gives the same task whether the log is read whole or in parts', async (t) => {
    const world = await openTasks(t)
    const { id } = await newTask(world)
    const chunk = 'x'.repeat(100_000)
    await world.agentSays(id, status('TASK_STATE_WORKING', 'one'), artifact('a', chunk), artifact('b', 'b'))
    await world.agentSays(id, artifact('a', chunk, { append: true }), artifact('c', 'old'))
    await world.agentSays(id, artifact('c', chunk), artifact('a', 'end', { append: true }), COMPLETED)

    const task = parsedTask(await world.tasks.getTask(alice, 'echo', { id }))

    const shown = task.artifacts?.map(({ artifactId, parts }) => [artifactId, parts.map(({ text }) => text)])
    assert.deepEqual(shown, [
      ['a', [chunk, chunk, 'end']],
      ['b', ['b']],
      ['c', [chunk]],
    ])
    assert.equal(task.history?.length, 2)
  })
})

describe('ListTasks', () => {
  it('ends a page early when its tasks are large together, and loses none', async (t) => {
    const world = await openTasks(t)
    for (const task of await tasksOf(world, 'a', 'b', 'c', 'd')) {
      await world.agentSays(task.id, artifact('large', 'x'.repeat(4_000_000)))
    }

    const first = await list(world, { includeArtifacts: true })
    const second = await list(world, { includeArtifacts: true, pageToken: first.nextPageToken })

    assert.deepEqual([texts(first.tasks), texts(second.tasks)], [['d', 'c', 'b'], ['a']])
    assert.equal(second.nextPageToken, '')
    assert.equal((await list(world)).tasks.length, 4)
  })

  it('gives the latest status change first, by id where two changed at once', async (t) => {
    const world = await openTasks(t)
    const [first] = await tasksOf(world, 'a', 'b', 'c')
    world.clock.now++
    await world.agentSays(first?.id ?? '', WORKING)
    const shown = await list(world)
    assert.deepEqual(texts(shown.tasks), ['a', 'c', 'b'])

    const equal = await openTasks(t)
    const same = await Promise.all(['x', 'y', 'z'].map((name) => newTask(equal, alice, name)))
    const ids = (await list(equal)).tasks.map(({ id }) => id)
    assert.deepEqual(
      ids,
      same
        .map(({ id }) => id)
        .toSorted()
        .toReversed(),
    )
  })

  it('is empty in every member it must have', async (t) => {
    const world = await openTasks(t)

    assert.deepEqual(await list(world), { tasks: [], nextPageToken: '', pageSize: 50, totalSize: 0 })
    assert.equal((await list(world, { contextId: 'unknown' })).totalSize, 0)
  })

  it('leaves artifacts out unless asked for', async (t) => {
    const world = await openTasks(t)
    const { id } = await newTask(world)
    await world.agentSays(id, artifact('a', 'x'), COMPLETED)

    const [bare] = (await list(world)).tasks
    const [full] = (await list(world, { includeArtifacts: true })).tasks

    assert.equal(Object.hasOwn(bare ?? {}, 'artifacts'), false)
    assert.equal(full?.artifacts?.length, 1)
    assert.equal((await list(world, { historyLength: 0 })).tasks[0]?.history, undefined)
  })

  it('filters by context, state and time, and counts what it filters', async (t) => {
    const world = await openTasks(t)
    const [a, b] = await tasksOf(world, 'a', 'b', 'c')
    await world.agentSays(a?.id ?? '', WORKING)
    await world.agentSays(b?.id ?? '', COMPLETED)
    const shown = async (request: ListTasksRequest) => {
      const { tasks, totalSize } = await list(world, request)
      assert.equal(totalSize, tasks.length)
      return texts(tasks).toSorted()
    }

    assert.deepEqual(await shown({ contextId: 'context of b' }), ['b'])
    assert.deepEqual(await shown({ status: 'TASK_STATE_SUBMITTED' }), ['c'])
    assert.deepEqual(await shown({ status: 'TASK_STATE_UNSPECIFIED' }), ['a', 'b', 'c'])
    assert.deepEqual(await shown({ status: 'TASK_STATE_WORKING', contextId: 'context of b' }), [])
  })

  it('takes statusTimestampAfter as from that instant on, in any time zone', async (t) => {
    const world = await openTasks(t)
    const [, second] = await tasksOf(world, 'a', 'b', 'c')
    const at = second?.status.timestamp ?? ''
    const shown = async (statusTimestampAfter: string) =>
      texts((await list(world, { statusTimestampAfter })).tasks)

    assert.deepEqual(await shown(at), ['c', 'b'])
    const local = new Date(T0 + 2 + 7_200_000).toISOString().replace('Z', '+02:00')
    assert.deepEqual(await shown(local), ['c', 'b'])
    await assert.rejects(
      list(world, { statusTimestampAfter: '2025-06-30T23:59:60Z' }),
      fails('invalid_params'),
    )
  })

  it('pages through everything once, whatever the page size, also while tasks change', async (t) => {
    const world = await openTasks(t)
    const names = Array.from({ length: 12 }, (_, index) => `t${index}`)
    await tasksOf(world, ...names)

    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 13 }), async (pageSize) => {
        const seen: unknown[] = []
        let pageToken = ''
        do {
          const page = await list(world, { pageSize, pageToken })
          assert.deepEqual([page.totalSize, page.pageSize], [12, pageSize])
          seen.push(...texts(page.tasks))
          pageToken = page.nextPageToken
        } while (pageToken !== '')
        assert.deepEqual(seen, names.toReversed())
      }),
      { numRuns: 13 },
    )

    const first = await list(world, { pageSize: 4 })
    await tasksOf(world, 'new')
    const second = await list(world, { pageSize: 20, pageToken: first.nextPageToken })
    assert.deepEqual(texts(second.tasks), names.toReversed().slice(4))
  })

  it('refuses a page token of another caller, another filter, or of nobody', async (t) => {
    const world = await openTasks(t)
    await tasksOf(world, 'a', 'b')
    const { nextPageToken } = await list(world, { pageSize: 1 })
    const next = (request: ListTasksRequest, call = alice) =>
      list(world, { pageToken: nextPageToken, ...request }, call)

    assert.deepEqual(texts((await next({})).tasks), ['a'])
    await assert.rejects(next({}, bob), fails('invalid_params'))
    await assert.rejects(next({ contextId: 'context of a' }), fails('invalid_params'))
    await assert.rejects(next({ pageToken: `${nextPageToken.slice(0, -2)}AA` }), fails('invalid_params'))
    await assert.rejects(next({ pageToken: 'made up' }), fails('invalid_params'))
  })
})
