import Type, { type Static } from 'typebox'
import { check } from '../a2a/wire.ts'
import type { CertificateRule } from './certificates.ts'
import { DEFAULT_TENANT, LABEL_PATTERN, SCOPES } from './principal.ts'
import { type MemberProblem, parseSettingList } from './setting-list.ts'
import { RESERVED_ALIASES } from './tokens/parse-issuers.ts'

const text = (maxLength = 256) => Type.String({ minLength: 1, maxLength, pattern: '^[^\\s\\p{C}]+$' })

const Entry = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 100, pattern: '^[^\\p{C}]+$' }),
    match: Type.Object(
      {
        uri: Type.Optional(text(2048)),
        dns: Type.Optional(text()),
        commonName: Type.Optional(Type.String({ minLength: 1, maxLength: 256, pattern: '^[^\\p{C}]+$' })),
        fingerprint: Type.Optional(Type.String({ pattern: '^(?:[\\da-fA-F]{2}:?){31}[\\da-fA-F]{2}$' })),
      },
      { additionalProperties: false, minProperties: 1 },
    ),
    alias: Type.String({ maxLength: 32, pattern: LABEL_PATTERN }),
    subject: text(),
    tenant: Type.Optional(Type.String({ maxLength: 64, pattern: LABEL_PATTERN })),
    groups: Type.Optional(Type.Array(text(), { maxItems: 100 })),
    scopes: Type.Array(Type.Enum([...SCOPES]), { minItems: 1, uniqueItems: true }),
  },
  { additionalProperties: false },
)

type Entry = Static<typeof Entry>

const entries = check(Type.Array(Entry, { maxItems: 10_000 }))

export type CertificatesFrom = {
  /** Of the setting that the list comes from. */
  readonly setting: string
  /** Aliases of identity providers, under which nobody else has subjects. */
  readonly issuerAliases: readonly string[]
}

/** The rules in a JSON list. Throws `invalid_params` naming every problem, each by its place. */
export function parseCertificates(
  json: string,
  { setting, issuerAliases }: CertificatesFrom,
): readonly CertificateRule[] {
  const list = parseSettingList(json, {
    setting,
    what: 'client certificates',
    entries,
    problemsOf: (entry, earlier) => problemsOf(entry, earlier, issuerAliases),
  })
  return list.map(toRule)
}

/** What a schema cannot say. */
function* problemsOf(
  { name, alias }: Entry,
  earlier: readonly Entry[],
  issuerAliases: readonly string[],
): Generator<MemberProblem> {
  if (earlier.some((other) => other.name === name)) yield ['name', 'is used twice']
  if (RESERVED_ALIASES.includes(alias)) yield ['alias', `must not be ${alias}`]
  if (issuerAliases.includes(alias)) yield ['alias', 'is that of an identity provider']
}

function toRule({ name, match, alias, subject, tenant, groups, scopes }: Entry): CertificateRule {
  const { uri, dns, commonName, fingerprint } = match
  return {
    name,
    match: {
      ...(uri !== undefined && { uri }),
      ...(dns !== undefined && { dns: dns.toLowerCase() }),
      ...(commonName !== undefined && { commonName }),
      ...(fingerprint !== undefined && { fingerprint: fingerprint.replaceAll(':', '').toLowerCase() }),
    },
    subject: `${alias}:${subject}`,
    tenant: tenant ?? DEFAULT_TENANT,
    groups: (groups ?? []).map((group) => `${alias}:${group}`),
    scopes,
  }
}
