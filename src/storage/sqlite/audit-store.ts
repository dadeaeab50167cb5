import { type AuditEntry, type AuditName, NAME_KINDS } from '../../access/audit/audit-entry.ts'
import type { AuditFilter, AuditStore } from '../../access/audit/audit-store.ts'
import { type AuditRows, CHAIN_COLUMNS, chainIn, NAME_USE_MS } from './audit-rows.ts'
import { integerIn, textIn } from './columns.ts'
import { Conditions } from './conditions.ts'
import type { Connection, Row } from './connection.ts'
import type { GroupCommit } from './group-commit.ts'
import type { Reader } from './reader-thread.ts'
import { retryBusy } from './retry-busy.ts'

export type SqliteAuditOptions = {
  readonly connection: Connection
  readonly commits: GroupCommit
  readonly reader: Reader
  readonly rows: AuditRows
  readonly random: () => number
}

const LIST_CHAINS = `
  SELECT ${CHAIN_COLUMNS} FROM audit_chains c
  WHERE tenant = ? AND writer > ? AND EXISTS (SELECT 1 FROM audit a WHERE a.tenant = c.tenant AND a.writer = c.writer)
  ORDER BY writer LIMIT ?`

const READ_CHAIN = `
  SELECT entry FROM audit
  WHERE tenant = ? AND writer = ? AND n > ? AND n <= ? AND at >= ? AND at < ?
  ORDER BY n LIMIT ?`

const FIND_NAMES = `
  SELECT pseudonym, tenant, subject, kind, text, salt FROM audit_names
  WHERE tenant = ? AND pseudonym IN (SELECT value FROM json_each(?))`

const FIND_PSEUDONYM = `
  SELECT pseudonym FROM audit_names WHERE tenant = ?1 AND subject = ?2 AND kind = 'subject' AND text = ?2`

const PRUNE = `
  DELETE FROM audit WHERE tenant = ?1 AND writer = ?2 AND n IN (
    SELECT n FROM audit WHERE tenant = ?1 AND writer = ?2 AND at < ?3 ORDER BY n LIMIT ?4
  )`

const DELETE_CHAIN = 'DELETE FROM audit_chains WHERE tenant = ? AND writer = ?'

const MOVE_CHAIN = 'UPDATE audit_chains SET first_at = ? WHERE tenant = ? AND writer = ?'

const FIRST = 'SELECT at FROM audit WHERE tenant = ? AND writer = ? ORDER BY n LIMIT 1'

/** Where a process wrote nothing for so long after its entries were pruned, it has ended. */
const CHAIN_REST_MS = 90 * 24 * 60 * 60 * 1000

export function createSqliteAuditStore(options: SqliteAuditOptions): AuditStore {
  const { connection, commits, reader, rows, random } = options

  /** Chains keep their times in order, so whatever is old stands at their beginning. */
  function prune(before: number, limit: number): number {
    let left = limit
    const old = connection.all(`SELECT ${CHAIN_COLUMNS} FROM audit_chains WHERE first_at < ?`, before)
    for (const { tenant, writer, at } of old.map(chainIn)) {
      if (left > 0) left -= connection.change(PRUNE, tenant, writer, before, left)
      const first = connection.get(FIRST, tenant, writer)
      // A chain that may still grow must not begin anew.
      const isOver = first === undefined && writer !== rows.writer && at + CHAIN_REST_MS < before
      if (isOver) connection.run(DELETE_CHAIN, tenant, writer)
      else {
        const next = first === undefined ? at + CHAIN_REST_MS : integerIn(first, 'at')
        connection.run(MOVE_CHAIN, next, tenant, writer)
      }
    }
    if (left > 0) connection.run('DELETE FROM audit_names WHERE last_at < ?', before - NAME_USE_MS)
    return limit - left
  }

  return {
    writer: rows.writer,
    append: (records) =>
      commits.write<void>(() => ({ result: undefined, apply: () => rows.append(records) })),
    async list(filter, limit, position) {
      const where = conditionsOf(filter)
      if (position !== undefined) {
        where.add('(at, writer, n) < ({}, {}, {})', position.at, position.writer, position.n)
      }
      const order = `ORDER BY at DESC, writer DESC, n DESC LIMIT ${where.param(limit)}`
      const sql = `SELECT entry FROM ${sourceOf(filter)} WHERE ${where} ${order}`
      return (await reader.all(sql, ...where.params)).map(entryIn)
    },
    async count(filter, cap) {
      const where = conditionsOf(filter)
      const inner = `SELECT 1 FROM ${sourceOf(filter)} WHERE ${where} LIMIT ${where.param(cap)}`
      const [row] = await reader.all(`SELECT count(*) AS total FROM (${inner})`, ...where.params)
      return row === undefined ? 0 : integerIn(row, 'total')
    },
    async listChains(tenant, limit, afterWriter = '') {
      return (await reader.all(LIST_CHAINS, tenant, afterWriter, limit)).map(chainIn)
    },
    async readChain({ tenant, writer, after, upTo, from = 0, to = Number.MAX_SAFE_INTEGER }, limit) {
      return (await reader.all(READ_CHAIN, tenant, writer, after, upTo, from, to, limit)).map(entryIn)
    },
    heads: () =>
      retryBusy(
        () =>
          connection
            .all(`SELECT ${CHAIN_COLUMNS} FROM audit_chains WHERE writer = ?`, rows.writer)
            .map(chainIn),
        random,
      ),
    async findNames(tenant, pseudonyms) {
      return (await reader.all(FIND_NAMES, tenant, JSON.stringify(pseudonyms))).map(nameIn)
    },
    findPseudonym: (tenant, subject) =>
      retryBusy(() => {
        const row = connection.get(FIND_PSEUDONYM, tenant, subject)
        return row && textIn(row, 'pseudonym')
      }, random),
    erase: (tenant, subject, record) =>
      commits.write<void>(() => ({
        result: undefined,
        apply() {
          rows.append([record])
          connection.run('DELETE FROM audit_names WHERE tenant = ? AND subject = ?', tenant, subject)
        },
      })),
    async prune(before, limit) {
      let pruned = 0
      await commits.write<void>(() => ({
        result: undefined,
        apply() {
          pruned = prune(before, limit)
        },
      }))
      return pruned
    },
  }
}

function conditionsOf({ tenant, principal, action, target, outcome, from, to }: AuditFilter): Conditions {
  const where = new Conditions().add('tenant = {}', tenant)
  where.addIf('principal', principal).addIf('action', action).addIf('outcome', outcome)
  if (target !== undefined) where.add('target_kind = {} AND target_id = {}', target.kind, target.id)
  if (from !== undefined) where.add('at >= {}', from)
  if (to !== undefined) where.add('at < {}', to)
  return where
}

/** Without statistics SQLite may sort a long list instead of walking the index that is already in order. */
function sourceOf({ principal, target }: AuditFilter): string {
  if (principal !== undefined) return 'audit INDEXED BY audit_by_principal'
  return target === undefined ? 'audit INDEXED BY audit_by_time' : 'audit INDEXED BY audit_by_target'
}

const entryIn = (row: Row): AuditEntry => JSON.parse(textIn(row, 'entry'))

function nameIn(row: Row): AuditName {
  const kind = NAME_KINDS.find((known) => known === row.kind)
  if (kind === undefined) throw new TypeError('Column kind holds no kind of name')
  return {
    tenant: textIn(row, 'tenant'),
    subject: textIn(row, 'subject'),
    kind,
    text: textIn(row, 'text'),
    salt: textIn(row, 'salt'),
    pseudonym: textIn(row, 'pseudonym'),
  }
}
