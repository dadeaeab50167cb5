import { closeSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { type NewId, newUuid } from '../../a2a/ids.ts'
import type { Backend } from '../backend.ts'
import { createAgentIndex, listAnew } from './agent-index.ts'
import { createSqliteAgentStore } from './agent-store.ts'
import { createSqliteAlertStore } from './alert-store.ts'
import { createAuditRows } from './audit-rows.ts'
import { createSqliteAuditStore } from './audit-store.ts'
import { createChangeRows } from './change-rows.ts'
import { createSqliteChangeStore } from './change-store.ts'
import { createSqliteChannelStore } from './channel-store.ts'
import { createClaimRows } from './claim-rows.ts'
import { Connection } from './connection.ts'
import { createSqliteCredentialStore } from './credential-store.ts'
import { GroupCommit } from './group-commit.ts'
import { createHealthRows } from './health-rows.ts'
import { createSqliteHealthStore } from './health-store.ts'
import { createSharedHints } from './hints.ts'
import { createSqliteKeyStore } from './key-store.ts'
import { migrate } from './migrate.ts'
import { MIGRATIONS } from './migrations/migrations.ts'
import { ReaderThread } from './reader-thread.ts'
import { retryBusy } from './retry-busy.ts'
import { createSqliteSigningKeyStore } from './signing-key-store.ts'
import { createSqliteTaskStore } from './task-store.ts'
import { createSqliteWorkQueue } from './work-queue.ts'
import { createWorkRows } from './work-rows.ts'

export type SqliteOptions = {
  /** The database's file. It and its directory are made if missing, for this user only. */
  readonly path: string
  /** Only for housekeeping: whatever is promised to callers depends on the times they pass. */
  readonly now: () => number
  /** Other processes have the file open too, so hints go between them. Default: false. */
  readonly shared?: boolean
  /** Makes lease tokens, the name of this writer and the salts in the audit log. */
  readonly newId?: NewId
  /** Spreads the attempts of processes that wait for one lock. */
  readonly random?: () => number
}

/**
 * Checkpoints run on the reader thread, every so many pages, because each takes as long as many commits. Where writing
 * never pauses they cannot finish, so a WAL of 64 MB is emptied by the writer itself.
 */
const CHECKPOINT_PAGES = 1000
const PRAGMAS = `
  PRAGMA synchronous = FULL;
  PRAGMA wal_autocheckpoint = 16384;
  PRAGMA cache_size = -32768;
  PRAGMA temp_store = MEMORY;
  PRAGMA journal_size_limit = 67108864;
`

/** A backend in one file. Rejects when the file cannot be opened, or was written by a newer Parley. */
export async function openSqlite(options: SqliteOptions): Promise<Backend> {
  const { path, now, shared = false, newId = newUuid, random = Math.random } = options
  const connection = await openFile(path, random)
  try {
    await migrate(connection, { path, now, random })
  } catch (error) {
    connection[Symbol.dispose]()
    throw error
  }
  const writer = newId()
  const hints = createSharedHints({ connection, writer, shared })
  const { feed } = hints
  const reader = new ReaderThread(path)
  const commits = new GroupCommit({
    connection,
    random,
    record: hints.record,
    publish: feed.publish,
    wrote: createCheckpoints(reader),
  })
  const rows = createWorkRows(connection)
  const audit = createAuditRows(connection, writer, newId)
  const changes = createChangeRows(connection)
  const claims = createClaimRows(connection)
  const index = createAgentIndex(connection, claims)
  const health = createHealthRows(connection)
  await listAnew(connection, commits, index)
  return {
    capabilities: { listsAreEventual: false, survivesRestart: true, sharedByProcesses: true },
    tasks: createSqliteTaskStore({ connection, commits, reader, work: rows, audit, now, random }),
    work: createSqliteWorkQueue({ connection, commits, rows, newId, random }),
    agents: createSqliteAgentStore({
      connection,
      commits,
      audit,
      changes,
      work: rows,
      health,
      index,
      claims,
      reader,
      random,
    }),
    changes: createSqliteChangeStore({ connection, commits, random }),
    health: createSqliteHealthStore({ connection, commits, changes, work: rows, rows: health, random }),
    keys: createSqliteKeyStore({ connection, commits, audit, random }),
    alerts: createSqliteAlertStore({ connection, commits, work: rows, audit, random }),
    channels: createSqliteChannelStore({ connection, commits, audit, random }),
    audit: createSqliteAuditStore({ connection, commits, reader, rows: audit, random }),
    credentials: createSqliteCredentialStore({ connection, commits, audit, random }),
    signingKeys: createSqliteSigningKeyStore({ connection, commits, audit, random }),
    hints: (signal) => feed.subscribe(signal),
    ready: () => commits.write<void>(() => ({ result: undefined, apply: () => touch(connection) })),
    async [Symbol.asyncDispose]() {
      hints[Symbol.dispose]()
      await Promise.all([commits[Symbol.asyncDispose](), reader[Symbol.asyncDispose]()])
      connection[Symbol.dispose]()
    },
  }
}

/** Asks for a checkpoint whenever enough was written, one at a time. */
function createCheckpoints(reader: ReaderThread): (pages: number) => void {
  let pagesSince = 0
  let isRunning = false
  return (pages) => {
    pagesSince += pages
    if (isRunning || pagesSince < CHECKPOINT_PAGES) return
    pagesSince = 0
    isRunning = true
    reader
      .checkpoint()
      .catch(() => {
        // Another process is at it, or the database is closing: what is left stays in the WAL for the next one.
      })
      .finally(() => {
        isRunning = false
      })
  }
}

async function openFile(path: string, random: () => number): Promise<Connection> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  closeSync(openSync(path, 'a', 0o600))
  const connection = new Connection(path)
  try {
    await retryBusy(() => connection.exec('PRAGMA journal_mode = WAL'), random)
    connection.exec(PRAGMAS)
    return connection
  } catch (error) {
    connection[Symbol.dispose]()
    throw error
  }
}

/** Writes one page, to see that writing works. */
const touch = (connection: Connection): void => connection.exec(`PRAGMA user_version = ${MIGRATIONS.length}`)
