/** A card as its publisher serves it. */
export type FetchedCard = { readonly url: string; readonly text: string }

/** Fetches Agent Cards from where publishers put them. */
export interface CardSource {
  /**
   * The card at `url` itself or, when that is no card, at `<url>/.well-known/agent-card.json`, else at
   * `<url>/.well-known/agent.json`.
   * Rejects with `invalid_params` (a bad or forbidden URL, naming the setting that would allow it) or
   * `agent_unavailable` (nothing there, too large, too slow).
   */
  fetchCard(url: string, signal: AbortSignal): Promise<FetchedCard>
}
