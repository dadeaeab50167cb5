import type { Agent } from '../../registry/agent.ts'

type OldAgent = Omit<Agent, 'lifecycle'> & Partial<Pick<Agent, 'lifecycle'>> & { readonly enabled?: boolean }

/** An agent from its stored text. One of before there were lifecycles says whether it is `enabled`. */
export function storedAgent(text: string): Agent {
  const stored: OldAgent = JSON.parse(text)
  const { enabled, lifecycle = enabled === false ? 'disabled' : 'active', ...agent } = stored
  return { ...agent, lifecycle }
}
