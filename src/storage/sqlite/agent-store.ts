import type { Agent } from '../../registry/agent.ts'
import type { AgentCommit, AgentCommitResult, AgentStore } from '../../registry/agent-store.ts'
import { termsOf } from '../agent-terms.ts'
import { searchQuery } from './agent-search.ts'
import { integerIn, textIn } from './columns.ts'
import type { Connection, Row } from './connection.ts'
import type { Decision, GroupCommit } from './group-commit.ts'
import type { Reader } from './reader-thread.ts'
import { retryBusy } from './retry-busy.ts'

export type SqliteAgentOptions = {
  readonly connection: Connection
  readonly commits: GroupCommit
  readonly reader: Reader
  readonly random: () => number
}

const AGENT = 'SELECT agent, beats.at AS beat_at FROM agents JOIN agent_beats beats ON agent_id = id'
const FIND = `${AGENT} WHERE id = ?`
const FIND_BY_SLUG = `${AGENT} WHERE tenant = ? AND slug = ?`

const PUT = `
  INSERT INTO agents (id, version, tenant, slug, owner, names, agent) VALUES (?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (id) DO UPDATE SET
    version = excluded.version, tenant = excluded.tenant, slug = excluded.slug, owner = excluded.owner,
    names = excluded.names, agent = excluded.agent`

/** Beats have a table of their own, so that none rewrites a card of a megabyte. */
const BEAT = `
  INSERT INTO agent_beats (agent_id, at) VALUES (?, ?)
  ON CONFLICT (agent_id) DO UPDATE SET at = max(at, excluded.at)`

const HOLD_SLUG = 'INSERT OR REPLACE INTO slugs (tenant, slug, owner, agent_id) VALUES (?, ?, ?, ?)'

export function createSqliteAgentStore(options: SqliteAgentOptions): AgentStore {
  const { connection, commits, reader, random } = options

  const find = (id: string): Agent | undefined => agentOrNone(connection.get(FIND, id))
  const findBySlug = (tenant: string, slug: string): Agent | undefined =>
    agentOrNone(connection.get(FIND_BY_SLUG, tenant, slug))

  function decide({ agent, expectedVersion, removed }: AgentCommit): Decision<AgentCommitResult> {
    const stored = find(agent.id)
    if ((stored?.version ?? 0) !== expectedVersion) return { result: { kind: 'conflict' } }
    if (removed === true) return { result: { kind: 'committed' }, apply: () => remove(stored) }
    const owner = slugHolder(agent)
    if (owner !== undefined) return { result: { kind: 'slug_taken', owner } }
    return { result: { kind: 'committed' }, apply: () => put(agent, stored) }
  }

  /** The owner who keeps `agent` from having its slug, if somebody does. */
  function slugHolder({ id, tenant, slug, owner }: Agent): string | undefined {
    const row = connection.get(
      'SELECT owner, agent_id FROM slugs WHERE tenant = ? AND slug = ?',
      tenant,
      slug,
    )
    if (row === undefined || textIn(row, 'agent_id') === id) return undefined
    const holder = textIn(row, 'owner')
    return holder !== owner || findBySlug(tenant, slug) !== undefined ? holder : undefined
  }

  function put(agent: Agent, stored: Agent | undefined): void {
    const { id, version, tenant, slug, owner, lastHeartbeatAt } = agent
    if (stored !== undefined) deleteTerms(stored)
    connection.run(PUT, id, version, tenant, slug, owner, termsOf(agent).names, JSON.stringify(agent))
    connection.run(BEAT, id, lastHeartbeatAt)
    connection.run(HOLD_SLUG, tenant, slug, owner, id)
    for (const term of termTexts(agent)) {
      connection.run('INSERT INTO agent_terms (tenant, term, agent_id) VALUES (?, ?, ?)', tenant, term, id)
    }
  }

  function remove(stored: Agent | undefined): void {
    if (stored === undefined) return
    deleteTerms(stored)
    connection.run('DELETE FROM agents WHERE id = ?', stored.id)
    connection.run('DELETE FROM agent_beats WHERE agent_id = ?', stored.id)
  }

  function deleteTerms({ tenant, id, ...stored }: Agent): void {
    for (const term of termTexts({ tenant, id, ...stored })) {
      connection.run(
        'DELETE FROM agent_terms WHERE tenant = ? AND term = ? AND agent_id = ?',
        tenant,
        term,
        id,
      )
    }
  }

  return {
    commit: (commit) => commits.write(() => decide(commit), sizeOf(commit.agent)),
    find: (id) => retryBusy(() => find(id), random),
    findBySlug: (tenant, slug) => retryBusy(() => findBySlug(tenant, slug), random),
    async search(filter, limit, afterId) {
      const { sql, params } = searchQuery(filter, limit, afterId)
      return (await reader.all(sql, ...params)).map(agentIn)
    },
    beat: (id, at) =>
      commits.write<boolean>(() => {
        const isKnown = connection.get('SELECT 1 FROM agent_beats WHERE agent_id = ?', id) !== undefined
        return isKnown ? { result: true, apply: () => void connection.run(BEAT, id, at) } : { result: false }
      }),
  }
}

const sizeOf = (agent: Agent): number => agent.originalCard.length + agent.card.length

const agentOrNone = (row: Row | undefined): Agent | undefined =>
  row === undefined ? undefined : agentIn(row)

function agentIn(row: Row): Agent {
  const agent: Agent = JSON.parse(textIn(row, 'agent'))
  return { ...agent, lastHeartbeatAt: integerIn(row, 'beat_at') }
}

/** What `agent_terms` holds of an agent. */
function termTexts(agent: Agent): readonly string[] {
  const { skills, capabilities } = termsOf(agent)
  return [...skills.map((id) => `skill:${id}`), ...capabilities.map((name) => `capability:${name}`)]
}
