import type { ClientSecret } from './credential.ts'

/** Asks authorization servers, by the policy for identity providers. Follows no redirect. */
export interface TokenSource {
  /** Throws `invalid_params`, naming the setting, for an address that policy forbids. */
  check(url: string): void
  /** The text of the metadata at `url` (OpenID Connect Discovery). Rejects when there is none. */
  fetchMetadata(url: string, signal: AbortSignal): Promise<string>
  /** The server's answer to a request for a token with the client's own credentials. Rejects when none comes. */
  requestToken(tokenEndpoint: string, client: ClientSecret, signal: AbortSignal): Promise<TokenAnswer>
}

export type TokenAnswer = { readonly status: number; readonly text: string }
