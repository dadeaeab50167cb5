import assert from 'node:assert/strict'
import { existsSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { commitOk } from '../contract/commit-all.ts'
import { firstCommit, idempotencyOf, T0 } from '../contract/sample-task.ts'
import { integerIn } from './columns.ts'
import { Connection } from './connection.ts'
import { openSqlite, type SqliteOptions } from './open-sqlite.ts'
import { temporaryFile } from './temporary-file.case.ts'

const modeOf = (path: string) => statSync(path).mode & 0o777

async function open(t: TestContext, options: Partial<SqliteOptions> & Pick<SqliteOptions, 'path'>) {
  const backend = await openSqlite({ now: () => T0, ...options })
  t.after(() => backend[Symbol.asyncDispose]())
  return backend
}

describe('openSqlite', () => {
  it('keeps its files from other users', async (t) => {
    const path = join(dirname(temporaryFile(t)), 'data', 'parley.db')
    const backend = await open(t, { path })
    await commitOk(backend, firstCommit())

    assert.equal(modeOf(dirname(path)), 0o700)
    for (const suffix of ['', '-wal', '-shm']) assert.equal(modeOf(path + suffix), 0o600)
  })

  it('refuses a file that a newer version wrote', async (t) => {
    const path = temporaryFile(t)
    const file = new Connection(path)
    file.exec('PRAGMA user_version = 999')
    file[Symbol.dispose]()

    await assert.rejects(openSqlite({ path, now: () => T0 }), /schema 999/)
  })

  it('refuses a file that is no database', async (t) => {
    const path = temporaryFile(t)
    writeFileSync(path, 'not a database, but long enough to have a header of a hundred bytes'.repeat(10))

    await assert.rejects(openSqlite({ path, now: () => T0 }), /not a database/)
  })

  it('opens a new file several times at once', async (t) => {
    const path = temporaryFile(t)
    const backends = await Promise.all([1, 2, 3].map(() => open(t, { path, shared: true })))

    const heads = await Promise.all(backends.map((backend) => commitOk(backend, firstCommit())))

    for (const backend of backends) {
      for (const head of heads) assert.deepEqual(await backend.tasks.findHead(head.id), head)
    }
  })

  it('is not ready while the file cannot be written', async (t) => {
    const backend = await open(t, { path: temporaryFile(t) })
    await backend.ready()

    await backend[Symbol.asyncDispose]()

    await assert.rejects(backend.ready(), /closed/)
  })

  it('leaves no journal behind when it is closed', async (t) => {
    const path = temporaryFile(t)
    const backend = await open(t, { path })
    await commitOk(backend, firstCommit())
    await backend.tasks.listHeads({ tenant: 'default' }, 1)

    await backend[Symbol.asyncDispose]()

    assert.equal(existsSync(`${path}-wal`), false)
  })

  it('drops expired idempotency records as new ones come', async (t) => {
    const path = temporaryFile(t)
    const backend = await open(t, { path, now: () => T0 + 1000 })
    const put = (index: number, expiresAt: number) => {
      const commit = firstCommit()
      const idempotency = idempotencyOf(commit.head, { scope: `scope-${index}`, expiresAt })
      return commitOk(backend, { ...commit, idempotency })
    }
    await Promise.all(Array.from({ length: 90 }, (_, index) => put(index, T0 + 1000)))
    await Promise.all(Array.from({ length: 64 }, (_, index) => put(1000 + index, T0 + 1001)))

    using file = new Connection(path, { readOnly: true })
    const row = file.get('SELECT count(*) AS records FROM idempotency')
    assert.equal(row && integerIn(row, 'records'), 64)
  })
})
