import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { TaskCommit } from '../../tasks/task-store.ts'
import type { Backend } from '../backend.ts'
import { commitOk } from './commit-all.ts'
import type { Cases } from './describe-backend.ts'
import {
  contextOf,
  firstCommit,
  idempotencyOf,
  nextCommit,
  sampleEvent,
  sampleHead,
  sampleWork,
  statusEvent,
  T0,
} from './sample-task.ts'

/** Everything a commit touches, to see that a refused one touched nothing. */
const everything = async (backend: Backend, { head, context, idempotency }: TaskCommit) => ({
  head: await backend.tasks.findHead(head.id),
  events: await backend.tasks.readEvents(head.id, {}),
  heads: await backend.tasks.listHeads({ tenant: head.tenant }, 10),
  context: context === undefined ? undefined : await backend.tasks.findContext(context),
  record: idempotency && (await backend.tasks.findIdempotency(idempotency.scope, T0)),
  due: await backend.work.nextDueAt(['send', 'cancel', 'deadline'], T0),
})

const fullCommit = (commit: TaskCommit): TaskCommit => ({
  ...commit,
  work: [sampleWork(commit.head.id, { dueAt: T0 - 50 })],
  context: contextOf(commit.head),
  idempotency: idempotencyOf(commit.head),
})

export const commitCases: Cases = ({ open }) => {
  it('writes the head, events, work, context and idempotency record of a commit together', async (t) => {
    const backend = await open(t)
    const commit = fullCommit(firstCommit())

    await commitOk(backend, commit)

    assert.deepEqual(await everything(backend, commit), {
      head: commit.head,
      events: commit.events,
      heads: [commit.head],
      context: commit.context,
      record: commit.idempotency,
      due: T0 - 50,
    })
  })

  it('refuses a commit made from a stale read, and writes nothing of it', async (t) => {
    const backend = await open(t)
    const head = await commitOk(backend, firstCommit())
    const current = await commitOk(backend, nextCommit(head, [statusEvent()]))
    const stale = fullCommit(nextCommit(head, [statusEvent({ state: 'TASK_STATE_FAILED' })]))
    const before = await everything(backend, stale)

    assert.deepEqual(await backend.tasks.commit(stale), { kind: 'conflict' })

    assert.deepEqual(await everything(backend, stale), before)
    assert.deepEqual(before.head, current)
  })

  it('refuses to make a task that exists, and to change one that does not', async (t) => {
    const backend = await open(t)
    const head = await commitOk(backend, firstCommit())

    assert.deepEqual(await backend.tasks.commit(firstCommit({ id: head.id })), { kind: 'conflict' })
    const missing = nextCommit(sampleHead(), [statusEvent()])
    assert.deepEqual(await backend.tasks.commit(missing), { kind: 'conflict' })
    assert.equal(await backend.tasks.findHead(missing.head.id), undefined)
  })

  it('refuses a commit whose lease is lost, and writes nothing of it', async (t) => {
    const backend = await open(t)
    const claim = { token: 'held', until: T0 + 1000 }
    const head = await commitOk(backend, firstCommit({}, { work: [sampleWork('w', { claim })] }))
    const fenced = (token: string) => ({
      ...fullCommit(nextCommit(head, [statusEvent()])),
      fence: { kind: 'send' as const, key: 'w', token },
    })
    const before = await everything(backend, fenced('lost'))

    assert.deepEqual(await backend.tasks.commit(fenced('lost')), { kind: 'fenced' })
    assert.deepEqual(await everything(backend, fenced('lost')), before)
    assert.deepEqual(await backend.tasks.commit(fenced('held')), { kind: 'committed' })
  })

  it('answers fenced before duplicate, and duplicate before conflict', async (t) => {
    const backend = await open(t)
    const first = firstCommit()
    const record = idempotencyOf(first.head)
    await commitOk(backend, { ...first, idempotency: record })
    const again = firstCommit({ id: first.head.id })
    const duplicate = { ...again, idempotency: { ...record, seq: 2 } }

    const fence = { kind: 'send' as const, key: 'nothing', token: 'none' }
    assert.deepEqual(await backend.tasks.commit({ ...duplicate, fence }), { kind: 'fenced' })
    assert.deepEqual(await backend.tasks.commit(duplicate), { kind: 'duplicate', record })
    assert.deepEqual(await backend.tasks.commit(again), { kind: 'conflict' })
  })

  it('commits a head without events', async (t) => {
    const backend = await open(t)
    const head = await commitOk(backend, firstCommit())
    const next = nextCommit(head, [], {}, { delivery: { unsent: [], agentTaskId: 'theirs' } })

    await commitOk(backend, next)

    assert.deepEqual(await backend.tasks.findHead(head.id), next.head)
    assert.equal((await backend.tasks.readEvents(head.id, {})).length, 1)
  })

  it('throws a TypeError for a log with a gap, a repetition or time that stands still', async (t) => {
    const backend = await open(t)
    const head = await commitOk(backend, firstCommit())
    const good = nextCommit(head, [statusEvent(), statusEvent()])
    const [one = sampleEvent(), two = sampleEvent()] = good.events
    const wrong: readonly TaskCommit[] = [
      { ...good, events: [two] },
      { ...good, events: [one] },
      { ...good, events: [two, one] },
      { ...good, events: [one, { ...two, at: one.at }] },
      { ...good, events: [{ ...one, at: head.at }, two] },
      { ...good, events: [one, two], head: { ...good.head, at: two.at + 1 } },
      { ...good, head: { ...good.head, version: 7 } },
      nextCommit({ ...head, seq: 2 }, [statusEvent()]),
    ]

    for (const commit of wrong) await assert.rejects(backend.tasks.commit(commit), TypeError)
    assert.deepEqual(await backend.tasks.findHead(head.id), head)
    await commitOk(backend, good)
    assert.deepEqual(
      (await backend.tasks.readEvents(head.id, {})).map((event) => event.seq),
      [1, 2, 3],
    )
  })

  it('fails a commit alone among others that arrive with it', async (t) => {
    const backend = await open(t)
    const head = await commitOk(backend, firstCommit())
    const good = Array.from({ length: 5 }, () => firstCommit())
    const impossible = nextCommit({ ...head, seq: 9 }, [statusEvent()])

    const [failed, stale, ...others] = await Promise.allSettled([
      backend.tasks.commit(impossible),
      backend.tasks.commit(firstCommit({ id: head.id })),
      ...good.map((commit) => backend.tasks.commit(commit)),
    ])

    assert.equal(failed?.status, 'rejected')
    assert.deepEqual(stale, { status: 'fulfilled', value: { kind: 'conflict' } })
    assert.deepEqual(new Set(others.map((other) => other.status)), new Set(['fulfilled']))
    for (const commit of good) assert.deepEqual(await backend.tasks.findHead(commit.head.id), commit.head)
  })
}
