import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import {
  canFollow,
  isInterrupted,
  isSettled,
  isTerminal,
  TASK_STATES,
  type TaskState,
  TRANSITIONS,
} from './task-state.ts'

const state = fc.constantFrom(...TASK_STATES)

const reachable = (from: TaskState): ReadonlySet<TaskState> => {
  const found = new Set<TaskState>()
  const visit = (next: TaskState) => {
    for (const to of TRANSITIONS[next]) {
      if (found.has(to)) continue
      found.add(to)
      visit(to)
    }
  }
  visit(from)
  return found
}

describe('the life of a task', () => {
  it('knows the states of A2A 1.0 and no other', () => {
    const names = ['SUBMITTED', 'WORKING', 'COMPLETED', 'FAILED', 'CANCELED', 'INPUT_REQUIRED', 'REJECTED']
    const expected = [...names, 'AUTH_REQUIRED'].map((name) => `TASK_STATE_${name}`)

    assert.deepEqual([...TASK_STATES].sort(), expected.sort())
  })

  it('ends in exactly four states, and nothing follows them', () => {
    assert.deepEqual(TASK_STATES.filter(isTerminal), [
      'TASK_STATE_COMPLETED',
      'TASK_STATE_FAILED',
      'TASK_STATE_CANCELED',
      'TASK_STATE_REJECTED',
    ])
    fc.assert(fc.property(state, state, (from, to) => !(isTerminal(from) && canFollow(from, to))))
  })

  it('can always still end in every way', () => {
    for (const from of TASK_STATES.filter((one) => !isTerminal(one))) {
      for (const end of TASK_STATES.filter(isTerminal)) assert.ok(canFollow(from, end), `${from} → ${end}`)
    }
  })

  it('reaches every state from SUBMITTED', () => {
    assert.deepEqual([...reachable('TASK_STATE_SUBMITTED')].sort(), [...TASK_STATES].sort())
  })

  it('goes back to SUBMITTED only from an interrupted state', () => {
    const from = TASK_STATES.filter((one) => canFollow(one, 'TASK_STATE_SUBMITTED'))

    assert.deepEqual(
      from.filter((one) => !isInterrupted(one)),
      ['TASK_STATE_SUBMITTED'],
    )
  })

  it('is settled where it is terminal or interrupted, never both', () => {
    fc.assert(
      fc.property(
        state,
        (one) =>
          isSettled(one) === (isTerminal(one) !== isInterrupted(one)) &&
          !(isTerminal(one) && isInterrupted(one)),
      ),
    )
  })
})
