import assert from 'node:assert/strict'
import { it } from 'node:test'
import { agentChange } from '../../registry/changes/agent-change.ts'
import type { Hint } from '../../tasks/news.ts'
import type { Backend } from '../backend.ts'
import { commitAll, commitOk } from './commit-all.ts'
import type { Cases } from './describe-backend.ts'
import { sampleAgent } from './sample-agent.ts'
import { firstCommit, newTaskId, nextCommit, sampleWork, statusEvent, T0 } from './sample-task.ts'

/** Waits for a hint that fits, however many others come before it. */
async function awaitHint(hints: AsyncIterator<Hint>, fits: (hint: Hint) => boolean): Promise<void> {
  for (;;) {
    const { value, done } = await hints.next()
    assert.notEqual(done, true, 'hints ended early')
    if (fits(value)) return
  }
}

const aboutTask = (taskId: string) => (hint: Hint) =>
  hint.kind === 'any' || (hint.kind === 'task' && hint.taskId === taskId)
const aboutWork = (hint: Hint) => hint.kind === 'work' || hint.kind === 'any'
const aboutChanges = (hint: Hint) => hint.kind === 'changes' || hint.kind === 'any'

async function registerOne({ agents }: Backend): Promise<void> {
  const agent = sampleAgent()
  const changes = [agentChange({ before: { ...agent, version: 0 }, after: agent }, T0)]
  await agents.commit({ agent, expectedVersion: 0, changes })
}

export const hintCases: Cases = ({ open, openAt, newPlace }) => {
  it('tells of the tasks a commit changed', async (t) => {
    const backend = await open(t)
    const hints = backend.hints(t.signal)[Symbol.asyncIterator]()

    const head = await commitOk(backend, firstCommit())
    await awaitHint(hints, aboutTask(head.id))
    await commitOk(backend, nextCommit(head, [statusEvent()]))
    await awaitHint(hints, aboutTask(head.id))
    await backend.tasks.remove(head.id, 2)
    await awaitHint(hints, aboutTask(head.id))
  })

  it('tells of work that a worker may lease', async (t) => {
    const backend = await open(t)
    const hints = backend.hints(t.signal)[Symbol.asyncIterator]()

    await commitOk(backend, firstCommit({}, { work: [sampleWork('a')] }))
    await awaitHint(hints, aboutWork)
    await backend.work.put([sampleWork('b')])
    await awaitHint(hints, aboutWork)
  })

  it('tells that the change feed has grown', async (t) => {
    const backend = await open(t)
    const hints = backend.hints(t.signal)[Symbol.asyncIterator]()

    for (let round = 0; round < 2; round++) {
      await registerOne(backend)
      await awaitHint(hints, aboutChanges)
    }
  })

  it('tells every listener, and a slow one that something changed', async (t) => {
    const backend = await open(t)
    const slow = backend.hints(t.signal)[Symbol.asyncIterator]()
    const quick = backend.hints(t.signal)[Symbol.asyncIterator]()
    for (let round = 0; round < 20; round++) {
      await commitAll(
        backend,
        Array.from({ length: 100 }, () => firstCommit()),
      )
    }
    const last = await commitOk(backend, firstCommit())

    await awaitHint(quick, aboutTask(last.id))
    await awaitHint(slow, aboutTask(last.id))
  })

  it('ends when the signal aborts, at once when it already has', async (t) => {
    const backend = await open(t)
    const listening = new AbortController()
    const hints = backend.hints(listening.signal)[Symbol.asyncIterator]()
    const next = hints.next()

    listening.abort()

    assert.equal((await next).done, true)
    const late = backend.hints(listening.signal)[Symbol.asyncIterator]()
    assert.equal((await late.next()).done, true)
  })

  it('tells what another opening of the same place committed', async (t) => {
    const place = newPlace()
    const here = await openAt(t, place)
    if (!here.capabilities.sharedByProcesses) return t.diagnostic('one process only')
    const there = await openAt(t, place)
    const hints = here.hints(t.signal)[Symbol.asyncIterator]()
    const id = newTaskId()

    const head = await commitOk(there, firstCommit({ id }, { work: [sampleWork(id)] }))
    await awaitHint(hints, aboutTask(id))
    await commitOk(there, nextCommit(head, [statusEvent()], { work: [sampleWork(id)] }))
    await awaitHint(hints, aboutWork)
    await registerOne(there)
    await awaitHint(hints, aboutChanges)

    assert.deepEqual((await here.tasks.findHead(id))?.version, 2)
  })
}
