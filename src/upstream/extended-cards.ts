import { type AgentClient, AgentFailure } from '../delivery/agent-client.ts'
import { targetOf } from '../delivery/choose-interface.ts'
import { type ErrorCode, ParleyError } from '../errors.ts'
import type { ExtendedCardSource } from '../registry/extended-card-source.ts'

/** Asks for extended cards over the interface that messages to the agent take. */
export const createExtendedCards = (client: Pick<AgentClient, 'getExtendedCard'>): ExtendedCardSource => ({
  async fetchExtendedCard(agent, { principal, signal, traceparent }) {
    const target = targetOf(agent, undefined)
    if (target === undefined) throw new ParleyError('agent_unavailable', 'The agent cannot be called')
    try {
      return await client.getExtendedCard(target, {
        signal,
        onBehalfOf: { tenant: principal.tenant, subject: principal.subject },
        ...(traceparent === undefined ? {} : { traceparent }),
      })
    } catch (error) {
      throw error instanceof AgentFailure ? parleyErrorOf(error) : error
    }
  },
})

/** What agents answer that have no such card. */
const HAS_NONE: ReadonlySet<ErrorCode | undefined> = new Set([
  'extended_agent_card_not_configured',
  'unsupported_operation',
  'method_not_found',
  'not_found',
])

function parleyErrorOf(failure: AgentFailure): ParleyError {
  const { kind, code, retryAfterMs } = failure
  if (kind === 'refused' && HAS_NONE.has(code)) {
    return new ParleyError('extended_agent_card_not_configured', 'The agent has no extended card', {
      cause: failure,
    })
  }
  if (kind === 'invalid') {
    return new ParleyError('invalid_agent_response', `Invalid agent response: ${failure.message}`, {
      cause: failure,
    })
  }
  return new ParleyError('agent_unavailable', failure.message, {
    cause: failure,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  })
}
