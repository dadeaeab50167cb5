import { hash } from 'node:crypto'
import type { Agent } from '../../registry/agent.ts'
import { indexedAgent } from '../../registry/search/listing.ts'
import type { ClaimRows } from './claim-rows.ts'
import { integerIn, textIn } from './columns.ts'
import type { Connection } from './connection.ts'
import type { GroupCommit } from './group-commit.ts'
import { storedAgent } from './stored-agent.ts'

/** Grows when agents are listed differently: what was listed before is then listed anew. */
const FORM = 4
/** Agents listed anew in one write. */
const AGENTS_PER_WRITE = 50

const PUT_LISTING = `
  INSERT OR REPLACE INTO agent_listings
    (n, form, id, tenant, owner, visibility, lifecycle, name_key, updated_at, ttl, declared_at, words, grants, names, terms)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
const PUT_TEXT = 'INSERT OR REPLACE INTO agent_text (rowid, terms, words) VALUES (?, ?, ?)'
const OUTDATED = `
  SELECT agents.n AS n, agent FROM agents LEFT JOIN agent_listings listed ON listed.n = agents.n AND form = ?
  WHERE listed.n IS NULL LIMIT ?`

/** What agents are found by, and the addresses they have. Written in the transaction that writes the agent. */
export interface AgentIndex {
  /** `n` is the agent's row. */
  put(n: number, agent: Agent): void
  remove(n: number): void
}

export function createAgentIndex(connection: Connection, claims: ClaimRows): AgentIndex {
  return {
    put(n, agent) {
      const { listing, names, terms, words } = indexedAgent(agent)
      const { id, tenant, owner, visibility, lifecycle, nameKey, updatedAt, heartbeatTtlMs } = listing
      connection.run(
        PUT_LISTING,
        ...[n, FORM, id, tenant, owner, visibility, lifecycle, nameKey, updatedAt, heartbeatTtlMs],
        listing.heartbeatsDeclaredAt ?? null,
        JSON.stringify(listing.words),
        listing.grants === undefined ? null : JSON.stringify(listing.grants),
        names,
        JSON.stringify(listing.terms),
      )
      const termWords = [tenantWord(tenant), ...terms.map((term) => termWord(tenant, term))]
      connection.run(PUT_TEXT, n, termWords.join(' '), words.join(' '))
      claims.put(n, agent)
    },
    remove(n) {
      connection.run('DELETE FROM agent_listings WHERE n = ?', n)
      connection.run('DELETE FROM agent_text WHERE rowid = ?', n)
      claims.remove(n)
    },
  }
}

/** Lists those agents that are not, or in an older form. */
export async function listAnew(
  connection: Connection,
  commits: GroupCommit,
  index: AgentIndex,
): Promise<void> {
  const step = () =>
    commits.write<number>(() => {
      const rows = connection.all(OUTDATED, FORM, AGENTS_PER_WRITE)
      if (rows.length === 0) return { result: 0 }
      const apply = () => {
        for (const row of rows) index.put(integerIn(row, 'n'), storedAgent(textIn(row, 'agent')))
      }
      return { result: rows.length, apply }
    })
  while ((await step()) > 0);
}

/** Terms hold any characters, and their tenant's alone count: as words they are digests. */
export const termWord = (tenant: string, term: string): string => wordOf('t', tenant, term)

export const tenantWord = (tenant: string): string => wordOf('a', tenant, '')

const wordOf = (kind: string, tenant: string, term: string): string =>
  `${kind}${hash('sha256', JSON.stringify([tenant, term])).slice(0, 24)}`
