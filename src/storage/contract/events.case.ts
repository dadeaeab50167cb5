import assert from 'node:assert/strict'
import { it } from 'node:test'
import { eventBytes } from '../../tasks/task-event.ts'
import { commitOk } from './commit-all.ts'
import type { Cases } from './describe-backend.ts'
import { artifactEvent, firstCommit, newTaskId, nextCommit, sampleEvent, statusEvent } from './sample-task.ts'

const mixedLog = () => {
  const first = firstCommit()
  const second = nextCommit(first.head, [
    statusEvent({ header: '{"a":1}', trailer: ',"x":{}' }),
    artifactEvent({ artifactId: 'one', header: '"artifactId":"one"', body: '{"text":"1"}' }),
    artifactEvent({ artifactId: 'two', body: '{"text":"2"}' }),
    statusEvent({ body: '{"messageId":"s"}' }),
    artifactEvent({ artifactId: 'one', body: '{"text":"3"}' }),
  ])
  const third = nextCommit(second.head, [sampleEvent({ kind: 'message', at: second.head.at + 10 })])
  return { commits: [first, second, third], events: [first, second, third].flatMap((c) => c.events), first }
}

export const eventCases: Cases = ({ open }) => {
  it('returns a log in order, byte for byte', async (t) => {
    const { tasks } = await open(t)
    const { commits, events, first } = mixedLog()
    for (const commit of commits) await tasks.commit(commit)

    assert.deepEqual(await tasks.readEvents(first.head.id, {}), events)
    assert.deepEqual(await tasks.readEvents(newTaskId(), {}), [])
  })

  it('reads after one seq and up to another', async (t) => {
    const { tasks } = await open(t)
    const { commits, first } = mixedLog()
    for (const commit of commits) await tasks.commit(commit)
    const seqs = async (selection: object) =>
      (await tasks.readEvents(first.head.id, selection)).map((event) => event.seq)

    assert.deepEqual(await seqs({ after: 0 }), [1, 2, 3, 4, 5, 6, 7])
    assert.deepEqual(await seqs({ after: 5 }), [6, 7])
    assert.deepEqual(await seqs({ upTo: 2 }), [1, 2])
    assert.deepEqual(await seqs({ after: 2, upTo: 4 }), [3, 4])
    assert.deepEqual(await seqs({ after: 7 }), [])
    assert.deepEqual(await seqs({ after: 900, upTo: 1000 }), [])
    assert.deepEqual(await seqs({ after: 4, upTo: 2 }), [])
  })

  it('selects by kind, by artifact and by what is newest with a body', async (t) => {
    const { tasks } = await open(t)
    const { commits, first } = mixedLog()
    for (const commit of commits) await tasks.commit(commit)
    const seqs = async (selection: object) =>
      (await tasks.readEvents(first.head.id, selection)).map((event) => event.seq)

    assert.deepEqual(await seqs({ kinds: ['submitted', 'message'] }), [1, 7])
    assert.deepEqual(await seqs({ kinds: [] }), [])
    assert.deepEqual(await seqs({ artifactId: 'one' }), [3, 6])
    assert.deepEqual(await seqs({ artifactId: 'one', after: 3 }), [6])
    assert.deepEqual(await seqs({ kinds: ['submitted', 'message', 'status'], newest: 2 }), [5, 7])
    assert.deepEqual(await seqs({ kinds: ['status'], newest: 5 }), [5])
    assert.deepEqual(await seqs({ kinds: ['submitted', 'message', 'status'], upTo: 6, newest: 2 }), [1, 5])
    assert.deepEqual(await seqs({ newest: 0 }), [])
  })

  it('stops before it has read too many bytes, but never before the first event', async (t) => {
    const { tasks } = await open(t)
    const { commits, events, first } = mixedLog()
    for (const commit of commits) await tasks.commit(commit)
    const count = async (maxBytes: number, selection: object = {}) =>
      (await tasks.readEvents(first.head.id, { ...selection, maxBytes })).length
    const [one = 0, two = 0] = events.map(eventBytes)

    assert.equal(await count(0), 1)
    assert.equal(await count(one), 1)
    assert.equal(await count(one + two - 1), 1)
    assert.equal(await count(one + two), 2)
    assert.equal(await count(1_000_000), 7)
    assert.equal(await count(0, { after: 7 }), 0)
    assert.equal(await count(0, { newest: 2 }), 1)
  })

  it('keeps the logs of neighbouring tasks apart', async (t) => {
    const backend = await open(t)
    const commits = Array.from({ length: 5 }, () => firstCommit())
    for (const commit of commits) await commitOk(backend, commit)
    for (const [index, { head }] of commits.entries()) {
      await commitOk(backend, nextCommit(head, [statusEvent({ body: `{"n":${index}}` })]))
    }

    for (const [index, { head, events }] of commits.entries()) {
      const log = await backend.tasks.readEvents(head.id, {})
      assert.deepEqual(
        log.map((event) => event.body),
        [events[0]?.body, `{"n":${index}}`],
      )
    }
  })

  it('keeps any JSON text whole', async (t) => {
    const { tasks } = await open(t)
    const body = `{"a":"\\u0000\\ud800 \u2028 😀 ${'é'.repeat(5000)}", "n":1e400,"n":12345678901234567890}`
    const first = firstCommit()
    await tasks.commit({ ...first, events: [sampleEvent({ body, header: '{}', trailer: ',"b" : [ ]' })] })

    const [event] = await tasks.readEvents(first.head.id, {})

    assert.equal(event?.body, body)
    assert.equal(event?.trailer, ',"b" : [ ]')
  })
}
