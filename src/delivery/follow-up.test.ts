import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { SendMessageRequest } from '../a2a/requests.ts'
import { alice, atOnce, gists, request, taskOf } from '../tasks/open-tasks.case.ts'
import { AgentFailure } from './agent-client.ts'
import {
  agentMessage,
  agentTask,
  artifactsOf,
  chunk,
  completed,
  gate,
  getTask,
  isIn,
  isOver,
  type OpenDelivery,
  openDelivery,
  reasonOf,
  said,
  working,
} from './open-delivery.case.ts'

const INPUT = said('TASK_STATE_INPUT_REQUIRED', 'Which?')
const AUTH = said('TASK_STATE_AUTH_REQUIRED', 'Log in')

const sends = (world: OpenDelivery) =>
  world.agentClient.calls
    .filter(({ method }) => method === 'send')
    .map(({ about }) => (JSON.parse(about) as SendMessageRequest).message)

describe('a task that needs input', () => {
  it('goes on with the next message, at the agent task and interface that own it', async (t) => {
    const world = await openDelivery(t, {
      send: [
        [working, INPUT],
        [said('TASK_STATE_WORKING'), chunk('a', 'blue'), completed],
      ],
    })
    const asked = taskOf(await world.tasks.sendMessage(alice, 'echo', request('go'), {}))
    assert.equal(asked.status.state, 'TASK_STATE_INPUT_REQUIRED')
    const card = {
      ...JSON.parse(world.agent.card),
      supportedInterfaces: [
        { url: 'https://new.example', protocolBinding: 'JSONRPC', protocolVersion: '1.0' },
      ],
    }
    const moved = { ...world.agent, version: world.agent.version + 1, card: JSON.stringify(card) }
    await world.backend.agents.commit({ agent: moved, expectedVersion: world.agent.version })

    const message = { taskId: asked.id }
    const task = taskOf(await world.tasks.sendMessage(alice, 'echo', request('blue', { message }), {}))

    assert.equal(task.status.state, 'TASK_STATE_COMPLETED')
    assert.deepEqual(artifactsOf(task), ['a:blue'])
    const [, second] = sends(world)
    assert.deepEqual([second?.taskId, second?.contextId, second?.messageId], ['at-1', 'ac-1', 'm-blue'])
    assert.equal(world.agentClient.calls[1]?.target.via.url, 'https://agent.example/a2a')
  })

  it("is nobody's to do until then", async (t) => {
    const world = await openDelivery(t, { send: [[working, INPUT]] })
    await world.tasks.sendMessage(alice, 'echo', request('go'), {})
    await world.untilEnded(1)

    const lease = {
      kinds: ['send'] as const,
      limit: 9,
      now: Number.MAX_SAFE_INTEGER,
      leaseMs: 1,
      busyLanes: [],
    }
    assert.deepEqual(await world.backend.work.lease(lease), [])
    assert.equal(world.agentClient.calls.length, 1)
  })

  it('does not take the old question, shown again, for a new one', async (t) => {
    const status = { state: 'TASK_STATE_INPUT_REQUIRED' as const, message: agentMessage('Which?') }
    const asking = { task: agentTask(status.state, { status }) }
    const world = await openDelivery(t, {
      send: [
        [working, asking],
        [asking, chunk('a', 'blue'), completed],
      ],
    })
    const asked = taskOf(await world.tasks.sendMessage(alice, 'echo', request('go'), {}))

    const message = { taskId: asked.id }
    const task = taskOf(await world.tasks.sendMessage(alice, 'echo', request('blue', { message }), {}))

    assert.equal(task.status.state, 'TASK_STATE_COMPLETED')
    assert.deepEqual(artifactsOf(task), ['a:blue'])
  })

  it('takes messages one at a time, in their order', async (t) => {
    const { passed, open } = gate()
    const world = await openDelivery(t, {
      send: [
        [working, INPUT],
        [passed, INPUT],
        [said('TASK_STATE_WORKING'), completed],
      ],
    })
    const { id } = taskOf(await world.tasks.sendMessage(alice, 'echo', request('go'), {}))

    await world.tasks.sendMessage(alice, 'echo', atOnce('one', { taskId: id }), {})
    await world.agentClient.called('send', 2)
    await world.tasks.sendMessage(alice, 'echo', atOnce('two', { taskId: id }), {})
    assert.equal(sends(world).length, 2)
    open()
    await world.until(isOver)

    assert.deepEqual(
      sends(world).map(({ messageId }) => messageId),
      ['m-go', 'm-one', 'm-two'],
    )
  })

  it('fails when the agent refuses the answer', async (t) => {
    const refused = new AgentFailure('refused', 'No', { code: 'unsupported_operation' })
    const world = await openDelivery(t, { send: [[working, INPUT], [refused]] })
    const { id } = taskOf(await world.tasks.sendMessage(alice, 'echo', request('go'), {}))

    const message = { taskId: id }
    const task = taskOf(await world.tasks.sendMessage(alice, 'echo', request('blue', { message }), {}))

    assert.equal(reasonOf(task), 'DELIVERY_FAILED')
  })
})

describe('a task that needs credentials', () => {
  it('goes on by itself, on the stream that stayed open', async (t) => {
    const { passed, open } = gate()
    const world = await openDelivery(t, {
      send: [[working, AUTH, passed, said('TASK_STATE_WORKING'), completed]],
    })
    const shown = gists(await world.tasks.sendStreamingMessage(alice, 'echo', request('go'), {}))
    await world.until(isIn('TASK_STATE_AUTH_REQUIRED'))

    open()

    assert.deepEqual(await shown, [
      '1 task SUBMITTED',
      '2 WORKING',
      '3 AUTH_REQUIRED',
      '4 WORKING',
      '5 COMPLETED',
    ])
    assert.equal(world.agentClient.calls.length, 1)
  })

  it('takes a message meanwhile, and follows the task afterwards', async (t) => {
    const world = await openDelivery(t, {
      send: [
        [working, AUTH, 'hang'],
        [said('TASK_STATE_WORKING'), completed],
      ],
    })
    const { id } = taskOf(await world.tasks.sendMessage(alice, 'echo', request('go'), {}))

    await world.tasks.sendMessage(alice, 'echo', atOnce('token', { taskId: id }), {})
    await world.until(isOver)

    assert.equal((await getTask(world, id)).status.state, 'TASK_STATE_COMPLETED')
    assert.equal(sends(world)[1]?.taskId, 'at-1')
    assert.deepEqual(world.unexpected, [])
  })

  it('is followed again when the stream drops while it waits', async (t) => {
    const world = await openDelivery(t, {
      send: [[working, AUTH, new AgentFailure('unknown', 'dropped')]],
      subscribe: [[{ task: agentTask('TASK_STATE_WORKING') }, completed]],
    })
    const { id } = taskOf(await world.tasks.sendMessage(alice, 'echo', request('go'), {}))
    await world.until(isOver)

    assert.equal((await getTask(world, id)).status.state, 'TASK_STATE_COMPLETED')
  })

  it('survives a store that fails while it waits', async (t) => {
    const { passed, open } = gate()
    const world = await openDelivery(t, {
      send: [[working, AUTH, passed, said('TASK_STATE_WORKING'), completed]],
    })
    const { findHead } = world.deps.store
    const failure = new Error('disk gone')
    const failed = new Promise<void>((resolve) => {
      const { news } = world.delivery
      const { watch } = news
      Object.assign(news, {
        watch(id: Parameters<typeof watch>[0]) {
          Object.assign(world.deps.store, {
            findHead() {
              Object.assign(world.deps.store, { findHead })
              resolve()
              return Promise.reject(failure)
            },
          })
          return watch(id)
        },
      })
    })
    const { id } = taskOf(await world.tasks.sendMessage(alice, 'echo', atOnce('go'), {}))

    await failed
    open()
    await world.until(isOver)

    assert.equal((await getTask(world, id)).status.state, 'TASK_STATE_COMPLETED')
    assert.equal(world.unexpected.length, 1)
  })
})
