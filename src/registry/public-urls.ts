import type { Agent } from './agent.ts'

/** Below this address lie the agents the gateway serves. `publicUrl` is how the world reaches the gateway. */
export const agentsBase = (publicUrl: string): string => `${withoutSlash(publicUrl)}/a2a/`

/** Where the keys are that our signatures can be verified with. */
export const keySetUrl = (publicUrl: string): string => `${withoutSlash(publicUrl)}/.well-known/jwks.json`

/** Below this address lies the registry as ARD has it. */
export const ardBase = (publicUrl: string): string => `${withoutSlash(publicUrl)}/ard/`

/** Where the catalog of agents is. */
export const catalogUrl = (publicUrl: string): string =>
  `${withoutSlash(publicUrl)}/.well-known/ai-catalog.json`

/** What people and tools read about the native API. */
export const docsUrl = (publicUrl: string): string => `${withoutSlash(publicUrl)}/docs`

/** An agent in the native API. */
export const agentUrl = (publicUrl: string, id: Agent['id']): string =>
  `${withoutSlash(publicUrl)}/agents/${encodeURIComponent(id)}`

/** What happened to agents. */
export const changesUrl = (publicUrl: string): string => `${withoutSlash(publicUrl)}/changes`

const withoutSlash = (url: string): string => url.replace(/\/+$/, '')

/** Where clients send messages for an agent. The id is used, because a slug can come to mean another agent. */
export const invokeUrl = (publicUrl: string, agent: Pick<Agent, 'id'>): string =>
  agentsBase(publicUrl) + agent.id

/** Where the card we publish in the agent's place is. */
export const publishedCardUrl = (publicUrl: string, agent: Pick<Agent, 'id'>): string =>
  `${invokeUrl(publicUrl, agent)}/.well-known/agent-card.json`
