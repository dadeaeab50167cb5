import type { Change } from '../../registry/changes/change.ts'
import type { ChangePosition, ChangeStore, PlacedChange } from '../../registry/changes/change-store.ts'
import { integerIn, textIn } from './columns.ts'
import type { Connection, Row } from './connection.ts'
import type { GroupCommit } from './group-commit.ts'
import { retryBusy } from './retry-busy.ts'

export type SqliteChangeOptions = {
  readonly connection: Connection
  readonly commits: GroupCommit
  readonly random: () => number
}

const LIST = 'SELECT id, change FROM changes WHERE tenant = ? AND id > ? ORDER BY id LIMIT ?'

const PRUNED = 'SELECT id FROM pruned_changes WHERE tenant = ?'

const LAST = 'SELECT id FROM changes WHERE tenant = ? ORDER BY id DESC LIMIT 1'

const FIND_UNREGISTERED = `
  SELECT change FROM json_each(?2) AS wanted
  JOIN removed_agents removed ON removed.agent_id = wanted.value AND removed.tenant = ?1
  JOIN changes ON changes.id = removed.change_id`

const OLDEST = 'SELECT id, at FROM changes ORDER BY id LIMIT ?'

const NOTE_PRUNED = `
  INSERT INTO pruned_changes (tenant, id) SELECT tenant, max(id) FROM changes WHERE id <= ? GROUP BY tenant
  ON CONFLICT (tenant) DO UPDATE SET id = excluded.id`

export function createSqliteChangeStore({ connection, commits, random }: SqliteChangeOptions): ChangeStore {
  const idOr = (row: Row | undefined, otherwise: number): number =>
    row === undefined ? otherwise : integerIn(row, 'id')
  const prunedUpTo = (tenant: string): number => idOr(connection.get(PRUNED, tenant), 0)

  function prune(before: number, limit: number): number {
    const oldest = connection.all(OLDEST, limit)
    const kept = oldest.findIndex((row) => integerIn(row, 'at') >= before)
    const last = oldest.slice(0, kept < 0 ? oldest.length : kept).at(-1)
    if (last === undefined) return 0
    const id = integerIn(last, 'id')
    connection.run(NOTE_PRUNED, id)
    connection.run('DELETE FROM removed_agents WHERE change_id <= ?', id)
    return connection.change('DELETE FROM changes WHERE id <= ?', id)
  }

  return {
    list: (tenant, limit, after) =>
      retryBusy(() => {
        const rows = connection.all(LIST, tenant, Number(after ?? 0), limit)
        // Asked for last: what is pruned in between must not go unnoticed.
        if (after !== undefined && Number(after) < prunedUpTo(tenant)) return 'pruned'
        return rows.map(placedIn)
      }, random),
    end: (tenant) =>
      retryBusy(() => positionOf(idOr(connection.get(LAST, tenant), prunedUpTo(tenant))), random),
    isBefore: (position, end) => Number(position) <= Number(end),
    findUnregistered: (tenant, ids) =>
      retryBusy(() => connection.all(FIND_UNREGISTERED, tenant, JSON.stringify(ids)).map(changeIn), random),
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

/** As long for the first as for the last, so that what is made of one tells nothing by its length. */
const positionOf = (id: number): ChangePosition => String(id).padStart(16, '0')

const changeIn = (row: Row): Change => JSON.parse(textIn(row, 'change'))

const placedIn = (row: Row): PlacedChange => ({
  change: changeIn(row),
  position: positionOf(integerIn(row, 'id')),
})
