/** The Agent Card of A2A 0.3, members that are `null` left out. Unknown members are allowed. */
import Type from 'typebox'
import type { Violation } from '../../errors.ts'
import { AgentCard, AgentInterface, AgentSkill } from '../agent-card.ts'
import { isObject } from '../json-object.ts'
import { Struct } from '../message.ts'
import { check, pointerTo } from '../wire.ts'
import { asWritten, readValue } from './read.ts'

const text = Type.String({ minLength: 1, maxLength: 65_536 })
const anyText = Type.Optional(Type.String({ maxLength: 65_536 }))

const { name, description, version, provider, defaultInputModes, defaultOutputModes } = AgentCard.properties
const { securityRequirements: _, ...skill } = AgentSkill.properties
const { url } = AgentInterface.properties

/** `{scheme: [scope…]}` in JSON, `{schemes: {scheme: {list: [scope…]}}}` in the form of protobuf. */
const SecurityRequirement = Type.Unsafe<Readonly<Record<string, unknown>>>({
  type: 'object',
  patternProperties: { '^': { type: ['array', 'object'], items: { type: 'string' } } },
})
const security = Type.Optional(Type.Array(SecurityRequirement, { maxItems: 100 }))

const AgentExtension = Type.Object({
  uri: text,
  description: anyText,
  required: Type.Optional(Type.Boolean()),
  params: Type.Optional(Struct),
})

const LegacyAgentCard = Type.Object({
  /** Cards of early servers do not say. */
  protocolVersion: Type.Optional(Type.String({ maxLength: 32 })),
  name,
  description,
  version,
  url,
  preferredTransport: Type.Optional(Type.String({ maxLength: 2048 })),
  additionalInterfaces: Type.Optional(Type.Array(Type.Object({ url, transport: text }), { maxItems: 31 })),
  provider,
  documentationUrl: anyText,
  iconUrl: anyText,
  capabilities: Type.Object({
    streaming: Type.Optional(Type.Boolean()),
    pushNotifications: Type.Optional(Type.Boolean()),
    stateTransitionHistory: Type.Optional(Type.Boolean()),
    extensions: Type.Optional(Type.Array(AgentExtension)),
  }),
  securitySchemes: Type.Optional(
    Type.Unsafe<Readonly<Record<string, Readonly<Record<string, unknown>>>>>({
      type: 'object',
      maxProperties: 100,
      patternProperties: { '^': { type: 'object' } },
    }),
  ),
  security,
  defaultInputModes,
  defaultOutputModes,
  skills: Type.Array(Type.Object({ ...skill, security }), { maxItems: 500 }),
  supportsAuthenticatedExtendedCard: Type.Optional(Type.Boolean()),
  signatures: Type.Optional(Type.Array(Struct)),
})

const flow = (...urls: readonly string[]) =>
  Type.Optional(
    Type.Object({
      ...Object.fromEntries(urls.map((name) => [name, text])),
      refreshUrl: anyText,
      scopes: Type.Optional(Struct),
    }),
  )

/** Security schemes by their `type`. */
const SCHEMES = {
  apiKey: check(
    Type.Object({ description: anyText, in: Type.Enum(['query', 'header', 'cookie']), name: text }),
  ),
  http: check(Type.Object({ description: anyText, scheme: text, bearerFormat: anyText })),
  oauth2: check(
    Type.Object({
      description: anyText,
      flows: Type.Object({
        authorizationCode: flow('authorizationUrl', 'tokenUrl'),
        clientCredentials: flow('tokenUrl'),
        implicit: flow('authorizationUrl'),
        password: flow('tokenUrl'),
      }),
      oauth2MetadataUrl: anyText,
    }),
  ),
  openIdConnect: check(Type.Object({ description: anyText, openIdConnectUrl: text })),
  mutualTLS: check(Type.Object({ description: anyText })),
}
export type SchemeType = keyof typeof SCHEMES

/** The member that holds a scheme of each kind in protobuf and in 1.0. */
export const SCHEME_NAMES: Readonly<Record<SchemeType, string>> = {
  apiKey: 'apiKeySecurityScheme',
  http: 'httpAuthSecurityScheme',
  oauth2: 'oauth2SecurityScheme',
  openIdConnect: 'openIdConnectSecurityScheme',
  mutualTLS: 'mtlsSecurityScheme',
}

const cardCheck = check(LegacyAgentCard)

/** Everything wrong with a card of 0.3; it may be relied on as one only when nothing is. */
export function legacyCardViolations(value: unknown): readonly Violation[] {
  const card = readValue(value, asWritten)
  const found = cardCheck.violations(card)
  const schemes = isObject(card) && isObject(card.securitySchemes) ? Object.entries(card.securitySchemes) : []
  return [
    ...found,
    ...schemes.flatMap(([name, scheme]) => schemeViolations(`/securitySchemes${pointerTo(name)}`, scheme)),
  ]
}

function schemeViolations(pointer: string, scheme: unknown): readonly Violation[] {
  if (!isObject(scheme)) return []
  const { type } = scheme
  if (type === undefined && Object.values(SCHEME_NAMES).some((name) => isObject(scheme[name]))) return []
  if (typeof type !== 'string' || !Object.hasOwn(SCHEMES, type)) {
    const message = `must be one of ${Object.keys(SCHEMES).join(', ')}`
    return [{ pointer: `${pointer}/type`, code: 'enum', message }]
  }
  return SCHEMES[type as SchemeType]
    .violations(scheme)
    .map((violation) => ({ ...violation, pointer: pointer + violation.pointer }))
}
