import type { Credentials } from '../access/credentials/credentials.ts'
import { NOTHING, type Presentation } from '../access/credentials/present-credentials.ts'
import type { ServiceTokens } from '../access/service-identity/service-tokens.ts'
import { type AgentCallOptions, AgentFailure, type AgentTarget } from '../delivery/agent-client.ts'
import { ParleyError } from '../errors.ts'
import { originOf } from '../registry/interface-origin.ts'

/**
 * What a call carries so that its agent knows, and lets in, who calls: our own token and what is stored for the agent. Made
 * here and from nothing that a client sent.
 */
export type Authorisation = Pick<Presentation, 'headers' | 'query' | 'certificate'> & {
  /** Something stored for the agent is in it, which goes nowhere in plain text unless the address itself says so. */
  readonly isSecret: boolean
}

export type AuthoriseDeps = {
  /** Without them, agents are told nothing of us. */
  readonly serviceTokens?: ServiceTokens
  /** Without them, no agent gets what its card demands. */
  readonly credentials?: Pick<Credentials, 'present'>
}

/** Where the service token goes when the agent wants another credential where it would be. */
const IDENTITY_HEADER = 'parley-identity'

export type Authorised = {
  readonly authorisation: Authorisation
  /** What was presented of the agent's credentials. */
  readonly presented: Presentation
}

/** Rejects with `not_accepted` when a stored credential may not go where the call goes, or cannot be had. */
export async function authoriseCall(
  { serviceTokens, credentials }: AuthoriseDeps,
  { agentId, via, security }: AgentTarget,
  { onBehalfOf }: AgentCallOptions,
): Promise<Authorised> {
  const origin = originOf(via)
  const presented =
    security === undefined ? NOTHING : await notSent(credentials?.present({ agentId, security, origin }))
  if (presented.certificate !== undefined) assertOverTls(origin)
  if (presented.query.length > 0 && via.protocolBinding === 'GRPC') throw noQuery()
  const { headers, schemes } = presented
  const isSecret = schemes.length > 0
  if (serviceTokens === undefined) return { authorisation: { ...presented, isSecret }, presented }
  const token = await serviceTokens.mint({ ...onBehalfOf, audience: via.url, agentId })
  const identity =
    'authorization' in headers ? { [IDENTITY_HEADER]: token } : { authorization: `Bearer ${token}` }
  return { authorisation: { ...presented, isSecret, headers: { ...headers, ...identity } }, presented }
}

async function notSent(presenting: Promise<Presentation> | undefined): Promise<Presentation> {
  try {
    return (await presenting) ?? NOTHING
  } catch (error) {
    if (!(error instanceof ParleyError)) throw error
    const { message, retryAfterMs } = error
    throw new AgentFailure('not_accepted', error.code === 'internal' ? INTERNAL : message, {
      unmet: UNUSABLE,
      cause: error.cause ?? error,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    })
  }
}

/** There is one, so that another stored in its place may help. */
const UNUSABLE = 'a credential that can be used'
const INTERNAL = 'The credential that the agent demands cannot be used'

/** The connection would show nothing else of the certificate, and prove nothing. */
function assertOverTls(origin: string | undefined): void {
  if (origin?.startsWith('http:') !== true) return
  throw new AgentFailure('not_accepted', 'The agent demands a certificate over a connection without TLS', {
    unmet: UNUSABLE,
  })
}

const noQuery = (): AgentFailure =>
  new AgentFailure('not_accepted', 'The agent demands a key in the query of a URL, and gRPC has none', {
    unmet: UNUSABLE,
  })
