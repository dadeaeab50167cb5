import type { ServiceTokens } from '../access/service-identity/service-tokens.ts'
import type { AgentCallOptions, AgentTarget } from '../delivery/agent-client.ts'

/** What a call carries so that its agent knows, and lets in, who calls. Made here and from nothing that a client sent. */
export type Authorisation = {
  /** Headers, or metadata over gRPC; by lower-case name. */
  readonly headers: Readonly<Record<string, string>>
}

export type AuthoriseDeps = {
  /** Without them, agents are told nothing of us. */
  readonly serviceTokens?: ServiceTokens
}

/** Where the service token goes when the agent wants another credential where it would be. */
const IDENTITY_HEADER = 'parley-identity'

export async function authoriseCall(
  { serviceTokens }: AuthoriseDeps,
  { agentId, via }: AgentTarget,
  { onBehalfOf }: AgentCallOptions,
): Promise<Authorisation> {
  const headers: Readonly<Record<string, string>> = {}
  if (serviceTokens === undefined) return { headers }
  const token = await serviceTokens.mint({ ...onBehalfOf, audience: via.url, agentId })
  return {
    headers:
      'authorization' in headers
        ? { ...headers, [IDENTITY_HEADER]: token }
        : { ...headers, authorization: `Bearer ${token}` },
  }
}
