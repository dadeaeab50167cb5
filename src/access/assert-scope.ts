import { ParleyError } from '../errors.ts'
import { hasScope, type Principal, type Scope } from './principal.ts'

/** The answer to a principal that lacks `scope`, by whatever name its issuer has for it. It says nothing about what exists. */
export const missingScope = (scope: string): ParleyError =>
  new ParleyError('forbidden', `This takes the scope ${scope}`, { details: { scope } })

/** Throws `forbidden` when `principal` lacks `scope`. Call it before looking at what is asked for. */
export function assertScope(principal: Principal, scope: Scope): void {
  if (!hasScope(principal, scope)) throw missingScope(scope)
}
