import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { alice, request, taskOf } from '../tasks/open-tasks.case.ts'
import {
  agentMessage,
  agentTask,
  artifactsOf,
  chunk,
  completed,
  openDelivery,
  reasonOf,
  said,
  working,
} from './open-delivery.case.ts'

describe('an answer that is too much', () => {
  it('fails the task that grows beyond its limit, and keeps what was before', async (t) => {
    const chunks = [chunk('a', 'x'.repeat(40)), chunk('a', 'y'.repeat(400), true)]
    const limits = { maxTaskBytes: 300 }
    const world = await openDelivery(t, { send: [[working, ...chunks, completed]] }, { limits })

    const task = taskOf(await world.tasks.sendMessage(alice, 'echo', request('go'), {}))

    assert.equal(task.status.state, 'TASK_STATE_FAILED')
    assert.equal(reasonOf(task), 'TASK_TOO_LARGE')
  })

  it('counts what a replaced artifact still takes, not what it took', async (t) => {
    const chunks = Array.from({ length: 50 }, (_, index) => chunk('a', `${index}`.padEnd(100)))
    const limits = { maxTaskBytes: 1000 }
    const world = await openDelivery(t, { send: [[working, ...chunks, completed]] }, { limits })

    const task = taskOf(await world.tasks.sendMessage(alice, 'echo', request('go'), {}))

    assert.equal(task.status.state, 'TASK_STATE_COMPLETED')
    assert.deepEqual(artifactsOf(task), [`a:${'49'.padEnd(100)}`])
  })

  it('counts metadata as well', async (t) => {
    const artifact = { artifactId: 'a', parts: [{ text: 'x' }], metadata: { k: 'x'.repeat(2000) } }
    const update = { artifactUpdate: { taskId: 'at-1', contextId: 'ac-1', artifact } }
    const world = await openDelivery(
      t,
      { send: [[working, update, completed]] },
      { limits: { maxTaskBytes: 1000 } },
    )

    const task = taskOf(await world.tasks.sendMessage(alice, 'echo', request('go'), {}))

    assert.equal(reasonOf(task), 'TASK_TOO_LARGE')
  })

  it('fails the task whose agent never stops talking', async (t) => {
    const chatter = Array.from({ length: 20 }, (_, index) => said('TASK_STATE_WORKING', `${index}`))
    const world = await openDelivery(
      t,
      { send: [[working, ...chatter, completed]] },
      { limits: { maxEvents: 10 } },
    )

    const task = taskOf(await world.tasks.sendMessage(alice, 'echo', request('go'), {}))

    assert.equal(reasonOf(task), 'TOO_MANY_EVENTS')
  })

  it('fails the task that gets too many artifacts', async (t) => {
    const chunks = ['a', 'b', 'c'].map((id) => chunk(id, 'x'))
    const world = await openDelivery(
      t,
      { send: [[working, ...chunks, completed]] },
      { limits: { maxArtifacts: 2 } },
    )

    const task = taskOf(await world.tasks.sendMessage(alice, 'echo', request('go'), {}))

    assert.equal(reasonOf(task), 'TOO_MANY_ARTIFACTS')
  })

  it('fails the task for a plain message beyond the limit, also before anything is decided', async (t) => {
    const message = agentMessage('x'.repeat(2000))
    const world = await openDelivery(t, { send: [[{ message }]] }, { limits: { maxTaskBytes: 1000 } })

    const task = taskOf(await world.tasks.sendMessage(alice, 'echo', request('go'), {}))

    assert.equal(reasonOf(task), 'TASK_TOO_LARGE')
  })

  it('fails the task for a single part no event can hold', async (t) => {
    const parts = [{ text: 'x'.repeat(6 * 1024 * 1024) }]
    const task = agentTask('TASK_STATE_COMPLETED', { artifacts: [{ artifactId: 'a', parts }] })
    const world = await openDelivery(t, { send: [[{ task }]] })

    const answer = taskOf(await world.tasks.sendMessage(alice, 'echo', request('go'), {}))

    assert.equal(answer.status.state, 'TASK_STATE_FAILED')
    assert.deepEqual(world.unexpected, [])
  })

  it('is written in order however many events come at once', async (t) => {
    const chunks = Array.from({ length: 500 }, (_, index) => chunk('a', `${index}`, true))
    const world = await openDelivery(t, { send: [[working, ...chunks, completed]] })

    const task = taskOf(await world.tasks.sendMessage(alice, 'echo', request('go'), {}))

    const texts = task.artifacts?.[0]?.parts.map(({ text }) => text)
    assert.deepEqual(
      texts,
      Array.from({ length: 500 }, (_, index) => `${index}`),
    )
  })
})
