import assert from 'node:assert/strict'
import { it } from 'node:test'
import { commitOk } from './commit-all.ts'
import type { Cases } from './describe-backend.ts'
import { firstCommit, idempotencyOf, nextCommit, T0 } from './sample-task.ts'

export const idempotencyCases: Cases = ({ open }) => {
  it('returns a record until it expires', async (t) => {
    const backend = await open(t)
    const commit = firstCommit()
    const record = idempotencyOf(commit.head, { expiresAt: T0 + 100, answeredSeq: 1 })
    await commitOk(backend, { ...commit, idempotency: record })

    assert.deepEqual(await backend.tasks.findIdempotency(record.scope, T0 + 99), record)
    assert.equal(await backend.tasks.findIdempotency(record.scope, T0 + 100), undefined)
    assert.equal(await backend.tasks.findIdempotency('other', T0), undefined)
  })

  it('refuses a scope that another request holds, and shows who', async (t) => {
    const backend = await open(t)
    const first = firstCommit()
    const record = idempotencyOf(first.head)
    await commitOk(backend, { ...first, idempotency: record })
    const second = firstCommit()

    const result = await backend.tasks.commit({ ...second, idempotency: idempotencyOf(second.head) })

    assert.deepEqual(result, { kind: 'duplicate', record })
    assert.equal(await backend.tasks.findHead(second.head.id), undefined)
  })

  it('overwrites a record that has expired by the time of the commit', async (t) => {
    const backend = await open(t)
    const first = firstCommit()
    await commitOk(backend, { ...first, idempotency: idempotencyOf(first.head, { expiresAt: T0 + 100 }) })
    const early = firstCommit({ at: T0 + 99 })
    const late = firstCommit({ at: T0 + 100 })
    const record = idempotencyOf(late.head, { bodyHash: 'body-2' })

    const refused = await backend.tasks.commit({ ...early, idempotency: idempotencyOf(early.head) })
    assert.equal(refused.kind, 'duplicate')
    await commitOk(backend, { ...late, idempotency: record })
    assert.deepEqual(await backend.tasks.findIdempotency(record.scope, T0 + 100), record)
  })

  it('replaces the record of the same task and seq', async (t) => {
    const backend = await open(t)
    const first = firstCommit()
    const record = idempotencyOf(first.head)
    await commitOk(backend, { ...first, idempotency: record })
    const answered = { ...record, answeredSeq: 1 }

    const second = nextCommit(first.head, [], { idempotency: answered })
    await commitOk(backend, second)

    assert.deepEqual(await backend.tasks.findIdempotency(record.scope, T0), answered)
    const otherSeq = nextCommit(second.head, [], { idempotency: { ...record, seq: 2 } })
    assert.deepEqual(await backend.tasks.commit(otherSeq), { kind: 'duplicate', record: answered })
  })

  it('lets exactly one of many requests with one scope through', async (t) => {
    const backend = await open(t)
    const commits = Array.from({ length: 20 }, () => firstCommit())

    const results = await Promise.all(
      commits.map((commit) => backend.tasks.commit({ ...commit, idempotency: idempotencyOf(commit.head) })),
    )

    const winner = commits[results.findIndex((result) => result.kind === 'committed')]
    assert.ok(winner !== undefined)
    const record = idempotencyOf(winner.head)
    const losers = results.filter((result) => result.kind !== 'committed')
    assert.deepEqual(losers, Array(19).fill({ kind: 'duplicate', record }))
    assert.equal(await backend.tasks.countHeads({ tenant: 'default' }, 100), 1)
  })
}
