import { always, choice, many, mapOf, message, one, optional } from './message-table.ts'

/** The agent card of A2A 1.0. What it requires is shown also when it is empty. */
const AgentInterface = message('AgentInterface', {
  url: always(one(1, 'string')),
  protocolBinding: always(one(2, 'string')),
  tenant: one(3, 'string'),
  protocolVersion: always(one(4, 'string')),
})

const AgentProvider = message('AgentProvider', {
  url: always(one(1, 'string')),
  organization: always(one(2, 'string')),
})

const AgentExtension = message('AgentExtension', {
  uri: one(1, 'string'),
  description: one(2, 'string'),
  required: one(3, 'bool'),
  params: one(4, 'struct'),
})

const AgentCapabilities = message('AgentCapabilities', {
  streaming: optional(1, 'bool'),
  pushNotifications: optional(2, 'bool'),
  extensions: many(3, AgentExtension),
  extendedAgentCard: optional(4, 'bool'),
})

const StringList = message('StringList', { list: many(1, 'string') })

const SecurityRequirement = message('SecurityRequirement', { schemes: mapOf(1, StringList) })

const AgentSkill = message('AgentSkill', {
  id: always(one(1, 'string')),
  name: always(one(2, 'string')),
  description: always(one(3, 'string')),
  tags: always(many(4, 'string')),
  examples: many(5, 'string'),
  inputModes: many(6, 'string'),
  outputModes: many(7, 'string'),
  securityRequirements: many(8, SecurityRequirement),
})

const AgentCardSignature = message('AgentCardSignature', {
  protected: always(one(1, 'string')),
  signature: always(one(2, 'string')),
  header: one(3, 'struct'),
})

const APIKeySecurityScheme = message('APIKeySecurityScheme', {
  description: one(1, 'string'),
  location: always(one(2, 'string')),
  name: always(one(3, 'string')),
})

const HTTPAuthSecurityScheme = message('HTTPAuthSecurityScheme', {
  description: one(1, 'string'),
  scheme: always(one(2, 'string')),
  bearerFormat: one(3, 'string'),
})

const AuthorizationCodeOAuthFlow = message('AuthorizationCodeOAuthFlow', {
  authorizationUrl: always(one(1, 'string')),
  tokenUrl: always(one(2, 'string')),
  refreshUrl: one(3, 'string'),
  scopes: always(mapOf(4, 'string')),
  pkceRequired: one(5, 'bool'),
})

const ClientCredentialsOAuthFlow = message('ClientCredentialsOAuthFlow', {
  tokenUrl: always(one(1, 'string')),
  refreshUrl: one(2, 'string'),
  scopes: always(mapOf(3, 'string')),
})

const ImplicitOAuthFlow = message('ImplicitOAuthFlow', {
  authorizationUrl: one(1, 'string'),
  refreshUrl: one(2, 'string'),
  scopes: mapOf(3, 'string'),
})

const PasswordOAuthFlow = message('PasswordOAuthFlow', {
  tokenUrl: one(1, 'string'),
  refreshUrl: one(2, 'string'),
  scopes: mapOf(3, 'string'),
})

const DeviceCodeOAuthFlow = message('DeviceCodeOAuthFlow', {
  deviceAuthorizationUrl: always(one(1, 'string')),
  tokenUrl: always(one(2, 'string')),
  refreshUrl: one(3, 'string'),
  scopes: always(mapOf(4, 'string')),
})

const OAuthFlows = message('OAuthFlows', {
  authorizationCode: choice('flow', 1, AuthorizationCodeOAuthFlow),
  clientCredentials: choice('flow', 2, ClientCredentialsOAuthFlow),
  implicit: choice('flow', 3, ImplicitOAuthFlow),
  password: choice('flow', 4, PasswordOAuthFlow),
  deviceCode: choice('flow', 5, DeviceCodeOAuthFlow),
})

const OAuth2SecurityScheme = message('OAuth2SecurityScheme', {
  description: one(1, 'string'),
  flows: always(one(2, OAuthFlows)),
  oauth2MetadataUrl: one(3, 'string'),
})

const OpenIdConnectSecurityScheme = message('OpenIdConnectSecurityScheme', {
  description: one(1, 'string'),
  openIdConnectUrl: always(one(2, 'string')),
})

const MutualTlsSecurityScheme = message('MutualTlsSecurityScheme', { description: one(1, 'string') })

const SecurityScheme = message('SecurityScheme', {
  apiKeySecurityScheme: choice('scheme', 1, APIKeySecurityScheme),
  httpAuthSecurityScheme: choice('scheme', 2, HTTPAuthSecurityScheme),
  oauth2SecurityScheme: choice('scheme', 3, OAuth2SecurityScheme),
  openIdConnectSecurityScheme: choice('scheme', 4, OpenIdConnectSecurityScheme),
  mtlsSecurityScheme: choice('scheme', 5, MutualTlsSecurityScheme),
})

export const AgentCard = message('AgentCard', {
  name: always(one(1, 'string')),
  description: always(one(2, 'string')),
  supportedInterfaces: always(many(3, AgentInterface)),
  provider: one(4, AgentProvider),
  version: always(one(5, 'string')),
  documentationUrl: optional(6, 'string'),
  capabilities: always(one(7, AgentCapabilities)),
  securitySchemes: mapOf(8, SecurityScheme),
  securityRequirements: many(9, SecurityRequirement),
  defaultInputModes: always(many(10, 'string')),
  defaultOutputModes: always(many(11, 'string')),
  skills: always(many(12, AgentSkill)),
  signatures: many(13, AgentCardSignature),
  iconUrl: optional(14, 'string'),
})
