import assert from 'node:assert/strict'
import { readdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { Connection } from './connection.ts'
import { migrate } from './migrate.ts'
import { temporaryFile } from './temporary-file.case.ts'

const MAKE = "CREATE TABLE notes (text TEXT); INSERT INTO notes VALUES ('kept')"
const ADD = "ALTER TABLE notes ADD COLUMN extra TEXT NOT NULL DEFAULT 'new'"

function setUp(t: TestContext) {
  const path = temporaryFile(t)
  const open = () => {
    const connection = new Connection(path)
    t.after(() => connection[Symbol.dispose]())
    return connection
  }
  const upgrade = (connection: Connection, migrations: readonly string[]) =>
    migrate(connection, { path, now: () => 1234, random: () => 0.5, migrations })
  const copies = () => readdirSync(dirname(path)).filter((name) => name.includes('.schema-'))
  return { path, open, upgrade, copies }
}

const versionOf = (connection: Connection) => connection.get('PRAGMA user_version')?.user_version
const rowsOf = (connection: Connection) => connection.all('SELECT * FROM notes').map((row) => ({ ...row }))

describe('migrate', () => {
  it('makes the schema of a new file, without a copy', async (t) => {
    const { open, upgrade, copies } = setUp(t)
    const connection = open()

    await upgrade(connection, [MAKE, ADD])

    assert.equal(versionOf(connection), 2)
    assert.deepEqual(rowsOf(connection), [{ text: 'kept', extra: 'new' }])
    assert.deepEqual(copies(), [])
  })

  it('copies an older file beside itself before it migrates', async (t) => {
    const { path, open, upgrade, copies } = setUp(t)
    const connection = open()
    await upgrade(connection, [MAKE])

    await upgrade(connection, [MAKE, ADD])

    assert.equal(versionOf(connection), 2)
    assert.deepEqual(copies(), ['parley.db.schema-1-1234'])
    const copy = join(dirname(path), 'parley.db.schema-1-1234')
    assert.equal(statSync(copy).mode & 0o777, 0o600)
    using before = new Connection(copy, { readOnly: true })
    assert.equal(versionOf(before), 1)
    assert.deepEqual(rowsOf(before), [{ text: 'kept' }])
  })

  it('leaves a file that is up to date alone', async (t) => {
    const { open, upgrade, copies } = setUp(t)
    const connection = open()
    await upgrade(connection, [MAKE])

    await upgrade(connection, [MAKE])

    assert.deepEqual(rowsOf(connection), [{ text: 'kept' }])
    assert.deepEqual(copies(), [])
  })

  it('refuses a newer file, says what to do and leaves it untouched', async (t) => {
    const { path, open, upgrade, copies } = setUp(t)
    const connection = open()
    await upgrade(connection, [MAKE, ADD])

    await assert.rejects(upgrade(connection, [MAKE]), (error: Error) => {
      assert.ok(error.message.includes(path))
      assert.match(error.message, /schema 2.*newer Parley.*up to 1.*restore a copy/)
      return true
    })
    assert.equal(versionOf(connection), 2)
    assert.deepEqual(copies(), [])
  })

  it('undoes a migration that fails', async (t) => {
    const { open, upgrade } = setUp(t)
    const connection = open()
    await upgrade(connection, [MAKE])

    await assert.rejects(upgrade(connection, [MAKE, ADD, 'CREATE TABLE notes (again TEXT)']))

    assert.equal(versionOf(connection), 1)
    assert.deepEqual(rowsOf(connection), [{ text: 'kept' }])
  })

  it('lets one of several that open a file at once migrate it', async (t) => {
    const { open, upgrade } = setUp(t)
    const connections = [open(), open(), open()]
    const [first] = connections
    assert.ok(first !== undefined)
    first.exec('BEGIN IMMEDIATE')
    const upgrades = Promise.all(connections.slice(1).map((other) => upgrade(other, [MAKE])))
    await new Promise(setImmediate)
    first.exec('ROLLBACK')
    await Promise.all([upgrades, upgrade(first, [MAKE])])

    assert.deepEqual(rowsOf(first), [{ text: 'kept' }])
  })
})
