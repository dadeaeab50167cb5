import Type, { type Static } from 'typebox'
import { check, parseJson } from '../../a2a/wire.ts'
import { ParleyError, type Violation } from '../../errors.ts'
import { LABEL_PATTERN, SCOPES, type Scope } from '../principal.ts'
import { ALGORITHMS, type Algorithm } from '../public-keys.ts'
import { type Issuer, NO_TYPE, typeOf } from './issuer.ts'

const text = (maxLength = 512) => Type.String({ minLength: 1, maxLength, pattern: '^[^\\p{C}]+$' })
const oneOrMore = (maxItems = 20) => Type.Union([text(), Type.Array(text(), { minItems: 1, maxItems })])
/** As a scope may be written (RFC 6749 §3.3), and so in a header. */
const scopeToken = Type.String({ minLength: 1, maxLength: 256, pattern: '^[\\x21\\x23-\\x5b\\x5d-\\x7e]+$' })
const scope = Type.Enum([...SCOPES])
const tenant = Type.String({ maxLength: 64, pattern: LABEL_PATTERN })

const IssuerEntry = Type.Object(
  {
    alias: Type.String({ maxLength: 32, pattern: LABEL_PATTERN }),
    issuer: text(),
    jwksUrl: Type.Optional(text()),
    audience: oneOrMore(),
    algorithms: Type.Optional(Type.Array(Type.Enum([...ALGORITHMS]), { minItems: 1, uniqueItems: true })),
    clockToleranceS: Type.Optional(Type.Integer({ minimum: 0, maximum: 300 })),
    maxStaleS: Type.Optional(Type.Integer({ minimum: 0, maximum: 30 * 24 * 60 * 60 })),
    tenants: Type.Array(tenant, { minItems: 1, maxItems: 1000, uniqueItems: true }),
    scopes: Type.Array(scope, { minItems: 1, uniqueItems: true }),
    claims: Type.Optional(
      Type.Object(
        {
          subject: Type.Optional(oneOrMore()),
          tenant: Type.Optional(oneOrMore()),
          groups: Type.Optional(oneOrMore()),
          scopes: Type.Optional(oneOrMore()),
          audience: Type.Optional(oneOrMore()),
        },
        { additionalProperties: false },
      ),
    ),
    scopeNames: Type.Optional(
      Type.Record(text(), Type.Union([scope, Type.Array(scope, { minItems: 1, uniqueItems: true })])),
    ),
    defaultTenant: Type.Optional(tenant),
    requiredScopes: Type.Optional(Type.Array(scopeToken, { maxItems: 20 })),
    tokenTypes: Type.Optional(Type.Array(text(64), { minItems: 1, maxItems: 10 })),
  },
  { additionalProperties: false },
)

type IssuerEntry = Static<typeof IssuerEntry>

const entries = check(Type.Array(IssuerEntry, { minItems: 1, maxItems: 50 }))

/** What providers sign with, unless they are configured otherwise. */
const DEFAULT_ALGORITHMS: readonly Algorithm[] = ['RS256', 'PS256', 'ES256', 'EdDSA']
const DEFAULT_TOKEN_TYPES = ['at+jwt', 'jwt', NO_TYPE]
const DEFAULT_CLAIMS = {
  subject: ['sub'],
  tenant: [],
  groups: ['groups'],
  scopes: ['scope', 'scp', 'roles', 'realm_access.roles'],
  audience: ['aud'],
}
const DEFAULT_MAX_STALE_S = 24 * 60 * 60

/** The alias of subjects that API keys have, what owners that are groups begin with, and what is ours. */
export const RESERVED_ALIASES = ['key', 'group', 'anonymous', 'parley']

/** Types of what Parley itself signs and of what no caller presents. */
const REFUSED_TYPES =
  /^(?:jose(?:\+json)?|parley.*|.*webhook.*|.*card.*|secevent\+jwt|logout\+jwt|dpop\+jwt)$/

export type IssuersFrom = {
  /** Of the setting that the list comes from. */
  readonly name: string
  /** Our own address, as the world knows it: nobody else's tokens come from there. */
  readonly ours?: string
}

/** The issuers in a JSON list. Throws `invalid_params` naming every problem, each by its place. */
export function parseIssuers(json: string, { name, ours }: IssuersFrom): readonly Issuer[] {
  const value = readJson(json, name)
  const found = entries.violations(value)
  if (found.length > 0) throw refusal(name, found)
  const list = entries.parse(value)
  const problems = list.flatMap((entry, index) => problemsOf(entry, index, list, ours))
  if (problems.length > 0) throw refusal(name, problems)
  return list.map(toIssuer)
}

function readJson(json: string, name: string): unknown {
  try {
    return parseJson(json)
  } catch (cause) {
    throw new ParleyError('invalid_params', `${name} must hold a JSON list of issuers`, { cause })
  }
}

/** What a schema cannot say. */
function problemsOf(
  entry: IssuerEntry,
  index: number,
  all: readonly IssuerEntry[],
  ours: string | undefined,
): readonly Violation[] {
  const problems: Violation[] = []
  const problem = (member: string, message: string) =>
    problems.push({ pointer: `/${index}/${member}`, code: 'invalid', message })
  const earlier = all.slice(0, index)
  if (RESERVED_ALIASES.includes(entry.alias)) problem('alias', `must not be ${entry.alias}`)
  if (earlier.some(({ alias }) => alias === entry.alias)) problem('alias', 'is used twice')
  if (earlier.some(({ issuer }) => issuer === entry.issuer)) problem('issuer', 'is listed twice')
  if (!isPlainUrl(entry.issuer) || /[?#]/.test(entry.issuer)) {
    problem('issuer', 'must be an http or https URL without credentials, query and fragment')
  }
  if (entry.jwksUrl !== undefined && !isPlainUrl(entry.jwksUrl)) {
    problem('jwksUrl', 'must be an http or https URL without credentials')
  }
  if (ours !== undefined && entry.issuer.replace(/\/+$/, '') === ours) {
    problem('issuer', 'must not be this gateway itself')
  }
  if (entry.defaultTenant !== undefined && !entry.tenants.includes(entry.defaultTenant)) {
    problem('defaultTenant', 'must be one of its tenants')
  }
  if (entry.tenants.length > 1 && entry.defaultTenant === undefined && entry.claims?.tenant === undefined) {
    problem('defaultTenant', 'is needed, or claims.tenant, where there are several tenants')
  }
  for (const type of entry.tokenTypes ?? []) {
    if (REFUSED_TYPES.test(typeOf(type))) problem('tokenTypes', `must not hold ${type}`)
  }
  return problems
}

function isPlainUrl(text: string): boolean {
  const url = URL.parse(text)
  return url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.password === ''
}

function toIssuer(entry: IssuerEntry): Issuer {
  const { jwksUrl, defaultTenant, tenants } = entry
  const { subject, tenant, groups, scopes, audience } = entry.claims ?? {}
  const only = entry.claims?.tenant === undefined ? tenants[0] : undefined
  const fallback = defaultTenant ?? only
  return {
    alias: entry.alias,
    issuer: entry.issuer,
    ...(jwksUrl === undefined ? {} : { jwksUrl }),
    audience: listOf(entry.audience),
    algorithms: entry.algorithms ?? DEFAULT_ALGORITHMS,
    clockToleranceS: entry.clockToleranceS ?? 5,
    maxStaleS: entry.maxStaleS ?? DEFAULT_MAX_STALE_S,
    tenants,
    scopes: entry.scopes,
    ...(fallback === undefined ? {} : { defaultTenant: fallback }),
    claims: {
      subject: listOf(subject ?? DEFAULT_CLAIMS.subject),
      tenant: listOf(tenant ?? DEFAULT_CLAIMS.tenant),
      groups: listOf(groups ?? DEFAULT_CLAIMS.groups),
      scopes: listOf(scopes ?? DEFAULT_CLAIMS.scopes),
      audience: listOf(audience ?? DEFAULT_CLAIMS.audience),
    },
    scopeNames: Object.fromEntries(
      Object.entries(entry.scopeNames ?? {}).map(([name, meaning]) => [name, listOf<Scope>(meaning)]),
    ),
    requiredScopes: entry.requiredScopes ?? [],
    tokenTypes: (entry.tokenTypes ?? DEFAULT_TOKEN_TYPES).map(typeOf),
  }
}

const listOf = <T extends string>(value: T | readonly T[]): readonly T[] =>
  typeof value === 'string' ? [value] : value

const refusal = (name: string, violations: readonly Violation[]): ParleyError =>
  new ParleyError(
    'invalid_params',
    violations.map(({ pointer, message }) => `${name} ${pointer || '/'} ${message}`).join('; '),
    { violations: violations.map((violation) => ({ ...violation, pointer: `${name}${violation.pointer}` })) },
  )
