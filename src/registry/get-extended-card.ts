import type { AgentCard } from '../a2a/agent-card.ts'
import type { JsonText } from '../a2a/json-text.ts'
import { type Call, isAnonymous } from '../access/principal.ts'
import { createRecent } from '../access/recent.ts'
import { ParleyError } from '../errors.ts'
import type { Events } from '../telemetry/events.ts'
import type { Agent } from './agent.ts'
import { hasExtendedCard } from './compose-card.ts'
import type { ExtendedCardSource } from './extended-card-source.ts'
import { type FindDeps, getAgent } from './find-agent.ts'
import type { PublishedCard, Publisher } from './publish-card.ts'
import type { Registry } from './registry.ts'
import { validateCard } from './validate-card.ts'

export type ExtendedCardDeps = FindDeps & {
  readonly publisher: Publisher
  readonly now: () => number
  readonly events: Pick<Events, 'extendedCardFailed'>
  /** Without one, no agent's extended card can be had. */
  readonly extendedCards?: ExtendedCardSource
}

/** What an agent shows one caller is not asked for again this long. */
const MAX_AGE_MS = 60_000
const MAX_REMEMBERED_CHARACTERS = 16 * 1024 * 1024

export function createExtendedCard(deps: ExtendedCardDeps): Registry['extendedCard'] {
  const { publisher, now, events, extendedCards } = deps
  const known = createRecent<PublishedCard>({
    maxSize: MAX_REMEMBERED_CHARACTERS,
    sizeOf: ({ text }) => text.length,
    maxAgeMs: MAX_AGE_MS,
    now,
  })

  return async (call, ref) => {
    if (isAnonymous(call.principal)) {
      throw new ParleyError('unauthenticated', 'The extended card takes a valid credential')
    }
    const agent = await getAgent(deps, call, ref, 'discover', 'GetExtendedAgentCard')
    if (!hasExtendedCard(agent)) {
      throw new ParleyError('unsupported_operation', 'The agent has no extended card; its card is complete')
    }
    const key = keyOf(agent, call)
    const kept = known.get(key)
    if (kept !== undefined) return kept.text
    if (extendedCards === undefined) throw notConfigured()
    const card = await extendedCards
      .fetchExtendedCard(agent, call)
      .then(acceptable)
      .catch((error: unknown) => {
        report(events, agent, error)
        throw error
      })
    const published = await publisher.publishText(agent, card, 'v1')
    known.set(key, published)
    return published.text
  }
}

/** The caller is told little of what the agent did; the operator must know. */
function report(events: ExtendedCardDeps['events'], { id }: Agent, error: unknown): void {
  if (!(error instanceof ParleyError) || error.code === 'extended_agent_card_not_configured') return
  events.extendedCardFailed({ agentId: id, failure: error.message, cause: error.cause })
}

/** An agent may show each caller another card. */
const keyOf = (agent: Agent, { principal }: Call): string =>
  JSON.stringify([agent.id, agent.version, principal.tenant, principal.subject])

/** Judged as the card of a registration is. */
function acceptable(text: string): JsonText<AgentCard> {
  const { card, violations } = validateCard(text)
  const [first] = violations
  if (first === undefined) return card
  throw new ParleyError(
    'invalid_agent_response',
    'The agent answered with an extended card that is not valid',
    { cause: new Error(`${first.pointer || '/'} ${first.message}`) },
  )
}

const notConfigured = (): ParleyError =>
  new ParleyError('extended_agent_card_not_configured', 'The extended card of this agent cannot be had')
