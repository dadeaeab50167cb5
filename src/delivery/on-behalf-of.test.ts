import assert from 'node:assert/strict'
import { it } from 'node:test'
import { alice, atOnce, taskOf } from '../tasks/open-tasks.case.ts'
import { AgentFailure } from './agent-client.ts'
import { agentTask, isIn, isOver, openDelivery, working } from './open-delivery.case.ts'

it('Every call to an agent about a task is made for whoever the task belongs to', async (t) => {
  const dropped = new AgentFailure('unknown', 'The connection broke')
  const world = await openDelivery(t, {
    send: [[working, dropped]],
    subscribe: [[dropped], ['hang']],
    getTask: [agentTask('TASK_STATE_WORKING')],
    cancelTask: [agentTask('TASK_STATE_CANCELED')],
  })
  const { id } = taskOf(await world.tasks.sendMessage(alice, 'echo', atOnce('go'), {}))
  await world.until(isIn('TASK_STATE_WORKING'))
  await world.agentClient.called('getTask')
  await world.tasks.cancelTask(alice, 'echo', { id })
  await world.until(isOver)

  const { tenant, subject } = alice.principal
  const { calls } = world.agentClient
  assert.deepEqual(new Set(calls.map(({ method }) => method)).size, 4)
  for (const { onBehalfOf } of calls) assert.deepEqual(onBehalfOf, { tenant, subject })
})
