import { type AgentCard, type AgentInterface, isCallable } from '../a2a/agent-card.ts'
import { securityOf } from '../a2a/security.ts'
import { type Agent, cardOf } from '../registry/agent.ts'
import type { AgentTarget } from './agent-client.ts'

/**
 * The first interface of the card, in the publisher's order of preference, whose binding and version the gateway speaks
 * (A2A 1.0 §8.3.2). Nothing else counts, and no version is taken for another.
 */
const chooseInterface = (card: AgentCard): AgentInterface | undefined =>
  card.supportedInterfaces.find(isCallable)

/** Where calls about a task go: the interface that has it, whatever the card says by now; else the one the card prefers. */
export function targetOf(agent: Agent, via: AgentInterface | undefined): AgentTarget | undefined {
  const card = cardOf(agent)
  const chosen = via ?? chooseInterface(card)
  if (chosen === undefined) return undefined
  const security = securityOf(card)
  return {
    agentId: agent.id,
    via: chosen,
    streaming: card.capabilities.streaming === true,
    ...(security.alternatives.length === 0 ? {} : { security }),
  }
}
