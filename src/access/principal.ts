/** What a credential allows at most. Every route and every A2A method names the one it needs. */
export const SCOPES = [
  'tasks:submit',
  'tasks:read',
  'tasks:cancel',
  'agents:read',
  'agents:write',
  'agents:heartbeat',
  'metrics:read',
  'admin',
] as const

export type Scope = (typeof SCOPES)[number]

/** Who calls. `subject` and `groups` are written `<issuer alias>:<value>`, so two issuers never collide. */
export type Principal = {
  readonly tenant: string
  readonly subject: string
  readonly groups: readonly string[]
  readonly scopes: ReadonlySet<Scope>
  /** When the credential ends, in milliseconds since the Unix epoch; what outlives a call ends then. */
  readonly expiresAt?: number
  /** What proved who it is; absent for `anonymous`. */
  readonly credential?: Credential
  /** Ids of the only agents the credential is good for; every agent when absent. */
  readonly agents?: ReadonlySet<string>
}

/** How a principal proved who it is. Names the credential and holds nothing secret, so it may be stored and shown. */
export type Credential =
  | { readonly kind: 'key'; readonly id: string }
  /** `issuer` is the alias of the identity provider. */
  | { readonly kind: 'token'; readonly issuer: string }
  /** `name` is the entry of the mapping that the certificate matched. */
  | { readonly kind: 'certificate'; readonly name: string }

/** How tenants, and the aliases of who issues subjects, are written. */
export const LABEL_PATTERN = '^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$'

/** The tenant of an installation that uses none, and of anonymous callers. */
export const DEFAULT_TENANT = 'default'

/** A caller without a credential: may look at public agents and never invokes one. */
export const ANONYMOUS: Principal = {
  tenant: DEFAULT_TENANT,
  subject: 'anonymous',
  groups: [],
  scopes: new Set<Scope>(['agents:read']),
}

export const isAnonymous = (principal: Principal): boolean => principal === ANONYMOUS

/** `admin` includes every other scope, within its own tenant. */
export const hasScope = (principal: Principal, scope: Scope): boolean =>
  principal.scopes.has(scope) || principal.scopes.has('admin')

/** One call through a front door: who makes it, and the signal that ends every wait made for it. */
export type Call = {
  readonly principal: Principal
  readonly requestId: string
  readonly signal: AbortSignal
  /** The caller's network address, as far as it can be trusted. */
  readonly from?: string
  /** W3C trace context of the caller, kept with the task and forwarded to the agent. */
  readonly traceparent?: string
}
