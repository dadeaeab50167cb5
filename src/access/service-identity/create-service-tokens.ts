import type { NewId } from '../../a2a/ids.ts'
import type { ServiceTokens } from './service-tokens.ts'
import type { SigningKeys } from './signing-keys.ts'

/** The names of the claims that are ours alone; an agent must compare both with what it knows itself to be. */
export const AGENT_CLAIM = 'https://parley.dev/agent_id'
export const TENANT_CLAIM = 'https://parley.dev/tenant'

const LIFE_S = 60

export type ServiceTokensDeps = {
  readonly keys: Pick<SigningKeys, 'signer'>
  /** How the world reaches the gateway: the `iss` of its tokens. Nothing is minted before it is known. */
  readonly issuer: Promise<string>
  readonly now: () => number
  readonly newId: NewId
}

export function createServiceTokens({ keys, issuer, now, newId }: ServiceTokensDeps): ServiceTokens {
  return {
    async mint({ audience, agentId, tenant, subject }) {
      const iss = await issuer
      const signer = await keys.signer('service')
      const iat = Math.floor(now() / 1000)
      const signed = signer.sign(
        JSON.stringify({
          iss,
          aud: audience,
          sub: subject,
          act: { sub: iss },
          client_id: iss,
          [AGENT_CLAIM]: agentId,
          [TENANT_CLAIM]: tenant,
          jti: newId(),
          iat,
          exp: iat + LIFE_S,
        }),
      )
      return `${signed.protected}.${signed.payload}.${signed.signature}`
    },
  }
}
