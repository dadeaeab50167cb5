import type { StoredCredential } from '../../access/credentials/credential.ts'
import type { CredentialCommit, CredentialStore } from '../../access/credentials/credential-store.ts'
import type { AuditRows } from './audit-rows.ts'
import { textIn, versionIn } from './columns.ts'
import type { Connection, Row } from './connection.ts'
import type { Decision, GroupCommit } from './group-commit.ts'
import { retryBusy } from './retry-busy.ts'

export type SqliteCredentialOptions = {
  readonly connection: Connection
  readonly commits: GroupCommit
  readonly audit: AuditRows
  readonly random: () => number
}

const PUT = `
  INSERT INTO credentials (agent_id, scheme, version, credential) VALUES (?, ?, ?, ?)
  ON CONFLICT (agent_id, scheme) DO UPDATE SET version = excluded.version, credential = excluded.credential`

/** One that is there, or that finishes its tasks. */
const HAS_AGENT = `
  SELECT 1 FROM agents WHERE id = ?
  UNION ALL SELECT 1 FROM unregistered_agents WHERE id = ? AND keeps_credentials = 1`

const LIST_OF = 'SELECT credential FROM credentials WHERE agent_id = ? ORDER BY scheme'
const LIST = `
  SELECT credential FROM credentials WHERE (agent_id, scheme) > (?, ?) ORDER BY agent_id, scheme LIMIT ?`

export function createSqliteCredentialStore(options: SqliteCredentialOptions): CredentialStore {
  const { connection, commits, audit, random } = options

  function decide(commit: CredentialCommit): Decision<boolean> {
    const { credential, expectedVersion, removed, audit: records } = commit
    const { agentId, scheme, version } = credential
    const stored = connection.get(
      'SELECT version FROM credentials WHERE agent_id = ? AND scheme = ?',
      agentId,
      scheme,
    )
    const isCurrent = versionIn(stored) === expectedVersion
    const hasAgent = connection.get(HAS_AGENT, agentId, agentId) !== undefined
    if (!isCurrent || !hasAgent) return { result: false }
    return {
      result: true,
      apply() {
        if (removed === true) {
          connection.run('DELETE FROM credentials WHERE agent_id = ? AND scheme = ?', agentId, scheme)
        } else connection.run(PUT, agentId, scheme, version, JSON.stringify(credential))
        audit.append(records)
      },
    }
  }

  return {
    commit: (commit) => commits.write(() => decide(commit)),
    listOf: (agentId) => retryBusy(() => connection.all(LIST_OF, agentId).map(credentialIn), random),
    list: (limit, after) =>
      retryBusy(
        () => connection.all(LIST, after?.agentId ?? '', after?.scheme ?? '', limit).map(credentialIn),
        random,
      ),
  }
}

const credentialIn = (row: Row): StoredCredential => JSON.parse(textIn(row, 'credential'))
