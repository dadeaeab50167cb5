import type { Scope } from '../principal.ts'
import { openIdUrl } from './discover-keys.ts'
import type { Issuer } from './issuer.ts'

const SUBMIT: Scope = 'tasks:submit'

/** What everybody may know of an issuer. Where its keys were configured, nobody has said that it speaks OpenID Connect. */
export const publicIssuer = (issuer: Issuer) => ({
  alias: issuer.alias,
  issuer: issuer.issuer,
  scopes: issuer.scopes,
  submitScope:
    Object.entries(issuer.scopeNames).find(([, meaning]) => meaning.includes(SUBMIT))?.[0] ?? SUBMIT,
  ...(issuer.jwksUrl === undefined && { openIdUrl: openIdUrl(issuer) }),
})
