import type { ApiKey, KeyChange, KeyCommit, KeyStore } from '../../access/key-store.ts'
import type { AuditRows } from './audit-rows.ts'
import { integerOrNullIn, textIn, versionIn } from './columns.ts'
import type { Connection, Row } from './connection.ts'
import type { Decision, GroupCommit } from './group-commit.ts'
import { retryBusy } from './retry-busy.ts'

export type SqliteKeyOptions = {
  readonly connection: Connection
  readonly commits: GroupCommit
  readonly audit: AuditRows
  readonly random: () => number
}

const PUT = `
  INSERT INTO keys (id, hash, version, tenant, key) VALUES (?, ?, ?, ?, ?)
  ON CONFLICT (id) DO UPDATE SET
    hash = excluded.hash, version = excluded.version, tenant = excluded.tenant, key = excluded.key`

/** Uses have a table of their own, so that none of them is a change of the key. */
const USE = `
  INSERT INTO key_uses (key_id, at) VALUES (?, ?)
  ON CONFLICT (key_id) DO UPDATE SET at = max(at, excluded.at)`

const SELECT = 'SELECT key, uses.at AS used_at FROM keys LEFT JOIN key_uses uses ON uses.key_id = keys.id'
const LIST = `${SELECT} WHERE tenant = ? AND id > ? ORDER BY id LIMIT ?`

export function createSqliteKeyStore({ connection, commits, audit, random }: SqliteKeyOptions): KeyStore {
  const findOne = (sql: string, value: string) =>
    retryBusy(() => {
      const row = connection.get(sql, value)
      return row === undefined ? undefined : keyIn(row)
    }, random)

  function isAccepted({ key, expectedVersion }: KeyChange): boolean {
    const stored = connection.get('SELECT version FROM keys WHERE id = ?', key.id)
    const holder = connection.get('SELECT id FROM keys WHERE hash = ?', key.hash)
    const isCurrent = versionIn(stored) === expectedVersion
    return isCurrent && (holder === undefined || textIn(holder, 'id') === key.id)
  }

  function put({ lastUsedAt, ...key }: ApiKey): void {
    connection.run(PUT, key.id, key.hash, key.version, key.tenant, JSON.stringify(key))
    if (lastUsedAt !== undefined) connection.run(USE, key.id, lastUsedAt)
  }

  function decide({ changes, audit: records }: KeyCommit): Decision<boolean> {
    if (!changes.every(isAccepted)) return { result: false }
    return {
      result: true,
      apply() {
        for (const { key } of changes) put(key)
        audit.append(records)
      },
    }
  }

  return {
    commit: (commit) => commits.write(() => decide(commit)),
    findByHash: (hash) => findOne(`${SELECT} WHERE hash = ?`, hash),
    find: (id) => findOne(`${SELECT} WHERE id = ?`, id),
    list: (tenant, limit, afterId = '') =>
      retryBusy(() => connection.all(LIST, tenant, afterId, limit).map(keyIn), random),
    markUsed: (id, at) =>
      commits.write<void>(() => {
        const isKnown = connection.get('SELECT 1 FROM keys WHERE id = ?', id) !== undefined
        return isKnown
          ? { result: undefined, apply: () => void connection.run(USE, id, at) }
          : { result: undefined }
      }),
  }
}

function keyIn(row: Row): ApiKey {
  const key: ApiKey = JSON.parse(textIn(row, 'key'))
  const lastUsedAt = integerOrNullIn(row, 'used_at')
  return lastUsedAt === undefined ? key : { ...key, lastUsedAt }
}
