import type { SigningKeyStore } from '../../access/service-identity/signing-key-store.ts'
import type { AuditRows } from './audit-rows.ts'
import { textIn, versionIn } from './columns.ts'
import type { Connection } from './connection.ts'
import type { GroupCommit } from './group-commit.ts'
import { retryBusy } from './retry-busy.ts'

export type SqliteSigningKeyOptions = {
  readonly connection: Connection
  readonly commits: GroupCommit
  readonly audit: AuditRows
  readonly random: () => number
}

const PUT = `
  INSERT INTO signing_keys (use, version, ring) VALUES (?, ?, ?)
  ON CONFLICT (use) DO UPDATE SET version = excluded.version, ring = excluded.ring`

export function createSqliteSigningKeyStore(options: SqliteSigningKeyOptions): SigningKeyStore {
  const { connection, commits, audit, random } = options
  return {
    commit: ({ ring, expectedVersion, audit: records }) =>
      commits.write(() => {
        const stored = connection.get('SELECT version FROM signing_keys WHERE use = ?', ring.use)
        if (versionIn(stored) !== expectedVersion) return { result: false }
        return {
          result: true,
          apply() {
            connection.run(PUT, ring.use, ring.version, JSON.stringify(ring))
            audit.append(records)
          },
        }
      }),
    find: (use) =>
      retryBusy(() => {
        const row = connection.get('SELECT ring FROM signing_keys WHERE use = ?', use)
        return row === undefined ? undefined : JSON.parse(textIn(row, 'ring'))
      }, random),
  }
}
