import type { AgentId } from '../../a2a/ids.ts'
import { type AuditAction, auditOf, probe } from '../../access/audit/audit-record.ts'
import { untilCommitted } from '../../access/until-committed.ts'
import type { Events } from '../../telemetry/events.ts'
import { alertWork, probeWork } from '../../work/agent-work.ts'
import { type CommitDeps, commitClaims } from '../address-taken.ts'
import { type Agent, cardOf } from '../agent.ts'
import type { AgentCommit } from '../agent-store.ts'
import { agentChange } from '../changes/agent-change.ts'
import { type ChangeKind, compareCards, verdictOf } from '../compare-cards.ts'
import { type NewCard, nextCardVersion, withCard } from '../next-agent.ts'
import { registrationRecord } from '../register-agent.ts'
import { cardHash } from './card-hash.ts'
import type { CardUpdates } from './card-updates.ts'

export type FollowDeps = CommitDeps & {
  readonly now: () => number
  readonly events: Pick<Events, 'agentRegistered' | 'cardProposed'>
}

/** A card that is valid, as it is at an agent's `cardUrl`. */
export type ServedCard = NewCard & { readonly cardUrl: string; readonly cardOrigin: string }

/** Whether a change of this kind waits for nobody. */
const APPLIES: Readonly<Record<CardUpdates, (verdict: ChangeKind) => boolean>> = {
  compatible: (verdict) => verdict === 'compatible' || verdict === 'cosmetic',
  all: () => true,
  none: () => false,
}

/** What becomes of an agent, and whether a card waits then. */
type Step = {
  readonly waits: boolean
  readonly commit?: Omit<AgentCommit, 'expectedVersion'>
  readonly tell?: () => void
}

/**
 * Makes a card that was found at an agent's `cardUrl` the agent's or its proposal, as the agent's `cardUpdates` says,
 * and forgets what waited in its place. One with an address of Parley or of another owner's agent is a proposal. The
 * function answers whether a card waits for who may manage the agent.
 */
export function createFollowCard(deps: FollowDeps): (id: AgentId, served: ServedCard) => Promise<boolean> {
  const { agents, now, events } = deps

  function stepFor(agent: Agent, served: ServedCard, mayApply: boolean): Step {
    const { proposal, rejectedCard, cardUpdates = 'compatible' } = agent
    const found = { card: cardOf(served), signatures: served.signatures }
    const present = { card: cardOf(agent), signatures: agent.signatures ?? [] }
    const hash = cardHash(found)
    if (served.originalCard === agent.originalCard || hash === cardHash(present)) return forget(agent)
    if (rejectedCard?.hash === hash) return { waits: false }
    const verdict = verdictOf(compareCards(present, found))
    if (mayApply && APPLIES[cardUpdates](verdict)) return apply(agent, served)
    if (proposal?.hash === hash) return { waits: true }
    return propose(agent, served, verdict, hash)
  }

  function apply(before: Agent, served: ServedCard): Step {
    const caller = probe(before.tenant)
    const cardVersion = nextCardVersion(before, served, caller.principal.subject, now())
    const agent = { ...withCard(before, served, now(), cardVersion), version: before.version + 1 }
    const { id, slug } = agent
    return {
      waits: false,
      commit: {
        agent,
        proposal: 'none',
        ...(cardVersion && { cardVersion }),
        work: [probeWork(id, now()), alertWork(id, now())],
        changes: [agentChange({ before, after: agent, ...(cardVersion && { cardVersion }) }, now())],
        audit: [registrationRecord(caller, agent, now())],
      },
      tell: () =>
        events.agentRegistered({
          agentId: id,
          slug,
          principal: caller.principal.subject,
          created: false,
        }),
    }
  }

  function propose(before: Agent, served: ServedCard, verdict: ChangeKind, hash: string): Step {
    const { rejectedCard: _, ...kept } = before
    const { id } = before
    const at = now()
    const { originalCard, cardUrl, cardOrigin, signatures, cardValidators: validators } = served
    return {
      waits: true,
      commit: {
        agent: { ...kept, version: before.version + 1, proposal: { at, verdict, hash } },
        proposal: {
          agentId: id,
          at,
          cardUrl,
          cardOrigin,
          originalCard,
          signatures,
          verdict,
          ...(validators && { validators }),
        },
        audit: [record(before, 'card.propose', { verdict })],
      },
      tell: () => events.cardProposed({ agentId: id, verdict }),
    }
  }

  /** The publisher serves the agent's own card: nothing waits, and what was rejected may come again. */
  function forget({ proposal, rejectedCard, ...agent }: Agent): Step {
    if (proposal === undefined && rejectedCard === undefined) return { waits: false }
    return {
      waits: false,
      commit: {
        agent: { ...agent, version: agent.version + 1 },
        proposal: 'none',
        ...(proposal && { audit: [record(agent, 'card.withdraw')] }),
      },
    }
  }

  const record = (agent: Agent, action: AuditAction, details: Readonly<Record<string, string>> = {}) =>
    auditOf(probe(agent.tenant), action, { kind: 'agent', id: agent.id }, now(), {
      details: { slug: agent.slug, ...details },
    })

  return (id, served) =>
    untilCommitted('The agent', async () => {
      const agent = await agents.find(id)
      // Whoever registered it anew meanwhile has decided.
      if (agent?.cardUrl !== served.cardUrl) return false
      for (const mayApply of [true, false]) {
        const { waits, commit, tell } = stepFor(agent, served, mayApply)
        if (commit === undefined) return waits
        const result = await commitClaims(deps, { ...commit, expectedVersion: agent.version }, agent)
        if (result.kind === 'address_taken') continue
        if (result.kind !== 'committed') return undefined
        tell?.()
        return waits
      }
      return undefined
    })
}
