import { ParleyError } from '../errors.ts'
import type { NewKey } from './access.ts'
import { isGood } from './key-principal.ts'
import type { ApiKey } from './key-store.ts'
import { LAST_INSTANT } from './new-key.ts'

/** Throws `conflict` for a key that has ended. */
export function assertLives(key: ApiKey, now: number): void {
  if (isGood(key, now)) return
  const what = key.revokedAt === undefined ? 'has ended' : 'was revoked'
  throw new ParleyError('conflict', `The key ${what} and cannot be rotated; make a new one`)
}

/** What takes a key's place: all that it is, for as long as it was made for unless another end is asked for. */
export function successorOf(
  { tenant, subject, scopes, label, agents, ...old }: ApiKey,
  expiresAt: number | undefined,
  now: number,
): NewKey {
  const lifeMs = old.expiresAt === undefined ? undefined : old.expiresAt - old.createdAt
  const end = expiresAt ?? (lifeMs === undefined ? undefined : Math.min(now + lifeMs, LAST_INSTANT))
  return {
    tenant,
    subject,
    scopes,
    label,
    ...(agents === undefined ? {} : { agents }),
    ...(end === undefined ? {} : { expiresAt: end }),
  }
}

/** Never ends later than it would have. Without an overlap it is revoked, so that no clock that differs keeps it alive. */
export function retire(old: ApiKey, replacedBy: string, overlapMs: number, now: number): ApiKey {
  const retired = { ...old, replacedBy, version: old.version + 1 }
  if (overlapMs === 0) return { ...retired, revokedAt: now }
  return { ...retired, retiresAt: Math.min(old.retiresAt ?? Number.POSITIVE_INFINITY, now + overlapMs) }
}
