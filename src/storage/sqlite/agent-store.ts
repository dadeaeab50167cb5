import { createRecent } from '../../access/recent.ts'
import { type Agent, beatenAt } from '../../registry/agent.ts'
import type { AgentCommit, AgentCommitResult, AgentStore } from '../../registry/agent-store.ts'
import {
  type CardVersion,
  type CardVersionInfo,
  cardVersionInfo,
  MAX_CARD_VERSIONS,
} from '../../registry/card-version.ts'
import { newClaimsOf } from '../../registry/claims.ts'
import { AGENT_WORK } from '../../work/work.ts'
import type { AgentIndex } from './agent-index.ts'
import { listingsIn, searchQuery } from './agent-search.ts'
import type { AuditRows } from './audit-rows.ts'
import { type ChangeRows, changeHints } from './change-rows.ts'
import type { ClaimRows } from './claim-rows.ts'
import { integerIn, textIn } from './columns.ts'
import type { Connection, Row } from './connection.ts'
import type { Decision, GroupCommit } from './group-commit.ts'
import type { HealthRows } from './health-rows.ts'
import { createProposalRows } from './proposal-rows.ts'
import type { Reader } from './reader-thread.ts'
import { retryBusy } from './retry-busy.ts'
import { storedAgent } from './stored-agent.ts'
import { type WorkRows, workHints } from './work-rows.ts'

export type SqliteAgentOptions = {
  readonly connection: Connection
  readonly commits: GroupCommit
  readonly audit: AuditRows
  readonly changes: ChangeRows
  readonly work: WorkRows
  readonly health: HealthRows
  readonly index: AgentIndex
  readonly claims: ClaimRows
  readonly reader: Reader
  readonly random: () => number
}

const FROM_AGENTS = 'FROM agents JOIN agent_beats beats ON agent_id = id'
const FIND = `SELECT agent, beats.at AS beat_at ${FROM_AGENTS} WHERE id = ?`
const FIND_BY_SLUG = `SELECT agent, beats.at AS beat_at ${FROM_AGENTS} WHERE tenant = ? AND slug = ?`
const STAMPED = 'agents.id AS id, version, beats.at AS beat_at'
const STAMP = `SELECT ${STAMPED} ${FROM_AGENTS}`
const STAMP_BY_ID = `${STAMP} WHERE id = ?`
const STAMP_BY_SLUG = `${STAMP} WHERE tenant = ? AND slug = ?`
const STAMP_ALL = `
  SELECT ${STAMPED} FROM json_each(?) wanted JOIN agents ON agents.id = wanted.value
  JOIN agent_beats beats ON agent_id = agents.id ORDER BY wanted.key`

/**
 * Agents kept parsed: every call names one, every search shows some, and cards may be large. So many characters of them
 * together.
 */
const MAX_KNOWN_CHARACTERS = 32 * 1024 * 1024

const PUT = `
  INSERT INTO agents (id, version, tenant, slug, owner, agent) VALUES (?, ?, ?, ?, ?, ?)
  ON CONFLICT (id) DO UPDATE SET
    version = excluded.version, tenant = excluded.tenant, slug = excluded.slug, owner = excluded.owner,
    agent = excluded.agent`

/** When an agent last beat that never did. */
const NEVER = 0

/** Beats have a table of their own, so that none rewrites a card of a megabyte. */
const BEAT = `
  INSERT INTO agent_beats (agent_id, at) VALUES (?, ?)
  ON CONFLICT (agent_id) DO UPDATE SET at = max(at, excluded.at)`

const KEEP_CARD = 'INSERT INTO card_versions (agent_id, number, info, card) VALUES (?, ?, ?, ?)'
const FORGET_CARDS = 'DELETE FROM card_versions WHERE agent_id = ? AND number <= ?'

const PUT_REMOVED = 'INSERT INTO unregistered_agents (id, keeps_credentials, agent) VALUES (?, 1, ?)'
const FIND_REMOVED = 'SELECT agent FROM unregistered_agents WHERE id = ?'
const FIND_REMOVED_BY_SLUG = `
  SELECT agent FROM slugs JOIN unregistered_agents ON unregistered_agents.id = slugs.agent_id
  WHERE tenant = ? AND slug = ?`

const HOLD_SLUG = 'INSERT OR REPLACE INTO slugs (tenant, slug, owner, agent_id) VALUES (?, ?, ?, ?)'

export function createSqliteAgentStore(options: SqliteAgentOptions): AgentStore {
  const { connection, commits, audit, changes, work, health, index, claims, reader, random } = options

  const proposals = createProposalRows(connection)

  const find = (id: string): Agent | undefined => agentOrNone(connection.get(FIND, id))
  const findBySlug = (tenant: string, slug: string): Agent | undefined =>
    agentOrNone(connection.get(FIND_BY_SLUG, tenant, slug))

  const known = createRecent<Agent>({
    maxSize: MAX_KNOWN_CHARACTERS,
    sizeOf: ({ card, originalCard }) => card.length + originalCard.length,
    maxAgeMs: Number.POSITIVE_INFINITY,
    now: () => 0,
  })

  /** The agent a stamp is of, read anew only if its version changed. Not for use in transactions. */
  function current(stamp: Row | undefined): Agent | undefined {
    if (stamp === undefined) return undefined
    const id = textIn(stamp, 'id')
    const kept = known.get(id)
    const isSame = kept?.version === integerIn(stamp, 'version')
    const beatAt = integerIn(stamp, 'beat_at')
    if (isSame && (kept.lastHeartbeatAt ?? NEVER) === beatAt) return kept
    const agent = isSame ? beatenAt(kept, beatAt) : find(id)
    if (agent === undefined) known.delete(id)
    else known.set(id, agent)
    return agent
  }

  function decide(commit: AgentCommit): Decision<AgentCommitResult> {
    const { agent, expectedVersion, removed } = commit
    const stored = find(agent.id)
    if ((stored?.version ?? 0) !== expectedVersion) return { result: { kind: 'conflict' } }
    const owner = removed === true ? undefined : slugHolder(agent)
    if (owner !== undefined) return { result: { kind: 'slug_taken', owner } }
    const addresses = removed === true || commit.sharesAddresses === true ? [] : takenAddresses(agent, stored)
    if (addresses.length > 0) return { result: { kind: 'address_taken', addresses } }
    return {
      result: { kind: 'committed' },
      hints: [...changeHints(commit.changes), ...workHints(commit.work)],
      apply() {
        if (removed === true) remove(agent)
        else put(agent)
        for (const one of commit.work ?? []) work.put(one)
        if (commit.cardVersion !== undefined) keepCard(commit.cardVersion)
        changes.append(commit.changes)
        if (commit.proposal === 'none') proposals.remove(agent.id)
        else if (commit.proposal !== undefined) proposals.put(commit.proposal)
        audit.append(commit.audit)
      },
    }
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

  const takenAddresses = (agent: Agent, stored: Agent | undefined): readonly string[] =>
    newClaimsOf(agent, stored).filter((address) => claims.isTaken(address, agent))

  function put(agent: Agent): void {
    const { lastHeartbeatAt = NEVER, ...stored } = agent
    const { id, version, tenant, slug, owner } = stored
    connection.run(PUT, id, version, tenant, slug, owner, JSON.stringify(stored))
    connection.run(BEAT, id, lastHeartbeatAt)
    connection.run(HOLD_SLUG, tenant, slug, owner, id)
    index.put(rowOf(id), agent)
  }

  function keepCard(version: CardVersion): void {
    const { agentId, number, originalCard } = version
    const info = JSON.stringify(cardVersionInfo(version))
    connection.run(KEEP_CARD, agentId, number, info, originalCard)
    connection.run(FORGET_CARDS, agentId, number - MAX_CARD_VERSIONS)
  }

  function remove(agent: Agent): void {
    const { id } = agent
    connection.run(PUT_REMOVED, id, JSON.stringify(agent))
    index.remove(rowOf(id))
    connection.run('DELETE FROM agents WHERE id = ?', id)
    connection.run('DELETE FROM agent_beats WHERE agent_id = ?', id)
    proposals.remove(id)
    health.remove(id)
    for (const kind of AGENT_WORK) work.delete({ kind, key: id })
  }

  /** 0, which is no row, when there is no such agent. */
  function rowOf(id: string): number {
    const row = connection.get('SELECT n FROM agents WHERE id = ?', id)
    return row === undefined ? 0 : integerIn(row, 'n')
  }

  return {
    commit: (commit) => commits.write(() => decide(commit), sizeOf(commit)),
    find: (id) => retryBusy(() => current(connection.get(STAMP_BY_ID, id)), random),
    findBySlug: (tenant, slug) =>
      retryBusy(() => current(connection.get(STAMP_BY_SLUG, tenant, slug)), random),
    findAll: (ids) =>
      retryBusy(
        () => connection.all(STAMP_ALL, JSON.stringify(ids)).flatMap((stamp) => current(stamp) ?? []),
        random,
      ),
    findRemoved: (id) => retryBusy(() => removedIn(connection.get(FIND_REMOVED, id)), random),
    findRemovedBySlug: (tenant, slug) =>
      retryBusy(() => removedIn(connection.get(FIND_REMOVED_BY_SLUG, tenant, slug)), random),
    forget: (id) =>
      commits.write<void>(() => ({
        result: undefined,
        apply() {
          if (connection.get(FIND_REMOVED, id) === undefined) return
          connection.run('UPDATE unregistered_agents SET keeps_credentials = 0 WHERE id = ?', id)
          connection.run('DELETE FROM credentials WHERE agent_id = ?', id)
        },
      })),
    async search(filter, page) {
      const { sql, params } = searchQuery(filter, page)
      const [row] = await reader.all(sql, ...params)
      return row === undefined ? [] : listingsIn(textIn(row, 'listings'), filter.tenant)
    },
    listVersions: (id) =>
      retryBusy(() => {
        const rows = connection.all(
          'SELECT info FROM card_versions WHERE agent_id = ? ORDER BY number DESC',
          id,
        )
        return rows.map((row): CardVersionInfo => JSON.parse(textIn(row, 'info')))
      }, random),
    findVersion: (id, number) =>
      retryBusy(() => {
        const row = connection.get(
          'SELECT info, card FROM card_versions WHERE agent_id = ? AND number = ?',
          id,
          number,
        )
        if (row === undefined) return undefined
        const { bytes: _, ...version }: CardVersionInfo = JSON.parse(textIn(row, 'info'))
        return { ...version, originalCard: textIn(row, 'card') }
      }, random),
    findProposal: (id) => retryBusy(() => proposals.find(id), random),
    beat: (id, at) =>
      commits.write<boolean>(() => {
        const isKnown = connection.get('SELECT 1 FROM agent_beats WHERE agent_id = ?', id) !== undefined
        return isKnown ? { result: true, apply: () => void connection.run(BEAT, id, at) } : { result: false }
      }),
  }
}

const sizeOf = ({ agent, proposal }: AgentCommit): number =>
  agent.originalCard.length +
  agent.card.length +
  (typeof proposal === 'object' ? proposal.originalCard.length : 0)

const agentOrNone = (row: Row | undefined): Agent | undefined =>
  row === undefined ? undefined : agentIn(row)

function agentIn(row: Row): Agent {
  const agent = storedAgent(textIn(row, 'agent'))
  const lastHeartbeatAt = integerIn(row, 'beat_at')
  return lastHeartbeatAt === NEVER ? agent : { ...agent, lastHeartbeatAt }
}

const removedIn = (row: Row | undefined): Agent | undefined =>
  row === undefined ? undefined : storedAgent(textIn(row, 'agent'))
