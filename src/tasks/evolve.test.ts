import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { canFollow, isTerminal, TASK_STATES } from '../a2a/task-state.ts'
import { chunkedArtifact, entries, headBefore, modelOf } from './evolve.case.ts'
import { evolve } from './evolve.ts'
import { COMPLETED, WORKING } from './open-tasks.case.ts'
import { taskText } from './render.ts'
import type { TaskEvent } from './task-event.ts'

const clock = fc.array(fc.integer({ min: -5, max: 5 }), { minLength: 1, maxLength: 20 })

/** Takes the entries one commit at a time, each at the next reading of a clock that may stand still or run back. */
function evolveAll(
  groups: readonly (readonly Parameters<typeof evolve>[1][number][])[],
  ticks: readonly number[],
) {
  let now = 1_750_000_000_000
  let head = headBefore()
  const log = groups.flatMap((group, index) => {
    now += ticks[index % ticks.length] ?? 0
    const evolved = evolve(head, group, now)
    head = evolved.head
    return evolved.events
  })
  return { head, log }
}

describe('evolve', () => {
  it('gives a gapless log in increasing time under any clock', () => {
    fc.assert(
      fc.property(fc.array(entries), clock, (groups, ticks) => {
        const { head, log } = evolveAll(groups, ticks)

        assert.deepEqual(
          log.map(({ seq }) => seq),
          log.map((_, index) => index + 1),
        )
        for (const [index, event] of log.entries())
          assert.ok(index === 0 || event.at > (log[index - 1]?.at ?? 0))
        assert.equal(head.seq, log.length)
        assert.equal(head.at, log.at(-1)?.at ?? 0)
      }),
    )
  })

  it('lets nothing follow a terminal state, and nothing the table forbids', () => {
    fc.assert(
      fc.property(fc.array(entries), clock, (groups, ticks) => {
        const { head, log } = evolveAll(groups, ticks)

        const states = log.flatMap(({ state }) => state ?? [])
        for (const [index, state] of states.entries()) {
          const before = states[index - 1]
          assert.ok(before === undefined || canFollow(before, state), `${before} → ${state}`)
        }
        const end = log.findIndex(({ state }) => state !== undefined && isTerminal(state))
        assert.ok(end === -1 || end === log.length - 1)
        assert.equal(head.state, states.at(-1) ?? 'TASK_STATE_SUBMITTED')
      }),
    )
  })

  it('is the same whether entries come in one commit or in many', () => {
    fc.assert(
      fc.property(fc.array(entries, { maxLength: 6 }), (groups) => {
        const many = evolveAll(groups, [0])
        const one = evolveAll([groups.flat()], [0])

        assert.deepEqual(one, many)
      }),
    )
  })

  it('begins with the submitted message and never has a second one', () => {
    const head = headBefore()
    const [submitted] = fc.sample(entries, 1)[0] ?? []
    assert.ok(submitted)

    assert.deepEqual(evolve(head, [WORKING, COMPLETED], 1).events, [])
    assert.equal(evolve(head, [submitted], 1).events.length, 1)
  })

  it('writes nothing after a plain Message', () => {
    const head = { ...headBefore(), phase: 'message' as const, seq: 2 }

    assert.deepEqual(evolve(head, [WORKING, COMPLETED], 1), { head, events: [] })
  })

  it('ignores a status that the state forbids, whatever the pair', () => {
    for (const from of TASK_STATES) {
      for (const to of TASK_STATES) {
        const head = { ...headBefore(), seq: 1, statusSeq: 1, state: from }
        const { events } = evolve(head, [{ ...WORKING, state: to }], 1)
        assert.equal(events.length, canFollow(from, to) ? 1 : 0, `${from} → ${to}`)
      }
    }
  })
})

/** All that others wrote, wherever in the event it stands. */
const sizeOf = ({ header, body, trailer }: TaskEvent): number => Buffer.byteLength(header + body + trailer)

describe('a task assembled from its log', () => {
  it('is what A2A makes of the same updates', () => {
    fc.assert(
      fc.property(fc.oneof(entries, chunkedArtifact), (list) => {
        const { head, log } = evolveAll([list], [1])

        const task = JSON.parse(taskText(head, { events: log, artifacts: true })) as object

        assert.deepEqual(task, modelOf(head, log))
      }),
      { numRuns: 300 },
    )
  })

  it('has the size the head says, artifact by artifact', () => {
    fc.assert(
      fc.property(entries, (list) => {
        const { head, log } = evolveAll([list], [1])

        for (const { artifactId, bytes, first, last } of head.artifacts) {
          const parts = log.filter(
            (event) => event.artifactId === artifactId && event.seq >= first && event.seq <= last,
          )
          assert.equal(
            bytes,
            parts.reduce((sum, event) => sum + sizeOf(event), 0),
          )
        }
        const messages = log.filter(({ kind }) => kind !== 'artifact')
        const bytes = messages.reduce((sum, event) => sum + sizeOf(event), 0)
        assert.equal(
          head.bytes,
          head.artifacts.reduce((sum, extent) => sum + extent.bytes, bytes),
        )
      }),
    )
  })
})
