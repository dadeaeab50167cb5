import type { NewId } from '../../a2a/ids.ts'
import type { AuditEntry, ChainHead, NameOf } from '../../access/audit/audit-entry.ts'
import type { AuditRecord } from '../../access/audit/audit-record.ts'
import { chainEntry, nameWith } from '../../access/audit/chain.ts'
import { newSalt } from '../new-salt.ts'
import { integerIn, textIn } from './columns.ts'
import type { Connection, Row } from './connection.ts'

/** The audit log as writes see it; every function runs inside a transaction. */
export interface AuditRows {
  /** This process in the chains it writes. */
  readonly writer: string
  append(records: readonly AuditRecord[] | undefined): void
}

export const CHAIN_COLUMNS = 'tenant, writer, n, hash, at'

const FIND_CHAIN = `SELECT ${CHAIN_COLUMNS} FROM audit_chains WHERE tenant = ? AND writer = ?`

const PUT_CHAIN = `
  INSERT INTO audit_chains (tenant, writer, n, hash, at, first_at) VALUES (?1, ?2, ?3, ?4, ?5, ?5)
  ON CONFLICT (tenant, writer) DO UPDATE SET
    n = excluded.n, hash = excluded.hash, at = excluded.at, first_at = min(first_at, excluded.at)`

const INSERT = `
  INSERT INTO audit (tenant, writer, n, at, principal, action, target_kind, target_id, outcome, entry)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

const FIND_NAME = `
  SELECT pseudonym, last_at FROM audit_names WHERE tenant = ? AND subject = ? AND kind = ? AND text = ?`

const INSERT_NAME = `
  INSERT INTO audit_names (pseudonym, tenant, subject, kind, text, salt, last_at) VALUES (?, ?, ?, ?, ?, ?, ?)`

/** How exactly the last use of a name is known: finer would be one more write for each entry. */
export const NAME_USE_MS = 24 * 60 * 60 * 1000

export function createAuditRows(connection: Connection, writer: string, newId: NewId): AuditRows {
  function pseudonym(name: NameOf, at: number): string {
    const { tenant, subject, kind, text } = name
    const row = connection.get(FIND_NAME, tenant, subject, kind, text)
    if (row === undefined) {
      const made = nameWith(name, newSalt(newId))
      connection.run(INSERT_NAME, made.pseudonym, tenant, subject, kind, text, made.salt, at)
      return made.pseudonym
    }
    const known = textIn(row, 'pseudonym')
    if (integerIn(row, 'last_at') + NAME_USE_MS <= at) {
      connection.run('UPDATE audit_names SET last_at = ? WHERE pseudonym = ?', at, known)
    }
    return known
  }

  function insert(entry: AuditEntry): void {
    const { tenant, n, at, principal, action, target, outcome, hash } = entry
    const text = JSON.stringify(entry)
    connection.run(INSERT, tenant, writer, n, at, principal, action, target.kind, target.id, outcome, text)
    connection.run(PUT_CHAIN, tenant, writer, n, hash, at)
  }

  return {
    writer,
    append(records = []) {
      for (const record of records) {
        const row = connection.get(FIND_CHAIN, record.tenant, writer)
        const head = row === undefined ? undefined : chainIn(row)
        const at = Math.max(record.at, head?.at ?? 0)
        insert(chainEntry(record, writer, head, (name) => pseudonym(name, at)))
      }
    },
  }
}

export const chainIn = (row: Row): ChainHead => ({
  tenant: textIn(row, 'tenant'),
  writer: textIn(row, 'writer'),
  n: integerIn(row, 'n'),
  hash: textIn(row, 'hash'),
  at: integerIn(row, 'at'),
})
