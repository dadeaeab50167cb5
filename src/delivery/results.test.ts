import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { alice, request } from '../tasks/open-tasks.case.ts'
import { AgentFailure } from './agent-client.ts'
import { agentTask, completed, openDelivery, type Script, said, working } from './open-delivery.case.ts'

describe('what a delivery shows of its agent', () => {
  const cases: readonly (readonly [agent: string, script: Script, shown: readonly string[]])[] = [
    ['answers', { send: [[working, completed]] }, ['works']],
    ['fails at the task', { send: [[working, said('TASK_STATE_FAILED')]] }, ['works']],
    ['cannot be reached', { send: [[new AgentFailure('not_accepted', 'no')]] }, ['not_accepted']],
    ['answers what A2A does not allow', { send: [[new AgentFailure('invalid', 'no')]] }, ['invalid']],
    ['says nothing', { send: [[]] }, ['invalid']],
    [
      'ends the connection and goes on with the task',
      {
        send: [[working, new AgentFailure('unknown', 'no')]],
        subscribe: [[new AgentFailure('unknown', 'no')]],
        getTask: [agentTask('TASK_STATE_COMPLETED')],
      },
      ['works', 'works'],
    ],
  ]
  for (const [agent, script, shown] of cases) {
    it(`that ${agent} is that it ${shown.join(', then ')}`, async (t) => {
      const world = await openDelivery(t, script)

      await world.tasks.sendMessage(alice, 'echo', request('go'), {})
      await world.untilEnded(1)

      assert.deepEqual(
        world.results.map(({ failure }) => failure?.kind ?? 'works'),
        shown,
      )
    })
  }
})
