/** Fetches the public keys of publishers. */
export interface KeySource {
  /** The text of the JWK set at `url`. Rejects when policy forbids the address, or nothing usable is there. */
  fetchKeys(url: string, signal: AbortSignal): Promise<string>
}
