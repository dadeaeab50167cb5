/** What the server of a card said by which it can be asked whether the card has changed (RFC 9110 §8.8). */
export type CardValidators = {
  /** The address that answered, behind redirects: to any other they mean nothing. */
  readonly from: string
  readonly etag?: string
  readonly lastModified?: string
}

/** A card as its publisher serves it. */
export type FetchedCard = {
  readonly url: string
  readonly text: string
  /** Absent when its server said nothing of the kind. */
  readonly validators?: CardValidators
  /** Scheme, host and port of the server that it came from, after redirects. */
  readonly origin: string
}

/** Fetches Agent Cards from where publishers put them. */
export interface CardSource {
  /**
   * The card at `url` itself or, when that is no card, at `<url>/.well-known/agent-card.json`, else at
   * `<url>/.well-known/agent.json`.
   * Rejects with `invalid_params` (a bad or forbidden URL, naming the setting that would allow it) or
   * `agent_unavailable` (nothing there, too large, too slow).
   */
  fetchCard(url: string, signal: AbortSignal): Promise<FetchedCard>
  /**
   * What is now at `url`, where a card was found before, and nowhere else; it may be a card no more. `unchanged` when
   * its server says so of the card that `known` came with. Rejects as `fetchCard` does; the `cause` is what upstream
   * knows of the failure.
   */
  refetchCard(
    url: string,
    known: CardValidators | undefined,
    signal: AbortSignal,
  ): Promise<FetchedCard | 'unchanged'>
}
