import { isObject, type JsonObject } from './json-object.ts'

/** How an agent lets callers in (A2A 1.0 §4.5): of each kind, what a caller has to know. */
export type DeclaredScheme =
  | { readonly kind: 'apiKey'; readonly location: 'header' | 'query' | 'cookie'; readonly name: string }
  /** A scheme of HTTP authentication, in lower case. */
  | { readonly kind: 'http'; readonly scheme: string }
  /** `tokenUrl` is that of the client credentials flow; absent when the agent offers only flows that take a person. */
  | { readonly kind: 'oauth2'; readonly tokenUrl?: string }
  | { readonly kind: 'openIdConnect'; readonly openIdConnectUrl: string }
  | { readonly kind: 'mutualTls' }

/** Schemes that are all needed at once, with the scopes that each must have. Empty when none is. */
export type SecurityAlternative = ReadonlyMap<string, readonly string[]>

/** What an agent demands of its callers: any one of `alternatives`, whose schemes are named in `schemes`. */
export type CardSecurity = {
  /** Those that could be read, by name. */
  readonly schemes: ReadonlyMap<string, DeclaredScheme>
  /** In the card's order. Nothing is demanded where there are none. */
  readonly alternatives: readonly SecurityAlternative[]
}

const known = new WeakMap<object, CardSecurity>()

/** What a card of 1.0 demands, as far as it can be read: a publisher's mistake costs that scheme only. */
export function securityOf(card: {
  readonly securitySchemes?: unknown
  readonly securityRequirements?: unknown
}): CardSecurity {
  const found = known.get(card)
  if (found !== undefined) return found
  const { securitySchemes, securityRequirements } = card
  const declarations = isObject(securitySchemes) ? Object.entries(securitySchemes) : []
  const schemes = declarations.flatMap(([name, declared]) => {
    const scheme = schemeIn(declared)
    return scheme === undefined ? [] : [[name, scheme] as const]
  })
  const security = {
    schemes: new Map(schemes),
    alternatives: Array.isArray(securityRequirements) ? securityRequirements.map(alternativeIn) : [],
  }
  known.set(card, security)
  return security
}

/** Each kind by the member that holds it. */
const KINDS: Readonly<Record<string, (content: JsonObject) => DeclaredScheme | undefined>> = {
  apiKeySecurityScheme: ({ location, name }) =>
    (location === 'header' || location === 'query' || location === 'cookie') && isFilled(name)
      ? { kind: 'apiKey', location, name }
      : undefined,
  httpAuthSecurityScheme: ({ scheme }) =>
    isFilled(scheme) ? { kind: 'http', scheme: scheme.toLowerCase() } : undefined,
  oauth2SecurityScheme({ flows }) {
    const flow = isObject(flows) ? flows.clientCredentials : undefined
    const tokenUrl = isObject(flow) ? flow.tokenUrl : undefined
    return isFilled(tokenUrl) ? { kind: 'oauth2', tokenUrl } : { kind: 'oauth2' }
  },
  openIdConnectSecurityScheme: ({ openIdConnectUrl }) =>
    isFilled(openIdConnectUrl) ? { kind: 'openIdConnect', openIdConnectUrl } : undefined,
  mtlsSecurityScheme: () => ({ kind: 'mutualTls' }),
}

function schemeIn(declared: unknown): DeclaredScheme | undefined {
  if (!isObject(declared)) return undefined
  for (const [member, read] of Object.entries(KINDS)) {
    const content = Object.hasOwn(declared, member) ? declared[member] : undefined
    if (isObject(content)) return read(content)
  }
  return undefined
}

function alternativeIn(requirement: unknown): SecurityAlternative {
  const schemes = isObject(requirement) && isObject(requirement.schemes) ? requirement.schemes : {}
  return new Map(Object.entries(schemes).map(([name, scopes]) => [name, scopesIn(scopes)]))
}

const scopesIn = (scopes: unknown): readonly string[] => {
  const list = isObject(scopes) ? scopes.list : undefined
  return Array.isArray(list) ? list.filter(isFilled) : []
}

const isFilled = (value: unknown): value is string => typeof value === 'string' && value !== ''
