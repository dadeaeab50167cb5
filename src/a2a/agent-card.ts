import Type, { type Static } from 'typebox'
import { Struct } from './message.ts'
import { SecurityRequirement, SecurityScheme } from './security-scheme.ts'
import { findVersion } from './version.ts'
import { check } from './wire.ts'

/** The Agent Card of A2A 1.0 (§4.4). Unknown members are allowed and kept. */
const text = Type.String({ minLength: 1, maxLength: 65_536 })
const strings = Type.Array(Type.String({ maxLength: 1024 }))

export const AgentInterface = Type.Object({
  url: Type.String({ minLength: 1, maxLength: 2048 }),
  protocolBinding: text,
  protocolVersion: Type.String({ minLength: 1, maxLength: 32 }),
  tenant: Type.Optional(Type.String({ maxLength: 256 })),
})
export type AgentInterface = Static<typeof AgentInterface>

/** An interface as a card declares it, whatever that is: the value of each member, and where it stands in the card. */
export type DeclaredInterface = Readonly<
  Record<'url' | 'binding' | 'version', { readonly pointer: string; readonly value: unknown }>
>

/** The bindings that A2A itself defines; any other is named by a URI (A2A 1.0 §5.8). */
export const BINDINGS = ['JSONRPC', 'GRPC', 'HTTP+JSON'] as const

/** Whether the gateway speaks an interface's binding and version. Patch levels do not matter (A2A 1.0 §3.6). */
export const isCallable = ({
  protocolBinding,
  protocolVersion,
}: Pick<AgentInterface, 'protocolBinding' | 'protocolVersion'>): boolean =>
  BINDINGS.some((binding) => binding === protocolBinding) && findVersion(protocolVersion) !== undefined

const AgentExtension = Type.Object({
  uri: text,
  description: Type.Optional(Type.String()),
  required: Type.Optional(Type.Boolean()),
  params: Type.Optional(Struct),
})

const AgentCapabilities = Type.Object({
  streaming: Type.Optional(Type.Boolean()),
  pushNotifications: Type.Optional(Type.Boolean()),
  extendedAgentCard: Type.Optional(Type.Boolean()),
  extensions: Type.Optional(Type.Array(AgentExtension)),
})

/** Any one of them suffices. */
const securityRequirements = Type.Optional(Type.Array(SecurityRequirement, { maxItems: 200 }))

export const AgentSkill = Type.Object({
  id: Type.String({ minLength: 1, maxLength: 256 }),
  name: text,
  description: text,
  tags: strings,
  examples: Type.Optional(strings),
  inputModes: Type.Optional(strings),
  outputModes: Type.Optional(strings),
  securityRequirements,
})

/** A JSON Web Signature whose payload is the card itself (A2A 1.0 §8.4.2). */
export const AgentCardSignature = Type.Object({
  protected: Type.String({ maxLength: 65_536 }),
  signature: Type.String({ maxLength: 65_536 }),
  header: Type.Optional(Struct),
})
export type AgentCardSignature = Static<typeof AgentCardSignature>

export const AgentCard = Type.Object({
  name: text,
  description: Type.String({ maxLength: 65_536 }),
  version: text,
  supportedInterfaces: Type.Array(AgentInterface, { minItems: 1, maxItems: 32 }),
  provider: Type.Optional(Type.Object({ organization: text, url: text })),
  documentationUrl: Type.Optional(Type.String()),
  iconUrl: Type.Optional(Type.String()),
  capabilities: AgentCapabilities,
  securitySchemes: Type.Optional(Type.Record(Type.String(), SecurityScheme, { maxProperties: 100 })),
  securityRequirements,
  defaultInputModes: strings,
  defaultOutputModes: strings,
  skills: Type.Array(AgentSkill, { maxItems: 500 }),
  signatures: Type.Optional(Type.Array(AgentCardSignature, { maxItems: 32 })),
})
export type AgentCard = Static<typeof AgentCard>

export const agentCardCheck = check(AgentCard)
