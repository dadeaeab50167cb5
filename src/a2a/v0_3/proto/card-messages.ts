import { choice, many, mapOf, message, one } from '../../proto/message-table.ts'

/** The agent card of A2A 0.3, as its gRPC form numbers it. */
const AgentInterface = message('AgentInterface', { url: one(1, 'string'), transport: one(2, 'string') })

const AgentProvider = message('AgentProvider', { url: one(1, 'string'), organization: one(2, 'string') })

const AgentExtension = message('AgentExtension', {
  uri: one(1, 'string'),
  description: one(2, 'string'),
  required: one(3, 'bool'),
  params: one(4, 'struct'),
})

const AgentCapabilities = message('AgentCapabilities', {
  streaming: one(1, 'bool'),
  pushNotifications: one(2, 'bool'),
  extensions: many(3, AgentExtension),
})

const StringList = message('StringList', { list: many(1, 'string') })

const Security = message('Security', { schemes: mapOf(1, StringList) })

const AgentSkill = message('AgentSkill', {
  id: one(1, 'string'),
  name: one(2, 'string'),
  description: one(3, 'string'),
  tags: many(4, 'string'),
  examples: many(5, 'string'),
  inputModes: many(6, 'string'),
  outputModes: many(7, 'string'),
  security: many(8, Security),
})

const AgentCardSignature = message('AgentCardSignature', {
  protected: one(1, 'string'),
  signature: one(2, 'string'),
  header: one(3, 'struct'),
})

const APIKeySecurityScheme = message('APIKeySecurityScheme', {
  description: one(1, 'string'),
  location: one(2, 'string'),
  name: one(3, 'string'),
})

const HTTPAuthSecurityScheme = message('HTTPAuthSecurityScheme', {
  description: one(1, 'string'),
  scheme: one(2, 'string'),
  bearerFormat: one(3, 'string'),
})

const AuthorizationCodeOAuthFlow = message('AuthorizationCodeOAuthFlow', {
  authorizationUrl: one(1, 'string'),
  tokenUrl: one(2, 'string'),
  refreshUrl: one(3, 'string'),
  scopes: mapOf(4, 'string'),
})

const ClientCredentialsOAuthFlow = message('ClientCredentialsOAuthFlow', {
  tokenUrl: one(1, 'string'),
  refreshUrl: one(2, 'string'),
  scopes: mapOf(3, 'string'),
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

const OAuthFlows = message('OAuthFlows', {
  authorizationCode: choice('flow', 1, AuthorizationCodeOAuthFlow),
  clientCredentials: choice('flow', 2, ClientCredentialsOAuthFlow),
  implicit: choice('flow', 3, ImplicitOAuthFlow),
  password: choice('flow', 4, PasswordOAuthFlow),
})

const OAuth2SecurityScheme = message('OAuth2SecurityScheme', {
  description: one(1, 'string'),
  flows: one(2, OAuthFlows),
  oauth2MetadataUrl: one(3, 'string'),
})

const OpenIdConnectSecurityScheme = message('OpenIdConnectSecurityScheme', {
  description: one(1, 'string'),
  openIdConnectUrl: one(2, 'string'),
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
  name: one(1, 'string'),
  description: one(2, 'string'),
  url: one(3, 'string'),
  provider: one(4, AgentProvider),
  version: one(5, 'string'),
  documentationUrl: one(6, 'string'),
  capabilities: one(7, AgentCapabilities),
  securitySchemes: mapOf(8, SecurityScheme),
  security: many(9, Security),
  defaultInputModes: many(10, 'string'),
  defaultOutputModes: many(11, 'string'),
  skills: many(12, AgentSkill),
  supportsAuthenticatedExtendedCard: one(13, 'bool'),
  preferredTransport: one(14, 'string'),
  additionalInterfaces: many(15, AgentInterface),
  protocolVersion: one(16, 'string'),
  signatures: many(17, AgentCardSignature),
})
