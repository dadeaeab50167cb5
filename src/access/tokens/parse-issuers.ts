import Type, { type Static } from 'typebox'
import { check } from '../../a2a/wire.ts'
import { LABEL_PATTERN, SCOPES, type Scope } from '../principal.ts'
import { ALGORITHMS, type Algorithm } from '../public-keys.ts'
import { type MemberProblem, parseSettingList } from '../setting-list.ts'
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
  const list = parseSettingList(json, {
    setting: name,
    what: 'issuers',
    entries,
    problemsOf: (entry, earlier) => problemsOf(entry, earlier, ours),
  })
  return list.map(toIssuer)
}

/** What a schema cannot say. */
function* problemsOf(
  entry: IssuerEntry,
  earlier: readonly IssuerEntry[],
  ours: string | undefined,
): Generator<MemberProblem> {
  if (RESERVED_ALIASES.includes(entry.alias)) yield ['alias', `must not be ${entry.alias}`]
  if (earlier.some(({ alias }) => alias === entry.alias)) yield ['alias', 'is used twice']
  if (earlier.some(({ issuer }) => issuer === entry.issuer)) yield ['issuer', 'is listed twice']
  if (!isPlainUrl(entry.issuer) || /[?#]/.test(entry.issuer)) {
    yield ['issuer', 'must be an http or https URL without credentials, query and fragment']
  }
  if (entry.jwksUrl !== undefined && !isPlainUrl(entry.jwksUrl)) {
    yield ['jwksUrl', 'must be an http or https URL without credentials']
  }
  if (ours !== undefined && entry.issuer.replace(/\/+$/, '') === ours) {
    yield ['issuer', 'must not be this gateway itself']
  }
  if (entry.defaultTenant !== undefined && !entry.tenants.includes(entry.defaultTenant)) {
    yield ['defaultTenant', 'must be one of its tenants']
  }
  if (entry.tenants.length > 1 && entry.defaultTenant === undefined && entry.claims?.tenant === undefined) {
    yield ['defaultTenant', 'is needed, or claims.tenant, where there are several tenants']
  }
  for (const type of entry.tokenTypes ?? []) {
    if (REFUSED_TYPES.test(typeOf(type))) yield ['tokenTypes', `must not hold ${type}`]
  }
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
