import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import fc from 'fast-check'
import { taskId } from '../a2a/ids.ts'
import type { Artifact, Task } from '../a2a/task.ts'
import { alice, atOnce, taskOf, wire } from '../tasks/open-tasks.case.ts'
import type { TaskHead } from '../tasks/task-head.ts'
import { agentMessage, agentTask, getTask, type OpenDelivery, openDelivery } from './open-delivery.case.ts'
import { reconcile } from './reconcile.ts'
import { recordAnswers } from './record-answer.ts'

const word = fc.string({ unit: 'grapheme', maxLength: 3 })
const part = fc.oneof(
  word.map((text) => ({ text })),
  fc.jsonValue({ maxDepth: 2 }).map((data) => ({ data })),
)

/** One agent at work: what its task looks like after each step. */
type Move =
  | { readonly kind: 'grow'; readonly artifactId: string; readonly parts: Artifact['parts'] }
  | { readonly kind: 'replace'; readonly artifactId: string; readonly parts: Artifact['parts'] }
  | { readonly kind: 'rename'; readonly artifactId: string; readonly name: string }
  | { readonly kind: 'say'; readonly state: Task['status']['state']; readonly text: string | undefined }
  | { readonly kind: 'note'; readonly metadata: Record<string, unknown> }

const artifactId = fc.constantFrom('a', 'b')
const move: fc.Arbitrary<Move> = fc.oneof(
  fc.record({
    kind: fc.constantFrom('grow', 'replace'),
    artifactId,
    parts: fc.array(part, { maxLength: 3 }),
  }),
  fc.record({ kind: fc.constant('rename'), artifactId, name: word }),
  fc.record({
    kind: fc.constant('say'),
    state: fc.constantFrom('TASK_STATE_WORKING' as const, 'TASK_STATE_AUTH_REQUIRED' as const),
    text: fc.option(word, { nil: undefined }),
  }),
  fc.record({
    kind: fc.constant('note'),
    metadata: fc.dictionary(fc.constantFrom('x', 'y'), fc.nat(3), { noNullPrototype: true }),
  }),
)

function moved(task: Task, move: Move, index: number): Task {
  const artifacts = task.artifacts ?? []
  switch (move.kind) {
    case 'note':
      return { ...task, metadata: move.metadata }
    case 'say': {
      const { message } = task.status
      const history = message === undefined ? task.history : [...(task.history ?? []), message]
      const said =
        move.text === undefined ? {} : { message: agentMessage(move.text, { messageId: `m-${index}` }) }
      return {
        ...task,
        status: { state: move.state, ...said },
        ...(history === undefined ? {} : { history }),
      }
    }
    default: {
      const known = artifacts.find((artifact) => artifact.artifactId === move.artifactId)
      if (known === undefined) {
        if (move.kind === 'rename') return task
        return { ...task, artifacts: [...artifacts, { artifactId: move.artifactId, parts: move.parts }] }
      }
      const next = changed(known, move)
      return { ...task, artifacts: artifacts.map((artifact) => (artifact === known ? next : artifact)) }
    }
  }
}

function changed(known: Artifact, move: Extract<Move, { artifactId: string }>): Artifact {
  if (move.kind === 'rename') return { ...known, name: move.name }
  return { ...known, parts: move.kind === 'grow' ? [...known.parts, ...move.parts] : move.parts }
}

/** A task in the hands of this test: nothing delivers it, and what an agent says is recorded under a lease. */
async function openTask(t: TestContext) {
  const world = await openDelivery(t, {}, { workerOptions: { concurrency: 0 }, isLocal: false })
  return () => newTask(world)
}

async function newTask(world: OpenDelivery) {
  const { id } = taskOf(await world.tasks.sendMessage(alice, 'echo', atOnce('go'), {}))
  const lease = { kinds: ['send'] as const, limit: 1, now: world.clock.now, leaseMs: 1e9, busyLanes: [] }
  const [work] = await world.backend.work.lease(lease)
  const fence = { kind: 'send' as const, key: id, token: work?.token ?? '' }
  const via = { url: 'https://agent.example', protocolBinding: 'JSONRPC', protocolVersion: '1.0' }
  const head = async (): Promise<TaskHead> => {
    const found = await world.deps.store.findHead(taskId(id))
    assert.ok(found)
    return found
  }
  const apply = async (task: Task) =>
    recordAnswers(world.delivery, fence, await head(), { via }, [wire({ task })])
  const lacks = async (task: Task) => reconcile(world.deps.store, await head(), wire(task))
  return { apply, lacks, shown: () => getTask(world, id) }
}

/** What must be equal on both sides: no ids, no times, and only what the agent said. */
function substance(task: Task): object {
  const said = (messages: Task['history']) =>
    (messages ?? [])
      .filter(({ role }) => role === 'ROLE_AGENT')
      .map(({ messageId, parts }) => ({ messageId, parts }))
  const { state, message } = task.status
  return {
    state,
    message: said(message === undefined ? [] : [message]),
    history: said(task.history),
    artifacts: task.artifacts ?? [],
    metadata: task.metadata ?? {},
  }
}

describe('snapshots of an agent', () => {
  it('applied one after the other give the task the agent has', async (t) => {
    const open = await openTask(t)

    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(move, fc.boolean()), { maxLength: 12 }), async (moves) => {
        const { apply, lacks, shown } = await open()
        let task = agentTask('TASK_STATE_WORKING')
        await apply(task)

        // Only some of the agent's states are seen: a snapshot stands for all that was missed.
        for (const [index, [move, isSeen]] of moves.entries()) {
          task = moved(task, move, index)
          if (isSeen) await apply(task)
        }
        await apply(task)

        assert.deepEqual(substance(await shown()), substance(task))
        assert.deepEqual(await lacks(task), [])
      }),
      { numRuns: 200 },
    )
  })

  it('that show an earlier message leave the state the agent is in', async (t) => {
    const { apply, shown } = await (await openTask(t))()
    const status = { state: 'TASK_STATE_AUTH_REQUIRED' as const, message: agentMessage('Please') }
    await apply(agentTask('TASK_STATE_AUTH_REQUIRED', { status }))

    await apply(agentTask('TASK_STATE_AUTH_REQUIRED', { status, history: [agentMessage('earlier')] }))

    const task = await shown()
    assert.equal(task.status.state, 'TASK_STATE_AUTH_REQUIRED')
    assert.equal(task.status.message?.messageId, 'r-Please')
  })

  it('never repeat what the log has', async (t) => {
    const { apply, lacks } = await (await openTask(t))()
    const task = agentTask('TASK_STATE_WORKING', {
      status: { state: 'TASK_STATE_WORKING', message: agentMessage('now') },
      artifacts: [{ artifactId: 'a', name: 'A', parts: [{ text: 'x' }, { data: { n: 1 } }] }],
      history: [agentMessage('before')],
      metadata: { cost: 1 },
    })
    const head = await apply(task)

    assert.deepEqual(await lacks(task), [])
    assert.deepEqual(await apply(task), head)
  })

  it('are the same however the agent prints them', async (t) => {
    const { apply, lacks } = await (await openTask(t))()
    const task = agentTask('TASK_STATE_WORKING', {
      artifacts: [{ artifactId: 'a', parts: [{ data: { b: 1, a: [1] } }] }],
    })
    await apply(task)

    const { artifacts } = agentTask('TASK_STATE_WORKING', {
      artifacts: [{ parts: [{ data: JSON.parse('{ "b": 1.0, "a": [1] }') as object }], artifactId: 'a' }],
    })
    assert.deepEqual(await lacks({ ...task, artifacts: artifacts ?? [] }), [])
  })

  it('with a large artifact are written in bounded events', async (t) => {
    const { apply, shown } = await (await openTask(t))()
    const parts = Array.from({ length: 40 }, (_, index) => ({ text: `${index}`.padEnd(100_000, '.') }))

    const head = await apply(agentTask('TASK_STATE_COMPLETED', { artifacts: [{ artifactId: 'a', parts }] }))

    assert.ok(head.seq > 4)
    assert.deepEqual((await shown()).artifacts?.[0]?.parts, parts)
  })
})
