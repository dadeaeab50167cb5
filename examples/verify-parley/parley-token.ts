import { createRemoteJWKSet, type JWTPayload, jwtVerify } from 'jose'

const AGENT_CLAIM = 'https://parley.dev/agent_id'
const TENANT_CLAIM = 'https://parley.dev/tenant'

export type ParleyTokenOptions = {
  /** How the world reaches Parley: what its tokens say as `iss`. */
  readonly parley: string
  /** The URLs of the agent's interfaces, exactly as its card has them. */
  readonly audience: () => readonly string[]
  /** The agent's id at Parley, as its registration was answered. */
  readonly agentId: () => string | undefined
  readonly tenant: string
}

/** Verifies the token of one call and returns what it says; `sub` is who calls. Rejects when it is no good. */
export type VerifyParleyToken = (token: string | undefined) => Promise<JWTPayload>

/** One per process: it keeps Parley's keys, and remembers which tokens have been used. */
export function createParleyTokenVerifier(options: ParleyTokenOptions): VerifyParleyToken {
  const { parley, audience, agentId, tenant } = options
  const keys = createRemoteJWKSet(new URL(`${parley}/.well-known/jwks.json?use=service`))
  const used = new Map<string, number>()

  return async (token) => {
    const { payload } = await jwtVerify(token ?? '', keys, {
      issuer: parley,
      audience: [...audience()],
      typ: 'at+jwt',
      algorithms: ['ES256'],
      requiredClaims: ['exp', 'jti', 'sub'],
      clockTolerance: 5,
    })
    const self = agentId()
    if (self === undefined || payload[AGENT_CLAIM] !== self) throw new Error('The token is for another agent')
    if (payload[TENANT_CLAIM] !== tenant) throw new Error('The token is for another tenant')
    useOnce(used, payload)
    return payload
  }
}

/** A token is for one call. It need not be remembered for longer than it could be used. */
function useOnce(used: Map<string, number>, { jti = '', exp = 0 }: JWTPayload): void {
  const nowS = Date.now() / 1000
  for (const [id, until] of used) {
    if (until > nowS) break
    used.delete(id)
  }
  if (used.has(jti)) throw new Error('The token was used before')
  used.set(jti, exp + 60)
}

/** Where Parley puts it: a header of its own when the agent wants another credential in `Authorization`. */
export const tokenIn = (header: (name: string) => string | undefined): string | undefined =>
  header('parley-identity') ?? /^Bearer (.+)$/i.exec(header('authorization') ?? '')?.[1]
