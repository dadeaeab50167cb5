import type { DeclaredScheme } from '../../a2a/security.ts'

/** What lets the gateway in at one agent, by one of the security schemes that the agent's card names. */
export type AgentCredential = {
  readonly agentId: string
  /** The scheme's name in the card. */
  readonly scheme: string
  readonly tenant: string
  /** The scheme as the card declared it when the credential was stored; good for no other. */
  readonly declared: DeclaredScheme
  /** Where the agent was called then: the credential goes to these origins and to `tokenEndpoint`, and nowhere else. */
  readonly origins: readonly string[]
  /** Where access tokens are had, as it was shown when the credential was stored. */
  readonly tokenEndpoint?: string
  readonly storedAt: number
  /** The subject of whoever stored it. */
  readonly storedBy: string
}

/** A credential as it lies in storage. */
export type StoredCredential = AgentCredential & {
  /** A `CredentialSecret` as JSON, sealed by the vault for `contextOf` this credential. */
  readonly sealed: string
  /** Grows by one with every commit. */
  readonly version: number
}

/** What nobody may read again, by the kind of scheme. */
export type CredentialSecret =
  | { readonly kind: 'apiKey'; readonly key: string }
  | { readonly kind: 'basic'; readonly username: string; readonly password: string }
  | { readonly kind: 'bearer'; readonly token: string }
  | ({ readonly kind: 'client' } & ClientSecret)
  /** In PEM. */
  | { readonly kind: 'certificate'; readonly certificate: string; readonly key: string }

/** A client's own credentials at an authorization server (RFC 6749 §4.4). */
export type ClientSecret = {
  readonly clientId: string
  readonly clientSecret: string
  /** How the server is told them (RFC 6749 §2.3.1). */
  readonly authentication: 'basic' | 'post'
  readonly scopes: readonly string[]
  /** RFC 8707. */
  readonly resource?: string
  /** What some servers want in place of `resource`. */
  readonly audience?: string
}

/**
 * What a secret is sealed for: all that says whose it is and where it may go. Whoever can write to the database can thus
 * not send it elsewhere.
 */
export const contextOf = (credential: AgentCredential): string => {
  const { agentId, scheme, tenant, declared, origins, tokenEndpoint } = credential
  return JSON.stringify([
    'agent credential',
    tenant,
    agentId,
    scheme,
    declared,
    origins,
    tokenEndpoint ?? null,
  ])
}

export const withoutSecret = ({ sealed: _, version: __, ...credential }: StoredCredential): AgentCredential =>
  credential
