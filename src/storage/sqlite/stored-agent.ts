import type { Agent } from '../../registry/agent.ts'

/** What an agent got of before heartbeats were declared, when registering counted as the first. */
const OLD_TTL_MS = 300_000

type OldAgent = Omit<Agent, 'lifecycle'> & Partial<Pick<Agent, 'lifecycle'>> & { readonly enabled?: boolean }

/**
 * An agent from its stored text, without its last heartbeat. One of before there were lifecycles says whether it is
 * `enabled`, and one of before heartbeats were declared has one from the day it was registered.
 */
export function storedAgent(text: string): Agent {
  const stored: OldAgent = JSON.parse(text)
  const { enabled, lifecycle = enabled === false ? 'disabled' : 'active', lastHeartbeatAt, ...agent } = stored
  if (lastHeartbeatAt === undefined || agent.heartbeatTtlMs !== OLD_TTL_MS) return { ...agent, lifecycle }
  const { heartbeatTtlMs: _, ...undeclared } = agent
  return { ...undeclared, lifecycle }
}
