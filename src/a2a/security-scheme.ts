/** How an agent wants to be called: security schemes and requirements of A2A 1.0 (§4.5, §4.4.1). */
import Type, { type Static } from 'typebox'

const text = Type.String({ minLength: 1, maxLength: 2048 })
const anyText = Type.Optional(Type.String({ maxLength: 65_536 }))
const scopes = Type.Optional(Type.Record(Type.String(), Type.String({ maxLength: 65_536 })))

export const OAUTH_FLOWS = [
  'authorizationCode',
  'clientCredentials',
  'deviceCode',
  'implicit',
  'password',
] as const

const OAuthFlows = Type.Object({
  authorizationCode: Type.Optional(
    Type.Object({
      authorizationUrl: text,
      tokenUrl: text,
      refreshUrl: anyText,
      scopes,
      pkceRequired: Type.Optional(Type.Boolean()),
    }),
  ),
  clientCredentials: Type.Optional(Type.Object({ tokenUrl: text, refreshUrl: anyText, scopes })),
  deviceCode: Type.Optional(
    Type.Object({ deviceAuthorizationUrl: text, tokenUrl: text, refreshUrl: anyText, scopes }),
  ),
  implicit: Type.Optional(Type.Object({ authorizationUrl: anyText, refreshUrl: anyText, scopes })),
  password: Type.Optional(Type.Object({ tokenUrl: anyText, refreshUrl: anyText, scopes })),
})

/** Exactly one member is there, and of `flows` too: both are the choices of a `oneof`. */
export const SecurityScheme = Type.Object({
  apiKeySecurityScheme: Type.Optional(
    Type.Object({ description: anyText, location: Type.Enum(['query', 'header', 'cookie']), name: text }),
  ),
  httpAuthSecurityScheme: Type.Optional(
    Type.Object({ description: anyText, scheme: text, bearerFormat: anyText }),
  ),
  oauth2SecurityScheme: Type.Optional(
    Type.Object({ description: anyText, flows: OAuthFlows, oauth2MetadataUrl: anyText }),
  ),
  openIdConnectSecurityScheme: Type.Optional(Type.Object({ description: anyText, openIdConnectUrl: text })),
  mtlsSecurityScheme: Type.Optional(Type.Object({ description: anyText })),
})
export type SecurityScheme = Static<typeof SecurityScheme>

export const SCHEME_KINDS = Object.keys(SecurityScheme.properties) as readonly (keyof SecurityScheme)[]

/** All of `schemes` together; of several requirements any one suffices. `list` holds the scopes, and may be left out. */
export const SecurityRequirement = Type.Object({
  schemes: Type.Optional(
    Type.Record(
      Type.String(),
      Type.Object({ list: Type.Optional(Type.Array(Type.String({ maxLength: 1024 }), { maxItems: 100 })) }),
    ),
  ),
})
export type SecurityRequirement = Static<typeof SecurityRequirement>
