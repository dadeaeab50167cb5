import type { Change } from '../../registry/changes/change.ts'
import type { Hint } from '../../tasks/news.ts'
import type { Connection } from './connection.ts'

/** The change feed as writes see it; `append` runs inside a transaction. */
export interface ChangeRows {
  append(changes: readonly Change[] | undefined): void
}

const INSERT = 'INSERT INTO changes (tenant, at, change) VALUES (?, ?, ?)'
const REMEMBER = 'INSERT OR REPLACE INTO removed_agents (agent_id, tenant, change_id) VALUES (?, ?, ?)'

export const createChangeRows = (connection: Connection): ChangeRows => ({
  append(changes = []) {
    for (const change of changes) {
      const { tenant, agentId, at } = change
      const id = connection.run(INSERT, tenant, at, JSON.stringify(change))
      if (change.kind === 'unregistered') connection.run(REMEMBER, agentId, tenant, id)
    }
  },
})

/** What a commit with these changes is worth telling. */
export const changeHints = (changes: readonly Change[] | undefined): readonly Hint[] =>
  changes === undefined || changes.length === 0 ? [] : [{ kind: 'changes' }]
