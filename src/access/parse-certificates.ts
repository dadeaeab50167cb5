import Type, { type Static } from 'typebox'
import { check, parseJson } from '../a2a/wire.ts'
import { ParleyError, type Violation } from '../errors.ts'
import type { CertificateRule } from './certificates.ts'
import { DEFAULT_TENANT, LABEL_PATTERN, SCOPES } from './principal.ts'
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
export function parseCertificates(json: string, from: CertificatesFrom): readonly CertificateRule[] {
  const value = readJson(json, from)
  const found = entries.violations(value)
  if (found.length > 0) throw refusal(from, found)
  const list = entries.parse(value)
  const problems = list.flatMap((entry, index) => problemsOf(entry, index, list, from))
  if (problems.length > 0) throw refusal(from, problems)
  return list.map(toRule)
}

function readJson(json: string, { setting }: CertificatesFrom): unknown {
  try {
    return parseJson(json)
  } catch (cause) {
    throw new ParleyError('invalid_params', `${setting} must hold a JSON list of client certificates`, {
      cause,
    })
  }
}

/** What a schema cannot say. */
function problemsOf(
  { name, alias }: Entry,
  index: number,
  all: readonly Entry[],
  { issuerAliases }: CertificatesFrom,
): readonly Violation[] {
  const problems: Violation[] = []
  const problem = (member: string, message: string) =>
    problems.push({ pointer: `/${index}/${member}`, code: 'invalid', message })
  if (all.findIndex((other) => other.name === name) < index) problem('name', 'is used twice')
  if (RESERVED_ALIASES.includes(alias)) problem('alias', `must not be ${alias}`)
  if (issuerAliases.includes(alias)) problem('alias', 'is that of an identity provider')
  return problems
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

const refusal = ({ setting }: CertificatesFrom, violations: readonly Violation[]): ParleyError =>
  new ParleyError(
    'invalid_params',
    violations.map(({ pointer, message }) => `${setting} ${pointer || '/'} ${message}`).join('; '),
    {
      violations: violations.map((violation) => ({
        ...violation,
        pointer: `${setting}${violation.pointer}`,
      })),
    },
  )
