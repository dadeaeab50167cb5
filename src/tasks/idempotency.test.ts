import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  alice,
  artifact,
  atOnce,
  bob,
  COMPLETED,
  fails,
  gists,
  openTasks,
  request,
  status,
  taskOf,
  WORKING,
} from './open-tasks.case.ts'

const key = { idempotencyKey: 'order-7' }

const totalOf = async (world: Awaited<ReturnType<typeof openTasks>>): Promise<number> =>
  (await world.tasks.list(alice, { limit: 100 })).total

describe('a repeated Idempotency-Key', () => {
  it('gives twenty sends at once one task and equal answers', async (t) => {
    const world = await openTasks(t)
    const send = () => world.tasks.sendMessage(alice, 'echo', atOnce('go'), key)

    const answers = await Promise.all(Array.from({ length: 20 }, send))

    assert.equal(new Set(answers).size, 1)
    assert.equal(await totalOf(world), 1)
  })

  it('joins the wait of the first', async (t) => {
    const world = await openTasks(t)
    const send = () => world.tasks.sendMessage(alice, 'echo', request('go'), key)
    const answers = Array.from({ length: 5 }, send)
    const { id } = await world.until((head) => head.phase === 'undecided')

    await world.agentSays(id, WORKING, artifact('a', 'x'), COMPLETED)

    assert.equal(new Set(await Promise.all(answers)).size, 1)
    assert.equal(await totalOf(world), 1)
  })

  it('gets the answer of the first again, however far the task has come', async (t) => {
    const world = await openTasks(t)
    const send = () => world.tasks.sendMessage(alice, 'echo', request('go'), key)
    const first = send()
    const { id } = await world.until((head) => head.phase === 'undecided')
    await world.agentSays(id, status('TASK_STATE_INPUT_REQUIRED', 'Which?'))
    const answer = await first
    await world.tasks.sendMessage(alice, 'echo', atOnce('blue', { taskId: id }), {})
    await world.agentSays(id, COMPLETED)

    assert.equal(await send(), answer)
    assert.equal(taskOf(answer).status.state, 'TASK_STATE_INPUT_REQUIRED')
  })

  it('gets the SUBMITTED task again from a send that did not wait', async (t) => {
    const world = await openTasks(t)
    const send = () => world.tasks.sendMessage(alice, 'echo', atOnce('go'), key)
    const answer = await send()
    await world.agentSays(taskOf(answer).id, WORKING, COMPLETED)

    assert.equal(await send(), answer)
  })

  it('gets the answer again that a wait which was over gave', async (t) => {
    const world = await openTasks(t, { limits: { maxWaitMs: 1 } })
    const send = () => world.tasks.sendMessage(alice, 'echo', request('go'), key)
    const answer = await send()
    await world.agentSays(taskOf(answer).id, COMPLETED)

    assert.equal(await send(), answer)
  })

  it('gets that answer also when it joined before the wait was over', async (t) => {
    const limits = { maxWaitMs: 60_000 }
    const first = await openTasks(t, { limits })
    const short = { ...first.deps, limits: { ...first.deps.limits, maxWaitMs: 1 } }
    const { createTasks } = await import('./create-tasks.ts')
    const send = (tasks: typeof first.tasks) => tasks.sendMessage(alice, 'echo', request('go'), key)

    const answer = send(createTasks(short))
    await first.until((head) => head.phase === 'undecided')
    const joined = send(first.tasks)
    const task = taskOf(await answer)
    await first.agentSays(task.id, WORKING, COMPLETED)

    assert.deepEqual(taskOf(await joined), task)
    assert.deepEqual(taskOf(await send(first.tasks)), task)
  })

  it('joins the stream of the first from its beginning', async (t) => {
    const world = await openTasks(t)
    const send = async () => gists(await world.tasks.sendStreamingMessage(alice, 'echo', request('go'), key))
    const streams = [send(), send()]
    const { id } = await world.until((head) => head.phase === 'undecided')

    await world.agentSays(id, WORKING)
    await world.agentSays(id, COMPLETED)

    const [one, two] = await Promise.all(streams)
    assert.deepEqual(one, ['1 task SUBMITTED', '2 WORKING', '3 COMPLETED'])
    assert.deepEqual(two, one)
    assert.deepEqual(await send(), one)
  })

  it('is a conflict with a different request', async (t) => {
    const world = await openTasks(t)
    await world.tasks.sendMessage(alice, 'echo', atOnce('go'), key)

    const other = world.tasks.sendMessage(alice, 'echo', atOnce('something else'), key)

    await assert.rejects(other, fails('idempotency_conflict'))
    assert.equal(await totalOf(world), 1)
  })

  it('makes a follow-up once', async (t) => {
    const world = await openTasks(t)
    const { id } = taskOf(await world.tasks.sendMessage(alice, 'echo', atOnce('go'), {}))
    await world.agentSays(id, status('TASK_STATE_INPUT_REQUIRED'))
    const send = () => world.tasks.sendMessage(alice, 'echo', atOnce('blue', { taskId: id }), key)

    const answers = await Promise.all([send(), send(), send()])

    assert.equal(new Set(answers).size, 1)
    assert.equal(taskOf(answers[0] ?? '').history?.length, 2)
  })

  it('means nothing to another principal', async (t) => {
    const world = await openTasks(t)
    const one = taskOf(await world.tasks.sendMessage(alice, 'echo', atOnce('go'), key))
    const two = taskOf(await world.tasks.sendMessage(bob, 'echo', atOnce('go'), key))

    assert.notEqual(one.id, two.id)
  })

  it('is forgotten after a day', async (t) => {
    const world = await openTasks(t)
    const one = taskOf(await world.tasks.sendMessage(alice, 'echo', atOnce('go'), key))
    world.clock.now += world.deps.limits.idempotencyMs
    const two = taskOf(await world.tasks.sendMessage(alice, 'echo', atOnce('go'), key))

    assert.notEqual(one.id, two.id)
  })
})
