import type { Agent } from '../agent.ts'
import type { AgentHealth } from '../health/agent-health.ts'

/**
 * When an agent's card is to be looked at again, at its URL: `everyMs` after the last time or, before there was one,
 * after it was registered. `undefined` for never: it has no URL, nobody may call it, or `everyMs` is 0.
 */
export function cardCheckDueAt(
  { cardUrl, lifecycle, createdAt }: Pick<Agent, 'cardUrl' | 'lifecycle' | 'createdAt'>,
  health: Pick<AgentHealth, 'checks'> | undefined,
  everyMs: number,
): number | undefined {
  if (cardUrl === undefined || lifecycle === 'disabled' || everyMs === 0) return undefined
  const last = health?.checks.find(({ kind }) => kind === 'card')?.at ?? createdAt
  return last + everyMs
}
