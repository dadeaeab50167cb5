import { agentId, contextId } from '../../a2a/ids.ts'
import type { ContextKey, ContextRecord } from '../../tasks/task-store.ts'
import { integerIn, textIn, textOrNullIn } from './columns.ts'
import type { Connection, Row } from './connection.ts'

export interface ContextRows {
  find(key: ContextKey): ContextRecord | undefined
  /** Inserts, or merges into what is stored. */
  merge(record: ContextRecord): void
}

export const CONTEXT_COLUMNS = 'tenant, owner, agent_id, context_id, created_at, last_at, agent_context_id'

const FIND = `
  SELECT ${CONTEXT_COLUMNS} FROM contexts
  WHERE tenant = ? AND context_id = ? AND owner = ? AND agent_id = ?`

const MERGE = `
  INSERT INTO contexts (${CONTEXT_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (tenant, context_id, owner, agent_id) DO UPDATE SET
    last_at = max(last_at, excluded.last_at),
    agent_context_id = coalesce(agent_context_id, excluded.agent_context_id)`

/** All that an agent's first answer adds: no index holds it, so none is written. */
const LEARN = `
  UPDATE contexts SET agent_context_id = coalesce(agent_context_id, ?)
  WHERE tenant = ? AND context_id = ? AND owner = ? AND agent_id = ? AND last_at >= ?`

export const createContextRows = (connection: Connection): ContextRows => ({
  find(key) {
    const row = connection.get(FIND, key.tenant, key.contextId, key.owner, key.agentId)
    return row === undefined ? undefined : contextIn(row)
  },
  merge({ tenant, owner, agentId: agent, contextId: context, createdAt, lastAt, agentContextId }) {
    if (agentContextId !== undefined) {
      if (connection.change(LEARN, agentContextId, tenant, context, owner, agent, lastAt) > 0) return
    }
    connection.run(MERGE, tenant, owner, agent, context, createdAt, lastAt, agentContextId ?? null)
  },
})

export function contextIn(row: Row): ContextRecord {
  const agentContextId = textOrNullIn(row, 'agent_context_id')
  return {
    tenant: textIn(row, 'tenant'),
    owner: textIn(row, 'owner'),
    agentId: agentId(textIn(row, 'agent_id')),
    contextId: contextId(textIn(row, 'context_id')),
    createdAt: integerIn(row, 'created_at'),
    lastAt: integerIn(row, 'last_at'),
    ...(agentContextId === undefined ? {} : { agentContextId }),
  }
}
