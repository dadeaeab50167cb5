import type { ApiKey, KeyCommit, KeyStore } from '../../access/key-store.ts'
import { integerIn, textIn } from './columns.ts'
import type { Connection, Row } from './connection.ts'
import type { Decision, GroupCommit } from './group-commit.ts'
import { retryBusy } from './retry-busy.ts'

export type SqliteKeyOptions = {
  readonly connection: Connection
  readonly commits: GroupCommit
  readonly random: () => number
}

const PUT = `
  INSERT INTO keys (id, hash, version, tenant, key) VALUES (?, ?, ?, ?, ?)
  ON CONFLICT (id) DO UPDATE SET
    hash = excluded.hash, version = excluded.version, tenant = excluded.tenant, key = excluded.key`

const LIST = 'SELECT key FROM keys WHERE tenant = ? AND id > ? ORDER BY id LIMIT ?'

export function createSqliteKeyStore({ connection, commits, random }: SqliteKeyOptions): KeyStore {
  const findOne = (sql: string, value: string) =>
    retryBusy(() => {
      const row = connection.get(sql, value)
      return row === undefined ? undefined : keyIn(row)
    }, random)

  function decide({ key, expectedVersion }: KeyCommit): Decision<boolean> {
    const stored = connection.get('SELECT version FROM keys WHERE id = ?', key.id)
    const holder = connection.get('SELECT id FROM keys WHERE hash = ?', key.hash)
    const isCurrent = (stored === undefined ? 0 : integerIn(stored, 'version')) === expectedVersion
    if (!isCurrent || (holder !== undefined && textIn(holder, 'id') !== key.id)) return { result: false }
    return {
      result: true,
      apply() {
        connection.run(PUT, key.id, key.hash, key.version, key.tenant, JSON.stringify(key))
      },
    }
  }

  return {
    commit: (commit) => commits.write(() => decide(commit)),
    findByHash: (hash) => findOne('SELECT key FROM keys WHERE hash = ?', hash),
    find: (id) => findOne('SELECT key FROM keys WHERE id = ?', id),
    list: (tenant, limit, afterId = '') =>
      retryBusy(() => connection.all(LIST, tenant, afterId, limit).map(keyIn), random),
  }
}

const keyIn = (row: Row): ApiKey => JSON.parse(textIn(row, 'key'))
