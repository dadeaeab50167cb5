import type { Scope } from '../access/principal.ts'

/** How the world reaches this gateway, and whose tokens it may bring. */
export type PublicAddresses = {
  /** Base of every HTTP address. A slash at its end does not count. */
  readonly http: string
  /** The gRPC listeners: `host:port`, or a URL. */
  readonly grpc: readonly {
    readonly url: string
    /** Id or slug of the agent that answers calls which name none. */
    readonly agent?: string
  }[]
  /** The identity providers whose tokens are taken; none when absent. */
  readonly issuers?: readonly PublicIssuer[]
}

/** What everybody may know of an identity provider that is trusted. */
export type PublicIssuer = {
  readonly alias: string
  readonly issuer: string
  /** What its tokens may allow at most. */
  readonly scopes: readonly Scope[]
  /** Its OpenID Connect metadata, where clients find out how to get a token; absent when that is not known to be there. */
  readonly openIdUrl?: string
  /** What it calls the right to send messages. */
  readonly submitScope: string
}
