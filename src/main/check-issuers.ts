import type { Issuer } from '../access/tokens/issuer.ts'
import { ParleyError } from '../errors.ts'
import type { Guard } from '../upstream/guard.ts'

/** Throws `invalid_params`, naming every issuer whose keys policy forbids to fetch, before the first token comes. */
export function checkIssuers(issuers: readonly Issuer[], guard: Guard): void {
  const problems = issuers.flatMap(({ alias, issuer, jwksUrl }) => {
    try {
      guard.check(jwksUrl ?? issuer, 'identity')
      return []
    } catch (reason) {
      return [`The issuer ${alias}: ${ParleyError.from(reason).message}`]
    }
  })
  if (problems.length > 0) throw new ParleyError('invalid_params', problems.join('; '))
}
