import type { AgentCard } from '../a2a/agent-card.ts'
import { SCHEME_KINDS } from '../a2a/security-scheme.ts'

/** Kinds of security schemes, as A2A 0.3 and people call them. */
const KIND_NAMES: Readonly<Record<(typeof SCHEME_KINDS)[number], string>> = {
  apiKeySecurityScheme: 'apiKey',
  httpAuthSecurityScheme: 'http',
  oauth2SecurityScheme: 'oauth2',
  openIdConnectSecurityScheme: 'openIdConnect',
  mtlsSecurityScheme: 'mutualTLS',
}

/** What kinds of credentials an agent takes itself, each once; `none` where it declares no scheme. */
export function securityKindsOf({ securitySchemes = {} }: AgentCard): readonly string[] {
  const kinds = Object.values(securitySchemes).flatMap((scheme) =>
    SCHEME_KINDS.filter((kind) => scheme[kind] !== undefined).map((kind) => KIND_NAMES[kind]),
  )
  return kinds.length === 0 ? ['none'] : [...new Set(kinds)]
}
