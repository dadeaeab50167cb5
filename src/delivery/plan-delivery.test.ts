import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { TASK_STATES } from '../a2a/task-state.ts'
import { headBefore } from '../tasks/evolve.case.ts'
import type { Delivery, TaskHead } from '../tasks/task-head.ts'
import { planDelivery } from './plan-delivery.ts'

const sending = { seq: 1, at: 0 }

/** State, what is known of the agent's side, and what is left to do. */
const TABLE: readonly [TaskHead['state'], Delivery, ReturnType<typeof planDelivery>][] = [
  ['TASK_STATE_SUBMITTED', { unsent: [1] }, { kind: 'send', seq: 1 }],
  ['TASK_STATE_SUBMITTED', { unsent: [1, 2] }, { kind: 'send', seq: 1 }],
  ['TASK_STATE_SUBMITTED', { unsent: [1], sending }, { kind: 'unknown', seq: 1 }],
  ['TASK_STATE_SUBMITTED', { unsent: [] }, { kind: 'idle' }],
  ['TASK_STATE_SUBMITTED', { unsent: [], agentTaskId: 'a' }, { kind: 'resume', agentTaskId: 'a' }],
  ['TASK_STATE_SUBMITTED', { unsent: [4], agentTaskId: 'a' }, { kind: 'send', seq: 4 }],
  ['TASK_STATE_WORKING', { unsent: [], agentTaskId: 'a' }, { kind: 'resume', agentTaskId: 'a' }],
  ['TASK_STATE_WORKING', { unsent: [4], agentTaskId: 'a' }, { kind: 'send', seq: 4 }],
  ['TASK_STATE_WORKING', { unsent: [4], agentTaskId: 'a', sending }, { kind: 'unknown', seq: 1 }],
  ['TASK_STATE_AUTH_REQUIRED', { unsent: [], agentTaskId: 'a' }, { kind: 'resume', agentTaskId: 'a' }],
  ['TASK_STATE_INPUT_REQUIRED', { unsent: [], agentTaskId: 'a' }, { kind: 'idle' }],
  ['TASK_STATE_INPUT_REQUIRED', { unsent: [5], agentTaskId: 'a' }, { kind: 'send', seq: 5 }],
]

describe('what is left to do', () => {
  for (const [state, delivery, plan] of TABLE) {
    it(`is ${plan.kind} for ${state} with ${JSON.stringify(delivery)}`, () => {
      assert.deepEqual(planDelivery({ ...headBefore(), state, delivery }), plan)
    })
  }

  it('is nothing once the task has ended, whatever else is known', () => {
    const delivery = { unsent: [1], sending, agentTaskId: 'a' }

    for (const state of TASK_STATES.filter((one) => /COMPLETED|FAILED|CANCELED|REJECTED/.test(one))) {
      assert.deepEqual(planDelivery({ ...headBefore(), state, delivery }), { kind: 'over' })
    }
    assert.deepEqual(planDelivery({ ...headBefore(), phase: 'message', delivery }), { kind: 'over' })
  })
})
