import type { ApiKey } from './key-store.ts'
import type { Principal } from './principal.ts'

/** When a key ends by itself, in milliseconds since the Unix epoch; never when `undefined`. */
export function endOf({ expiresAt, retiresAt }: ApiKey): number | undefined {
  if (expiresAt === undefined || retiresAt === undefined) return expiresAt ?? retiresAt
  return Math.min(expiresAt, retiresAt)
}

export const isGood = (key: ApiKey, now: number): boolean =>
  key.revokedAt === undefined && now < (endOf(key) ?? Number.POSITIVE_INFINITY)

/** Who calls with a key. */
export function principalOf(key: ApiKey): Principal {
  const expiresAt = endOf(key)
  return {
    tenant: key.tenant,
    subject: key.subject,
    groups: [],
    scopes: new Set(key.scopes),
    credential: { kind: 'key', id: key.id },
    ...(key.agents === undefined ? {} : { agents: new Set(key.agents) }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  }
}
