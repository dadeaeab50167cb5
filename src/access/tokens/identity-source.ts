/** Fetches what identity providers publish. Rejects when policy forbids the address, or nothing usable is there. */
export interface IdentitySource {
  /** The text of an issuer's metadata; `undefined` when there is none at `url`. */
  fetchMetadata(url: string, signal: AbortSignal): Promise<string | undefined>
  /** The text of the JWK set at `url`. */
  fetchKeys(url: string, signal: AbortSignal): Promise<string>
}
