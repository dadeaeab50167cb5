import type { AgentId } from '../../a2a/ids.ts'
import type { AgentFilter } from '../../registry/agent-store.ts'
import { fold } from '../agent-terms.ts'
import type { Param } from './connection.ts'

export type SearchQuery = { readonly sql: string; readonly params: readonly Param[] }

/** Chooses ids from narrow indexes first and reads only the cards that are returned. */
export function searchQuery(filter: AgentFilter, limit: number, afterId: AgentId | undefined): SearchQuery {
  const { tenant, ids, names, skills, capabilities, owners } = filter
  const params: Param[] = []
  const param = (value: Param) => `?${params.push(value)}`
  const listOf = (values: readonly string[]) =>
    `(SELECT value FROM json_each(${param(JSON.stringify(values))}))`
  const hasTerm = (terms: readonly string[]) =>
    `id IN (SELECT agent_id FROM agent_terms WHERE tenant = ?1 AND term IN ${listOf(terms)})`

  const conditions = [`tenant = ${param(tenant)}`]
  if (afterId !== undefined) conditions.push(`id > ${param(afterId)}`)
  if (ids !== undefined) conditions.push(`id IN ${listOf(ids)}`)
  if (names !== undefined) {
    const matches = names.map((name) => `instr(names, ${param(fold(name))}) > 0`)
    conditions.push(`(${matches.join(' OR ') || 'FALSE'})`)
  }
  if (skills !== undefined) conditions.push(hasTerm(skills.map((id) => `skill:${id}`)))
  if (capabilities !== undefined) conditions.push(hasTerm(capabilities.map((name) => `capability:${name}`)))
  if (owners !== undefined) conditions.push(`owner IN ${listOf(owners)}`)
  // Text can only be looked for row by row, and then in the narrow index, before terms that may name half the agents.
  const source = names === undefined ? 'agents' : 'agents INDEXED BY agents_by_name'
  const sql = `
    SELECT agent, beats.at AS beat_at FROM (
      SELECT id AS found FROM ${source} WHERE ${conditions.join(' AND ')} ORDER BY id LIMIT ${param(limit)}
    ) CROSS JOIN agents ON agents.id = found JOIN agent_beats beats ON beats.agent_id = found
    ORDER BY found`
  return { sql, params }
}
