import { closeSync, openSync, rmSync } from 'node:fs'
import { integerIn } from './columns.ts'
import type { Connection } from './connection.ts'
import { MIGRATIONS } from './migrations/migrations.ts'
import { retryBusy } from './retry-busy.ts'

export type MigrateOptions = {
  readonly path: string
  readonly now: () => number
  readonly random: () => number
  /** Default: all migrations of this version of Parley. */
  readonly migrations?: readonly string[]
}

/**
 * Brings the schema up to date. A file with an older schema is first copied beside itself; one with a newer schema is
 * refused untouched. Several processes may do this at once.
 */
export async function migrate(connection: Connection, options: MigrateOptions): Promise<void> {
  const { path, now, random, migrations = MIGRATIONS } = options
  const latest = migrations.length
  const version = await retryBusy(() => versionOf(connection), random)
  if (version > latest) {
    throw new Error(
      `${path} has schema ${version}, written by a newer Parley; this one knows schemas up to ${latest}. ` +
        `Start the newer version again, or restore a copy made before it: ${path}.schema-<n>-<time>`,
    )
  }
  if (version === latest) return
  if (version > 0) await retryBusy(() => copyBeside(connection, `${path}.schema-${version}-${now()}`), random)
  await retryBusy(() => upgrade(connection, migrations), random)
}

const versionOf = (connection: Connection): number => {
  const row = connection.get('PRAGMA user_version')
  return row === undefined ? 0 : integerIn(row, 'user_version')
}

/** Whoever has the lock first migrates; the others then find nothing left to do. */
function upgrade(connection: Connection, migrations: readonly string[]): void {
  connection.exec('BEGIN IMMEDIATE')
  try {
    for (const migration of migrations.slice(versionOf(connection))) connection.exec(migration)
    connection.exec(`PRAGMA user_version = ${Math.max(migrations.length, versionOf(connection))}`)
    connection.exec('COMMIT')
  } catch (error) {
    if (connection.isTransaction) connection.exec('ROLLBACK')
    throw error
  }
}

/** VACUUM INTO takes an existing file only when it is empty, and would make one that everybody may read. */
function copyBeside(connection: Connection, copy: string): void {
  closeSync(openSync(copy, 'w', 0o600))
  try {
    connection.run('VACUUM INTO ?', copy)
  } catch (error) {
    rmSync(copy, { force: true })
    throw error
  }
}
