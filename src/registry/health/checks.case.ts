import { agentId } from '../../a2a/ids.ts'
import type { Agent } from '../agent.ts'
import { cardValue } from '../open-registry.case.ts'
import type { AgentHealth, Check } from './agent-health.ts'
import { evolveHealth } from './evolve-health.ts'

/** The two addresses of the agent that these tests look at. */
export const A = 'https://agent.example/a2a'
export const B = 'https://b.example/a2a'

export const watched: Pick<Agent, 'id' | 'tenant' | 'card' | 'cardUrl'> = {
  id: agentId('agent'),
  tenant: 'default',
  cardUrl: 'https://agent.example/card.json',
  card: JSON.stringify({
    ...cardValue,
    supportedInterfaces: [A, B].map((url) => ({ url, protocolBinding: 'JSONRPC', protocolVersion: '1.0' })),
  }),
}

/** A whole hour. */
export const T0 = 1_699_999_200_000
export const MINUTE = 60_000

export const at = (
  ms: number,
  kind: Check['kind'],
  outcome: Check['outcome'] = 'ok',
  url: string | undefined = undefined,
  more: Partial<Check> = {},
): Check => ({ kind, outcome, at: T0 + ms, ...(url === undefined ? {} : { url }), ...more })

/** A round of checks a minute, from `T0` on, each as kind and outcome and, where it matters, URL. */
export function watch(
  rounds: readonly (readonly (readonly [Check['kind'], Check['outcome'], string?])[])[],
  previous?: AgentHealth,
  from = 0,
): readonly AgentHealth[] {
  const seen: AgentHealth[] = []
  for (const [index, round] of rounds.entries()) {
    const ms = from + index * MINUTE
    const checks = round.map(([kind, outcome, url]) => at(ms, kind, outcome, url))
    seen.push(evolveHealth(seen.at(-1) ?? previous, watched, checks, T0 + ms).health)
  }
  return seen
}

export const statesOf = (seen: readonly AgentHealth[]): readonly string[] => seen.map(({ state }) => state)
