import { agentId } from '../a2a/ids.ts'
import type { Access } from '../access/access.ts'
import { assertScope } from '../access/assert-scope.ts'
import type { Cursors } from '../access/page-cursor.ts'
import type { Call } from '../access/principal.ts'
import { ParleyError } from '../errors.ts'
import { type Agent, isAlive } from './agent.ts'
import type { AgentFilter, AgentStore } from './agent-store.ts'
import { resourceOf } from './find-agent.ts'
import { limitConcurrency } from './limit-concurrency.ts'
import type { AgentQuery, Registry } from './registry.ts'

/** Beyond this a total is a lower bound. */
const MAX_TOTAL = 10_000
const MAX_LIMIT = 100
/** Cards can be large: few agents are read at once, few searches run at once, and a page ends early. */
const AGENTS_PER_READ = 20
const MAX_SEARCHES = 4
const PAGE_CHARACTERS = 4 * 1024 * 1024

export type SearchDeps = {
  readonly agents: AgentStore
  readonly access: Access
  readonly now: () => number
  readonly cursors: Cursors
}

export function createSearch({ agents, access, now, cursors }: SearchDeps): Registry['search'] {
  /** Agents of the query that the caller may discover, in the order of their ids. */
  async function* visible(call: Call, query: AgentQuery, afterId?: Agent['id']): AsyncGenerator<Agent> {
    const filter = filterOf(call, query)
    const at = now()
    for (let last = afterId; ; ) {
      call.signal.throwIfAborted()
      const batch = await agents.search(filter, AGENTS_PER_READ, last)
      for (const agent of batch) {
        if (query.onlyAlive === true && !isAlive(agent, at)) continue
        if (access.decide(call.principal, 'discover', resourceOf(agent)).allow) yield agent
      }
      last = batch.at(-1)?.id
      if (batch.length < AGENTS_PER_READ) return
    }
  }

  const count = async (found: AsyncIterable<Agent>): Promise<number> => {
    let total = 0
    for await (const _ of found) if (++total > MAX_TOTAL) break
    return total
  }

  const search: Registry['search'] = async (call, query) => {
    assertScope(call.principal, 'agents:read')
    if (!Number.isInteger(query.limit) || query.limit < 1 || query.limit > MAX_LIMIT) {
      throw new ParleyError('invalid_params', `limit must be between 1 and ${MAX_LIMIT}`, {
        violations: [{ pointer: '/limit', code: 'range', message: `must be between 1 and ${MAX_LIMIT}` }],
      })
    }
    const binding = bindingOf(call, query)
    const afterId = query.cursor === undefined ? undefined : positionOf(cursors.decode(query.cursor, binding))
    const items: Agent[] = []
    let characters = 0
    let isMore = false
    for await (const agent of visible(call, query, afterId)) {
      isMore = items.length === query.limit || characters >= PAGE_CHARACTERS
      if (isMore) break
      items.push(agent)
      characters += agent.card.length
    }
    const isWhole = afterId === undefined && !isMore
    const total = isWhole ? items.length : await count(visible(call, query))
    const last = items.at(-1)
    return {
      items,
      total: Math.min(total, MAX_TOTAL),
      totalCapped: total > MAX_TOTAL,
      ...(isMore && last !== undefined ? { nextCursor: cursors.encode(last.id, binding) } : {}),
    }
  }
  return limitConcurrency(search, MAX_SEARCHES)
}

function filterOf(call: Call, { names, skills, capabilities, owners }: AgentQuery): AgentFilter {
  return {
    tenant: call.principal.tenant,
    ...(call.principal.agents === undefined ? {} : { ids: [...call.principal.agents] }),
    ...(names?.length ? { names } : {}),
    ...(skills?.length ? { skills } : {}),
    ...(capabilities?.length ? { capabilities } : {}),
    ...(owners?.length ? { owners } : {}),
  }
}

/** A cursor leads on only for the principal and the filter it was made for. */
function bindingOf(call: Call, query: AgentQuery): unknown {
  const { tenant, subject, agents } = call.principal
  const values = [query.names, query.skills, query.capabilities, query.owners]
  return [
    'agents',
    tenant,
    subject,
    agents === undefined ? 'all' : [...agents].sort(),
    query.onlyAlive === true,
    values.map((given) => [...(given ?? [])].sort()),
  ]
}

function positionOf(position: unknown): Agent['id'] {
  if (typeof position === 'string') return agentId(position)
  throw new ParleyError('invalid_params', 'The page cursor is not valid for this request')
}
