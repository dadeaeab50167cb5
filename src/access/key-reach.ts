import { ParleyError, type Violation } from '../errors.ts'
import type { NewKey } from './access.ts'
import type { ApiKey } from './key-store.ts'
import { hasScope, type Principal } from './principal.ts'

/** Whether a principal may see a key and end it: one of its tenant that is good for no agent which its credential is not for. */
export const isWithinReach = (
  { tenant, agents }: Principal,
  key: Pick<ApiKey, 'tenant' | 'agents'>,
): boolean =>
  Boolean(tenant) &&
  key.tenant === tenant &&
  (agents === undefined || (key.agents?.every((id) => agents.has(id)) ?? false))

/**
 * Throws `forbidden`, naming everything, for a key that could do more than its maker, or for longer. A key bounds the life of
 * those it makes; a token does not, because it lives too short to be of use as a bound.
 */
export function assertNoExcess(principal: Principal, key: Omit<NewKey, 'subject' | 'label'>): void {
  const found = excessOf(principal, key)
  const [first] = found
  if (first === undefined) return
  throw new ParleyError('forbidden', `A key can do no more than you: ${first.pointer} ${first.message}`, {
    violations: found,
  })
}

function excessOf(principal: Principal, key: Omit<NewKey, 'subject' | 'label'>): readonly Violation[] {
  const found: Violation[] = []
  const exceeds = (pointer: string, message: string) => found.push({ pointer, code: 'exceeds', message })

  if ((key.tenant ?? principal.tenant) !== principal.tenant) exceeds('/tenant', 'must be your own')
  for (const [index, scope] of key.scopes.entries()) {
    if (!hasScope(principal, scope)) exceeds(`/scopes/${index}`, 'must be one of your own')
  }
  if (principal.agents !== undefined && key.agents === undefined) {
    exceeds('/agents', 'must be given, because your own credential is limited to agents')
  }
  for (const [index, id] of (key.agents ?? []).entries()) {
    if (principal.agents?.has(id) === false) exceeds(`/agents/${index}`, 'must be one of your own')
  }
  const end = principal.credential?.kind === 'key' ? principal.expiresAt : undefined
  if (end !== undefined && (key.expiresAt ?? Number.POSITIVE_INFINITY) > end) {
    exceeds('/expiresAt', `must be no later than your own key ends: ${new Date(end).toISOString()}`)
  }
  return found
}
