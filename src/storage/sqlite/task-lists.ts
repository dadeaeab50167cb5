import { agentId, taskId } from '../../a2a/ids.ts'
import type { TaskHead } from '../../tasks/task-head.ts'
import type { ContextFilter, ContextPosition, TaskFilter, TaskStore } from '../../tasks/task-store.ts'
import { integerIn, textIn } from './columns.ts'
import { Conditions } from './conditions.ts'
import type { Row } from './connection.ts'
import { CONTEXT_COLUMNS, contextIn } from './context-rows.ts'
import { EVENT_COLUMNS, eventIn } from './event-rows.ts'
import type { Reader } from './reader-thread.ts'

type Lists = Pick<
  TaskStore,
  | 'listHeads'
  | 'countHeads'
  | 'listAgents'
  | 'listContexts'
  | 'countContexts'
  | 'listContextEvents'
  | 'countContextEvents'
>

/** Lists and counts of tasks and contexts, on the reader thread. */
export function createTaskLists(reader: Reader): Lists {
  const read = (sql: string, { params }: Conditions) => reader.all(sql, ...params)
  const count = async (sql: string, where: Conditions): Promise<number> => {
    const [row] = await read(`SELECT count(*) AS total FROM (${sql})`, where)
    return row === undefined ? 0 : integerIn(row, 'total')
  }
  return {
    async listHeads(filter, limit, position) {
      const where = headConditions(filter)
      if (position !== undefined) where.add('(status_at, id) < ({}, {})', position.at, position.id)
      const order = `ORDER BY status_at DESC, id DESC LIMIT ${where.param(limit)}`
      const rows = await read(`SELECT head FROM ${headSource(filter)} WHERE ${where} ${order}`, where)
      return rows.map(headIn)
    },
    countHeads(filter, cap) {
      const where = headConditions(filter)
      const limit = where.param(cap)
      return count(`SELECT 1 FROM ${headSource(filter)} WHERE ${where} LIMIT ${limit}`, where)
    },
    async listAgents({ tenant, owner }) {
      const rows = await reader.all(LIST_AGENTS, tenant, owner, tenant, owner)
      return rows.map((row) => agentId(textIn(row, 'id')))
    },
    async listContexts(filter, limit, position) {
      const where = contextConditions(filter)
      addContextPosition(where, position)
      const order = `ORDER BY last_at DESC, context_id DESC, agent_id DESC, owner DESC LIMIT ${where.param(limit)}`
      const source = contextSource(filter)
      return (await read(`SELECT ${CONTEXT_COLUMNS} FROM ${source} WHERE ${where} ${order}`, where)).map(
        contextIn,
      )
    },
    countContexts(filter, cap) {
      const where = contextConditions(filter)
      const limit = where.param(cap)
      return count(`SELECT 1 FROM ${contextSource(filter)} WHERE ${where} LIMIT ${limit}`, where)
    },
    countContextEvents(filter, cap) {
      const where = messageConditions(filter)
      return count(`SELECT 1 FROM ${CONTEXT_EVENTS} WHERE ${where} LIMIT ${where.param(cap)}`, where)
    },
    async listContextEvents(filter, limit, position) {
      const where = messageConditions(filter)
      if (position !== undefined) where.add('(e.at, t.id) > ({}, {})', position.at, position.id)
      const rows = await read(contextEventsQuery(where, where.param(limit)), where)
      return rows.map((row) => ({
        taskId: taskId(textIn(row, 'task_id')),
        agentId: agentId(textIn(row, 'agent_id')),
        event: eventIn(row),
      }))
    },
  }
}

export const headIn = (row: Row): TaskHead => JSON.parse(textIn(row, 'head'))

/** The literal phases are those of the partial indexes; SQLite recognises an index's condition only word for word. */
function headConditions(filter: TaskFilter): Conditions {
  const where = new Conditions().add("phase = 'task'").add('tenant = {}', filter.tenant)
  where.addIf('owner', filter.owner).addIf('agent_id', filter.agentId).addIf('state', filter.state)
  where.addAny('agent_id', filter.agentIds)
  if (filter.contextId !== undefined) where.add("phase <> 'undecided' AND context_id = {}", filter.contextId)
  if (filter.statusAtFrom !== undefined) where.add('status_at >= {}', filter.statusAtFrom)
  return where
}

/** Without statistics SQLite may sort a long list instead of walking the index that is already in order. */
function headSource({ owner, agentId: agent, contextId: context }: TaskFilter): string {
  if (context !== undefined) return 'tasks INDEXED BY tasks_by_context'
  if (owner === undefined) return 'tasks INDEXED BY tasks_by_tenant'
  return agent === undefined ? 'tasks INDEXED BY tasks_by_owner' : 'tasks INDEXED BY tasks_by_agent'
}

function contextConditions(filter: ContextFilter, prefix = ''): Conditions {
  const where = new Conditions().add(`${prefix}tenant = {}`, filter.tenant)
  return where
    .addIf(`${prefix}context_id`, filter.contextId)
    .addIf(`${prefix}owner`, filter.owner)
    .addIf(`${prefix}agent_id`, filter.agentId)
    .addAny(`${prefix}agent_id`, filter.agentIds)
}

/** Events that carry a message, of decided exchanges. */
const messageConditions = (filter: ContextFilter): Conditions =>
  contextConditions(filter, 't.')
    .add("phase <> 'undecided'")
    .add("(kind IN ('submitted', 'message', 'reply') OR (kind = 'status' AND has_body = 1))")

function contextSource({ owner, contextId: context }: ContextFilter): string {
  if (context !== undefined) return 'contexts NOT INDEXED'
  return `contexts INDEXED BY ${owner === undefined ? 'contexts_by_tenant' : 'contexts_by_owner'}`
}

function addContextPosition(where: Conditions, position: ContextPosition | undefined): void {
  if (position === undefined) return
  const { lastAt, contextId: context, agentId: agent, owner } = position
  where.add('(last_at, context_id, agent_id, owner) < ({}, {}, {}, {})', lastAt, context, agent, owner)
}

/** Skips from agent to agent in the index: an owner has many contexts with each. */
const LEAST_AGENT =
  'SELECT min(agent_id) FROM contexts INDEXED BY contexts_by_agent WHERE tenant = ? AND owner = ?'
const LIST_AGENTS = `
  WITH RECURSIVE found (id) AS (
    ${LEAST_AGENT}
    UNION ALL
    SELECT (${LEAST_AGENT} AND agent_id > found.id) FROM found WHERE found.id IS NOT NULL
  )
  SELECT id FROM found WHERE id IS NOT NULL`

const CONTEXT_EVENTS = `
  tasks t INDEXED BY tasks_by_context
  CROSS JOIN events e ON e.id BETWEEN (t.n << 32) AND ((t.n << 32) | 0xffffffff)`

/** Sorts places first and reads only the bodies that are returned. */
const contextEventsQuery = (where: Conditions, limit: string): string => `
  SELECT ${EVENT_COLUMNS}, task_id, agent_id FROM (
    SELECT e.id AS event_id, t.id AS task_id, t.agent_id AS agent_id
    FROM ${CONTEXT_EVENTS}
    WHERE ${where}
    ORDER BY e.at, t.id LIMIT ${limit}
  ) CROSS JOIN events ON events.id = event_id
  ORDER BY at, task_id`
