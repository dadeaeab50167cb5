import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import type { Hint } from '../../tasks/news.ts'
import { integerIn } from './columns.ts'
import { Connection } from './connection.ts'
import { GroupCommit } from './group-commit.ts'
import { temporaryFile } from './temporary-file.case.ts'

const turn = () => new Promise(setImmediate)

/** A group commit on a table of numbers, and a second connection that sees only what is committed. */
function setUp(t: TestContext) {
  const path = temporaryFile(t)
  const connection = new Connection(path)
  connection.exec('PRAGMA journal_mode = WAL; CREATE TABLE numbers (number INTEGER PRIMARY KEY) STRICT')
  const other = new Connection(path)
  const groups: (readonly Hint[])[] = []
  const commits = new GroupCommit({
    connection,
    random: () => 0.5,
    record: (hints) => groups.push(hints),
    publish: () => {},
  })
  t.after(async () => {
    await commits[Symbol.asyncDispose]()
    other[Symbol.dispose]()
    connection[Symbol.dispose]()
  })
  const insert = (number: number) => connection.run('INSERT INTO numbers VALUES (?)', number)
  const put = (number: number, bytes = 0) =>
    commits.write(
      () => ({ result: number, apply: () => insert(number), hints: [{ kind: 'work' }] satisfies Hint[] }),
      bytes,
    )
  const stored = () =>
    other.all('SELECT number FROM numbers ORDER BY number').map((row) => integerIn(row, 'number'))
  return { commits, connection, other, groups, insert, put, stored }
}

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index)

describe('group commit', () => {
  it('commits the writes of one turn in one transaction', async (t) => {
    const { put, groups, stored } = setUp(t)

    const results = await Promise.all(upTo(50).map((number) => put(number)))

    assert.deepEqual(results, upTo(50))
    assert.deepEqual(stored(), upTo(50))
    assert.deepEqual(
      groups.map((group) => group.length),
      [50],
    )
  })

  it('answers each writer only when its write is committed', async (t) => {
    const { put, stored } = setUp(t)

    await Promise.all(
      upTo(300).map(async (number) => {
        await put(number)
        assert.ok(stored().includes(number))
      }),
    )
  })

  it('bounds a group by number and by size', async (t) => {
    const { put, groups } = setUp(t)

    await Promise.all(upTo(600).map((number) => put(number)))
    await Promise.all(upTo(3).map((number) => put(1000 + number, 5_000_000)))

    assert.deepEqual(
      groups.map((group) => group.length),
      [256, 256, 88, 1, 1, 1],
    )
  })

  it('fails alone a write that throws while it decides', async (t) => {
    const { commits, put, groups, stored } = setUp(t)
    const refused = commits.write(() => {
      throw new TypeError('no')
    })

    const [first, second] = await Promise.allSettled([refused, put(1), put(2)])

    assert.equal(first?.status, 'rejected')
    assert.equal(second?.status, 'fulfilled')
    assert.deepEqual(stored(), [1, 2])
    assert.equal(groups.length, 1)
  })

  it('fails alone a write that breaks half way, and leaves nothing of it', async (t) => {
    const { commits, insert, put, stored } = setUp(t)
    const first = put(1)
    const breaks = commits.write(() => ({
      result: undefined,
      apply() {
        insert(99)
        insert(1)
      },
    }))

    const results = await Promise.allSettled([first, breaks, put(2), put(3)])

    const statuses = results.map((result) => result.status)
    assert.deepEqual(statuses, ['fulfilled', 'rejected', 'fulfilled', 'fulfilled'])
    assert.deepEqual(stored(), [1, 2, 3])
  })

  it('fails the whole group when SQLite gives the transaction up, and then goes on', async (t) => {
    const { commits, connection, put, stored } = setUp(t)
    const breaks = commits.write(() => ({
      result: undefined,
      apply() {
        connection.exec('ROLLBACK')
        throw new Error('the disk is full')
      },
    }))

    const results = await Promise.allSettled([put(1), breaks, put(2)])

    assert.deepEqual(
      results.map((result) => result.status),
      ['rejected', 'rejected', 'rejected'],
    )
    assert.equal(await put(3), 3)
    assert.deepEqual(stored(), [3])
  })

  it('shows each write what the writes before it in the group decided', async (t) => {
    const { commits, connection, insert } = setUp(t)
    const claim = () =>
      commits.write(() => {
        const isTaken = connection.get('SELECT 1 FROM numbers WHERE number = 7') !== undefined
        return isTaken ? { result: false } : { result: true, apply: () => insert(7) }
      })

    assert.deepEqual(await Promise.all([claim(), claim(), claim()]), [true, false, false])
  })

  it('waits for a lock without holding up the event loop', async (t) => {
    const { put, other, stored } = setUp(t)
    other.exec('BEGIN IMMEDIATE')
    let isAnswered = false
    const answer = put(1).then((number) => {
      isAnswered = true
      return number
    })
    for (let round = 0; round < 20; round++) await turn()
    assert.equal(isAnswered, false)

    other.exec('COMMIT')

    assert.equal(await answer, 1)
    assert.deepEqual(stored(), [1])
  })

  it('answers what it was given before it was closed and refuses what comes later', async (t) => {
    const { commits, put, stored } = setUp(t)
    const before = [put(1), put(2)]

    await commits[Symbol.asyncDispose]()

    assert.deepEqual(await Promise.all(before), [1, 2])
    await assert.rejects(put(3), /closed/)
    assert.deepEqual(stored(), [1, 2])
  })
})
