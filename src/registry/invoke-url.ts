import type { Agent } from './agent.ts'

/** Below this address lie the agents the gateway serves. `publicUrl` is how the world reaches the gateway. */
export const agentsBase = (publicUrl: string): string => `${publicUrl.replace(/\/+$/, '')}/a2a/`

/** Where clients send messages for an agent. The id is used, because a slug can come to mean another agent. */
export const invokeUrl = (publicUrl: string, agent: Pick<Agent, 'id'>): string =>
  agentsBase(publicUrl) + agent.id

/** Where the card we publish in the agent's place is. */
export const publishedCardUrl = (publicUrl: string, agent: Pick<Agent, 'id'>): string =>
  `${invokeUrl(publicUrl, agent)}/.well-known/agent-card.json`
