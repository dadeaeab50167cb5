import { isObject, type JsonObject } from '../../a2a/json-object.ts'
import { type Principal, SCOPES, type Scope } from '../principal.ts'
import type { Issuer } from './issuer.ts'
import type { Refusal } from './read-token.ts'

/** Where a path leads: to the member of that very name, or, name by name, into nested objects. */
function claimAt(claims: JsonObject, path: string): unknown {
  if (Object.hasOwn(claims, path)) return claims[path]
  let value: unknown = claims
  for (const name of path.split('.')) {
    if (!isObject(value) || !Object.hasOwn(value, name)) return undefined
    value = value[name]
  }
  return value
}

/** Whether a token is good at `now`, in milliseconds. */
export function judgeTimes(claims: JsonObject, issuer: Issuer, now: number): Refusal | undefined {
  const { exp, nbf } = claims
  const toleranceMs = issuer.clockToleranceS * 1000
  if (!isTime(exp)) return 'no_expiry'
  if (now >= exp * 1000 + toleranceMs) return 'expired'
  if (nbf === undefined) return undefined
  return isTime(nbf) && now >= nbf * 1000 - toleranceMs ? undefined : 'not_yet_valid'
}

const isTime = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0

/** Whether the token is meant for us: one text, or a list of nothing but texts, names one of our audiences. */
export function isForUs(claims: JsonObject, issuer: Issuer): boolean {
  return issuer.claims.audience.some((path) => {
    const value = claimAt(claims, path)
    const named = Array.isArray(value) ? value : [value]
    return (
      named.every((name) => typeof name === 'string') && issuer.audience.some((ours) => named.includes(ours))
    )
  })
}

/** Who the claims of a verified token say is calling, within what its issuer may say. */
export function principalOf(claims: JsonObject, issuer: Issuer): Principal | Refusal {
  const subject = subjectOf(claims, issuer)
  if (subject === undefined) return 'subject'
  const tenant = tenantOf(claims, issuer)
  if (tenant === undefined) return 'tenant'
  return {
    tenant,
    subject: `${issuer.alias}:${subject}`,
    groups: issuer.claims.groups
      .flatMap((path) => namesIn(claimAt(claims, path)))
      .filter(isName)
      .map((group) => `${issuer.alias}:${group}`),
    scopes: scopesOf(namesOfScopes(claims, issuer), issuer),
    credential: { kind: 'token', issuer: issuer.alias },
    ...(isTime(claims.exp) ? { expiresAt: claims.exp * 1000 } : {}),
  }
}

/** The scopes and roles that a token has, by the names its issuer has for them. */
export const namesOfScopes = (claims: JsonObject, issuer: Issuer): ReadonlySet<string> =>
  new Set(
    issuer.claims.scopes
      .map((path) => claimAt(claims, path))
      .flatMap((value) => (typeof value === 'string' ? value.split(' ') : namesIn(value))),
  )

function scopesOf(names: ReadonlySet<string>, issuer: Issuer): ReadonlySet<Scope> {
  const meant = [...names].flatMap((name) =>
    Object.hasOwn(issuer.scopeNames, name)
      ? (issuer.scopeNames[name] ?? [])
      : SCOPES.filter((own) => own === name),
  )
  return new Set(meant.filter((scope) => issuer.scopes.includes(scope)))
}

/** The first path that leads to anything decides. */
function subjectOf(claims: JsonObject, issuer: Issuer): string | undefined {
  const said = firstOf(claims, issuer.claims.subject)
  return typeof said === 'string' && isName(said) && !/\s/.test(said) ? said : undefined
}

function tenantOf(claims: JsonObject, issuer: Issuer): string | undefined {
  const said = firstOf(claims, issuer.claims.tenant)
  if (said === undefined) return issuer.defaultTenant
  const [tenant, ...others] = Array.isArray(said) ? said : [said]
  return others.length === 0 ? issuer.tenants.find((known) => known === tenant) : undefined
}

const firstOf = (claims: JsonObject, paths: readonly string[]): unknown =>
  paths.map((path) => claimAt(claims, path)).find((value) => value !== undefined && value !== null)

const namesIn = (value: unknown): readonly string[] =>
  [value].flat().filter((name): name is string => typeof name === 'string')

const isName = (name: string): boolean => /^[^\p{C}]{1,256}$/u.test(name)
