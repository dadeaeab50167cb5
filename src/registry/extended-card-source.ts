import type { Call } from '../access/principal.ts'
import type { Agent } from './agent.ts'

/** Asks agents for the card they show only to those they know (A2A 1.0 §3.1.11), on behalf of whoever calls. */
export interface ExtendedCardSource {
  /**
   * The exact text of the agent's extended card, in its 1.0 form. Rejects with `extended_agent_card_not_configured` when
   * the agent has none after all, and with `agent_unavailable` or `invalid_agent_response` when it cannot be had.
   */
  fetchExtendedCard(agent: Agent, call: Call): Promise<string>
}
