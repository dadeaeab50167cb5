import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { taskId } from '../a2a/ids.ts'
import { ParleyError } from '../errors.ts'
import {
  alice,
  artifact,
  atOnce,
  COMPLETED,
  eventOf,
  fails,
  framesOf,
  gist,
  gists,
  leaving,
  newTask,
  openTasks,
  request,
  status,
  WORKING,
} from './open-tasks.case.ts'
import { writeTask } from './write-task.ts'

describe('a streaming send', () => {
  it('begins with the task, shows every event once and closes at the end', async (t) => {
    const world = await openTasks(t)
    const stream = await world.tasks.sendStreamingMessage(alice, 'echo', request('go'), {})
    const shown = gists(stream)
    const { id } = await world.until((head) => head.phase === 'undecided')

    await world.agentSays(id, WORKING, artifact('a', 'x'))
    await world.agentSays(id, artifact('a', 'y', { append: true }), COMPLETED)

    assert.deepEqual(await shown, ['1 task SUBMITTED', '2 WORKING', '3 a:x', '4 a:y', '5 COMPLETED'])
  })

  it('is durable before it is read', async (t) => {
    const world = await openTasks(t)
    await world.tasks.sendStreamingMessage(alice, 'echo', request('go'), {})

    assert.equal((await world.until(() => true)).phase, 'undecided')
  })

  it('is exactly one message when the agent makes no task', async (t) => {
    const world = await openTasks(t)
    const shown = gists(await world.tasks.sendStreamingMessage(alice, 'echo', request('go'), {}))
    const { id } = await world.until((head) => head.phase === 'undecided')
    const body = '{"messageId":"r","role":"ROLE_AGENT","parts":[{"text":"Hi"}]}'

    await writeTask(world.deps, id, () => ({ entries: [{ kind: 'reply', header: '', body, trailer: '' }] }))

    assert.deepEqual(await shown, ['2 message Hi'])
  })

  it('closes at INPUT_REQUIRED and stays open over AUTH_REQUIRED', async (t) => {
    const world = await openTasks(t)
    const shown = gists(await world.tasks.sendStreamingMessage(alice, 'echo', request('go'), {}))
    const { id } = await world.until((head) => head.phase === 'undecided')

    await world.agentSays(id, status('TASK_STATE_AUTH_REQUIRED'))
    await world.agentSays(id, WORKING, status('TASK_STATE_INPUT_REQUIRED'))

    assert.deepEqual(await shown, ['1 task SUBMITTED', '2 AUTH_REQUIRED', '3 WORKING', '4 INPUT_REQUIRED'])
  })

  it('begins with the task as the message found it, on a task that exists', async (t) => {
    const world = await openTasks(t)
    const task = await newTask(world)
    await world.agentSays(task.id, status('TASK_STATE_INPUT_REQUIRED', 'Which?'))
    const message = { taskId: task.id }
    const stream = await world.tasks.sendStreamingMessage(alice, 'echo', request('blue', { message }), {})
    await world.agentSays(task.id, COMPLETED)

    assert.deepEqual(await gists(stream), ['3 task SUBMITTED', '4 COMPLETED'])
  })

  it('leaves the history of its snapshot to the client', async (t) => {
    const world = await openTasks(t)
    const configuration = { historyLength: 0 }
    const stream = await world.tasks.sendStreamingMessage(alice, 'echo', request('go', { configuration }), {})
    const frames = framesOf(stream)
    const { id } = await world.until((head) => head.phase === 'undecided')
    await world.agentSays(id, COMPLETED)

    assert.equal(eventOf((await frames)[0]).task?.history, undefined)
  })

  it('becomes a task when nobody decides, and shows it', async (t) => {
    const world = await openTasks(t, { limits: { maxWaitMs: 1 } })
    const stream = await world.tasks.sendStreamingMessage(alice, 'echo', request('go'), {})
    const iterator = stream[Symbol.asyncIterator]()

    const first = await iterator.next()

    assert.equal(gist(first.value ?? { event: '{}' }), '1 task SUBMITTED')
    await iterator.return?.()
  })

  it('becomes a task when the client leaves', async (t) => {
    const world = await openTasks(t)
    const { call, leave } = leaving('key:alice')
    const shown = gists(await world.tasks.sendStreamingMessage(call, 'echo', request('go'), {}))
    const { id } = await world.until((head) => head.phase === 'undecided')

    leave()

    await assert.rejects(shown, { name: 'AbortError' })
    assert.equal((await world.deps.store.findHead(id))?.phase, 'task')
  })
})

describe('a subscription', () => {
  it('begins with a snapshot and goes on with the later events', async (t) => {
    const world = await openTasks(t)
    const task = await newTask(world)
    await world.agentSays(task.id, WORKING, artifact('a', 'x'))
    const stream = await world.tasks.subscribeToTask(alice, 'echo', { id: task.id })
    await world.agentSays(task.id, artifact('a', 'y', { append: true }), COMPLETED)

    const frames = await framesOf(stream)

    assert.deepEqual(frames.map(gist), ['3 task WORKING', '4 a:y', '5 COMPLETED'])
    assert.deepEqual(eventOf(frames[0]).task?.artifacts?.[0]?.parts, [{ text: 'x' }])
  })

  it('stays open over both interrupted states', async (t) => {
    const world = await openTasks(t)
    const task = await newTask(world)
    const shown = gists(await world.tasks.subscribeToTask(alice, 'echo', { id: task.id }))

    await world.agentSays(task.id, status('TASK_STATE_INPUT_REQUIRED'))
    await world.tasks.sendMessage(alice, 'echo', atOnce('blue', { taskId: task.id }), {})
    await world.agentSays(task.id, status('TASK_STATE_AUTH_REQUIRED'), COMPLETED)

    assert.deepEqual(await shown, [
      '1 task SUBMITTED',
      '2 INPUT_REQUIRED',
      '3 SUBMITTED',
      '4 AUTH_REQUIRED',
      '5 COMPLETED',
    ])
  })

  it('resumed after an event gives exactly the later ones, also when the task has ended', async (t) => {
    const world = await openTasks(t)
    const task = await newTask(world)
    await world.agentSays(task.id, WORKING, artifact('a', 'x'), COMPLETED)
    const after = async (afterSeq: number) =>
      gists(await world.tasks.subscribeToTask(alice, 'echo', { id: task.id, afterSeq }))

    assert.deepEqual(await after(0), ['1 task SUBMITTED', '2 WORKING', '3 a:x', '4 COMPLETED'])
    assert.deepEqual(await after(2), ['3 a:x', '4 COMPLETED'])
    assert.deepEqual(await after(4), [])
  })

  it('cannot be resumed after an event that has not happened', async (t) => {
    const world = await openTasks(t)
    const task = await newTask(world)

    const stream = world.tasks.subscribeToTask(alice, 'echo', { id: task.id, afterSeq: 2 })

    await assert.rejects(stream, fails('invalid_params'))
  })

  it('is refused for a task that has ended', async (t) => {
    const world = await openTasks(t)
    const task = await newTask(world)
    await world.agentSays(task.id, COMPLETED)

    const stream = world.tasks.subscribeToTask(alice, 'echo', { id: task.id })

    await assert.rejects(stream, fails('unsupported_operation'))
  })

  it('ends with stream_resume_required when the gateway stops, never silently', async (t) => {
    const world = await openTasks(t)
    const task = await newTask(world)
    const shown = gists(await world.tasks.subscribeToTask(alice, 'echo', { id: task.id }))

    world.stop()

    await assert.rejects(
      shown,
      (error) => error instanceof ParleyError && error.code === 'stream_resume_required',
    )
  })

  it('gives every reader the same events, and one that leaves disturbs nobody', async (t) => {
    const world = await openTasks(t)
    const task = await newTask(world)
    const { call, leave } = leaving('key:alice')
    const open = async (who = alice) => {
      const stream = await world.tasks.subscribeToTask(who, 'echo', { id: task.id })
      const iterator = stream[Symbol.asyncIterator]()
      await iterator.next()
      return { rest: gists({ [Symbol.asyncIterator]: () => iterator }) }
    }
    const one = await open()
    const two = await open()
    const gone = await open(call)

    await world.agentSays(task.id, WORKING)
    leave()
    await assert.rejects(gone.rest, { name: 'AbortError' })
    await world.agentSays(task.id, COMPLETED)

    assert.deepEqual(await one.rest, ['2 WORKING', '3 COMPLETED'])
    assert.deepEqual(await two.rest, ['2 WORKING', '3 COMPLETED'])
  })

  it('sends a task too large for one event in pieces that add up to it', async (t) => {
    const world = await openTasks(t, { limits: { maxSnapshotBytes: 100 } })
    const task = await newTask(world)
    await world.agentSays(
      task.id,
      WORKING,
      artifact('a', 'x'.repeat(80)),
      artifact('b', 'z'),
      artifact('a', 'y', { append: true }),
    )
    const stream = await world.tasks.subscribeToTask(alice, 'echo', { id: task.id })
    await world.agentSays(task.id, artifact('b', 'w', { append: true }), COMPLETED)

    const frames = await framesOf(stream)

    assert.equal(eventOf(frames[0]).task?.artifacts, undefined)
    const rest = frames.map(gist).slice(1)
    assert.deepEqual(rest, [`- a:${'x'.repeat(80)}`, '- a:y', '5 b:z', '6 b:w', '7 COMPLETED'])
    assert.deepEqual(
      frames.slice(1, 4).map((frame) => eventOf(frame).artifactUpdate?.append ?? false),
      [false, true, false],
    )
  })

  it('pieces together an artifact that was first appended to', async (t) => {
    const world = await openTasks(t, { limits: { maxSnapshotBytes: 10 } })
    const task = await newTask(world)
    await world.agentSays(
      task.id,
      artifact('a', 'one', { append: true }),
      artifact('a', 'two', { append: true }),
    )
    const stream = await world.tasks.subscribeToTask(alice, 'echo', { id: task.id })
    await world.agentSays(task.id, COMPLETED)

    assert.deepEqual((await gists(stream)).slice(1), ['- a:one', '3 a:two', '4 COMPLETED'])
  })

  it('shows nothing of the rest of a client request', async (t) => {
    const world = await openTasks(t)
    const task = await newTask(world)
    const stream = await world.tasks.subscribeToTask(alice, 'echo', { id: task.id })
    const configuration = { returnImmediately: true, acceptedOutputModes: ['text/plain'] }
    const message = { taskId: task.id }
    await world.tasks.sendMessage(
      alice,
      'echo',
      request('more', { message, configuration, metadata: { secret: 1 } }),
      {},
    )
    await world.agentSays(task.id, COMPLETED)

    const texts = (await framesOf(stream)).map(({ event }) => event).join('')

    assert.doesNotMatch(texts, /secret|acceptedOutputModes/)
    assert.equal((await world.deps.store.findHead(taskId(task.id)))?.seq, 3)
  })
})
