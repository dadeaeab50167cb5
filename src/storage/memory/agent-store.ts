import type { Agent } from '../../registry/agent.ts'
import type { AgentCommit, AgentCommitResult, AgentStore } from '../../registry/agent-store.ts'
import { type AgentTerms, matches, termsOf } from '../agent-terms.ts'
import type { AuditRows } from './audit-store.ts'
import { compareText } from './compare-text.ts'
import type { CredentialRows } from './credential-store.ts'
import { frozenCopy } from './frozen-copy.ts'

type Stored = { readonly agent: Agent; readonly terms: AgentTerms }

/** Who holds a slug or, once its agent is gone, for whom it is kept. */
type Holder = { readonly agentId: string; readonly owner: string }

const slugKey = (tenant: string, slug: string): string => JSON.stringify([tenant, slug])

export function createMemoryAgentStore(auditRows: AuditRows, credentials: CredentialRows): AgentStore {
  const agents = new Map<string, Stored>()
  const holders = new Map<string, Holder>()

  const findBySlug = (tenant: string, slug: string): Agent | undefined => {
    const holder = holders.get(slugKey(tenant, slug))
    const agent = holder === undefined ? undefined : agents.get(holder.agentId)?.agent
    return agent?.tenant === tenant && agent.slug === slug ? agent : undefined
  }

  function commit({ agent, expectedVersion, removed, audit }: AgentCommit): AgentCommitResult {
    const stored = agents.get(agent.id)?.agent
    if ((stored?.version ?? 0) !== expectedVersion) return { kind: 'conflict' }
    if (removed === true) {
      auditRows.append(audit)
      agents.delete(agent.id)
      credentials.delete(agent.id)
      return { kind: 'committed' }
    }
    const holder = holders.get(slugKey(agent.tenant, agent.slug))
    if (holder !== undefined && holder.agentId !== agent.id) {
      const isHeld = findBySlug(agent.tenant, agent.slug) !== undefined
      if (isHeld || holder.owner !== agent.owner) return { kind: 'slug_taken', owner: holder.owner }
    }
    auditRows.append(audit)
    const lastHeartbeatAt = Math.max(agent.lastHeartbeatAt, stored?.lastHeartbeatAt ?? 0)
    if (stored === undefined) credentials.set(agent.id, new Map())
    agents.set(agent.id, { agent: frozenCopy({ ...agent, lastHeartbeatAt }), terms: termsOf(agent) })
    holders.set(slugKey(agent.tenant, agent.slug), { agentId: agent.id, owner: agent.owner })
    return { kind: 'committed' }
  }

  return {
    async commit(value) {
      return commit(value)
    },
    async find(id) {
      return agents.get(id)?.agent
    },
    async findBySlug(tenant, slug) {
      return findBySlug(tenant, slug)
    },
    async search(filter, limit, afterId) {
      return [...agents.values()]
        .filter(({ agent, terms }) => matches(filter, agent, terms))
        .map(({ agent }) => agent)
        .filter((agent) => afterId === undefined || compareText(agent.id, afterId) > 0)
        .sort((a, b) => compareText(a.id, b.id))
        .slice(0, limit)
    },
    async beat(id, at) {
      const stored = agents.get(id)
      if (stored === undefined) return false
      if (at > stored.agent.lastHeartbeatAt) {
        agents.set(id, { ...stored, agent: Object.freeze({ ...stored.agent, lastHeartbeatAt: at }) })
      }
      return true
    },
  }
}
