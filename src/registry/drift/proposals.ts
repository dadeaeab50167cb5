import { auditOf } from '../../access/audit/audit-record.ts'
import type { Call } from '../../access/principal.ts'
import { ParleyError } from '../../errors.ts'
import { pointersIntoCard } from '../address-taken.ts'
import { type Agent, cardOf } from '../agent.ts'
import { type AgentCondition, assertHolds, changeAgent } from '../change-agent.ts'
import { compareCards } from '../compare-cards.ts'
import { getAgent } from '../find-agent.ts'
import { judgeCard } from '../judge-card.ts'
import { nextCardVersion, withCard } from '../next-agent.ts'
import type { RegisterDeps } from '../register-agent.ts'
import type { Registry } from '../registry.ts'
import { validateCard } from '../validate-card.ts'
import type { CardProposal } from './card-proposal.ts'

/** What waits to become an agent's card, for those who may manage the agent. */
export function createProposals(
  deps: RegisterDeps,
): Pick<Registry, 'findProposal' | 'acceptProposal' | 'rejectProposal'> {
  const { agents, now, events } = deps

  const proposalOf = async (agent: Agent): Promise<CardProposal> => {
    const proposal = await agents.findProposal(agent.id)
    if (agent.proposal !== undefined && proposal !== undefined) return proposal
    throw new ParleyError('conflict', 'No card waits to become the card of this agent')
  }

  return {
    async findProposal(call, ref) {
      const agent = await getAgent(deps, call, ref, 'manage')
      const proposal = await agents.findProposal(agent.id)
      if (agent.proposal === undefined || proposal === undefined) return undefined
      const { originalCard, signatures } = proposal
      const changes = compareCards(
        { card: cardOf(agent), signatures: agent.signatures ?? [] },
        { card: cardOf(validateCard(originalCard)), signatures },
      )
      return { agent, proposal, changes }
    },

    async acceptProposal(call: Call, ref: string, condition?: AgentCondition) {
      const known = await getAgent(deps, call, ref, 'manage')
      assertHolds(condition, known)
      const proposal = await proposalOf(known)
      const { originalCard, signatures, cardUrl, cardOrigin, validators } = proposal
      const { card, violations } = await judgeCard(deps, originalCard, call.signal)
      if (violations.length > 0) {
        throw new ParleyError('invalid_registration', 'The card cannot be accepted any more', { violations })
      }
      const accepted = {
        originalCard,
        card,
        signatures,
        cardUrl,
        cardOrigin,
        ...(validators && { cardValidators: validators }),
      }
      const { after } = await changeAgent(
        deps,
        call,
        known.id,
        (agent) => {
          assertWaits(known, agent)
          const cardVersion = nextCardVersion(agent, accepted, call.principal.subject, now())
          const next = withCard(agent, accepted, now(), cardVersion)
          const audit = auditOf(call, 'card.accept', { kind: 'agent', id: agent.id }, now(), {
            details: { slug: agent.slug, verdict: proposal.verdict },
          })
          return {
            next,
            proposal: 'none',
            audit: [audit],
            pointersTo: pointersIntoCard(next),
            ...(cardVersion && { cardVersion }),
          }
        },
        condition,
      )
      const { id, slug } = after
      events.agentRegistered({ agentId: id, slug, principal: call.principal.subject, created: false })
      return after
    },

    async rejectProposal(call, ref, { reason }, condition) {
      const known = await getAgent(deps, call, ref, 'manage')
      assertHolds(condition, known)
      const { validators } = await proposalOf(known)
      const { after } = await changeAgent(
        deps,
        call,
        known.id,
        (agent) => {
          const { proposal, ...kept } = assertWaits(known, agent)
          const rejectedCard = { hash: proposal.hash, ...(validators && { validators }) }
          const audit = auditOf(call, 'card.reject', { kind: 'agent', id: agent.id }, now(), {
            details: { slug: agent.slug, verdict: proposal.verdict, ...(reason && { reason }) },
          })
          return {
            next: { ...kept, rejectedCard },
            proposal: 'none',
            isUnseen: true,
            audit: [audit],
          }
        },
        condition,
      )
      events.cardRejected({ agentId: after.id, principal: call.principal.subject })
      return after
    },
  }
}

/** The agent, for which the same card waits as was read. Throws `conflict` otherwise. */
function assertWaits(known: Agent, agent: Agent): Agent & Required<Pick<Agent, 'proposal'>> {
  const { proposal } = agent
  if (proposal !== undefined && proposal.hash === known.proposal?.hash) return { ...agent, proposal }
  throw new ParleyError('conflict', 'What waits is another card by now, or none: read it before you decide')
}
