import Type, { type Static } from 'typebox'
import { check, invalidParams, parseJson } from '../a2a/wire.ts'
import { ParleyError, type Violation } from '../errors.ts'
import type { NewKey, Rotation } from './access.ts'
import { LABEL_PATTERN, SCOPES } from './principal.ts'
import { fullSubject, SUBJECT_PATTERN } from './subject.ts'

/** A rotated key may go on at most this long, and does so this long when nobody says otherwise. */
const MAX_OVERLAP_MS = 30 * 86_400_000
const DEFAULT_OVERLAP_MS = 86_400_000

/** The last instant that RFC 3339 can write. */
export const LAST_INSTANT = Date.parse('9999-12-31T23:59:59.999Z')

const Instant = Type.Union([
  Type.String({ format: 'date-time', description: 'RFC 3339' }),
  Type.Integer({ minimum: 0, maximum: LAST_INSTANT, description: 'Milliseconds since 1970' }),
])

/** What a key is made from. A subject without an alias gets the one of API keys: `ada` is stored as `key:ada`. */
export const NewKeyBody = Type.Object(
  {
    subject: Type.String({ maxLength: 256, pattern: SUBJECT_PATTERN }),
    tenant: Type.Optional(Type.String({ maxLength: 64, pattern: LABEL_PATTERN })),
    scopes: Type.Array(Type.Enum([...SCOPES]), { minItems: 1, uniqueItems: true }),
    label: Type.String({ minLength: 1, maxLength: 200 }),
    agents: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 256 }), {
        minItems: 1,
        maxItems: 100,
        uniqueItems: true,
        description: 'Ids or slugs of the only agents that the key is good for; every agent when absent.',
      }),
    ),
    expiresAt: Type.Optional(Instant),
  },
  { additionalProperties: false },
)

export const RotationBody = Type.Object(
  {
    overlapMs: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: MAX_OVERLAP_MS,
        default: DEFAULT_OVERLAP_MS,
        description: 'How long the old key goes on. 0 ends it at once.',
      }),
    ),
    expiresAt: Type.Optional(Instant),
  },
  { additionalProperties: false },
)

const newKeyCheck = check(NewKeyBody)
const rotationCheck = check(RotationBody)

/** The key as written in a request's body, `agents` still as ids or slugs. Throws `invalid_params` naming everything wrong with it. */
export function parseNewKey(text: string): NewKey {
  const value = parseJson(text)
  const found = violationsOf(value)
  if (found.length > 0) throw refusal(found)
  return withInstant(newKeyCheck.parse(value))
}

/** The same for a rotation; no text asks for nothing in particular. */
export function parseRotation(text: string): Rotation {
  const { overlapMs = DEFAULT_OVERLAP_MS, ...more } = rotationCheck.parse(text === '' ? {} : parseJson(text))
  return withInstant({ overlapMs, ...more })
}

type Expiring = { readonly expiresAt?: Static<typeof Instant> }

function withInstant<T extends Expiring>({ expiresAt, ...rest }: T) {
  if (expiresAt === undefined) return rest
  return { ...rest, expiresAt: typeof expiresAt === 'number' ? expiresAt : Date.parse(expiresAt) }
}

/** The key with its subject in full. Throws `invalid_params` naming everything wrong with it. */
export function acceptNewKey(key: NewKey, now: number): NewKey {
  const found = [...violationsOf(key), ...pastOf(key, now)]
  if (found.length > 0) throw refusal(found)
  return { ...key, subject: fullSubject(key.subject) }
}

/** Throws `invalid_params` for a key that would have ended before it begins. */
export function assertFuture(key: Pick<NewKey, 'expiresAt'>, now: number): void {
  const found = pastOf(key, now)
  if (found.length > 0) throw invalidParams(found)
}

const HINTS: Readonly<Record<string, string>> = {
  subject: 'Write a name without spaces, or <issuer alias>:<name>; for example billing-service',
  tenant: 'Use lower-case letters, digits and hyphens',
  scopes: `The scopes are ${SCOPES.join(', ')}`,
  agents: 'Name at most 100 agents, by id or slug; leave it out for a key that is good for every agent',
  expiresAt: 'Write an instant such as 2027-01-31T12:00:00Z',
}

/** Of a member that may be written in several ways, one violation says enough. */
const violationsOf = (key: unknown): readonly Violation[] => {
  const found = newKeyCheck.violations(key)
  return found
    .filter(({ pointer }, index) => found.findIndex((other) => other.pointer === pointer) === index)
    .map((violation) => {
      const hint = HINTS[violation.pointer.split('/')[1] ?? '']
      return hint === undefined ? violation : { ...violation, hint }
    })
}

const pastOf = ({ expiresAt }: Pick<NewKey, 'expiresAt'>, now: number): readonly Violation[] =>
  typeof expiresAt === 'number' && expiresAt <= now
    ? [{ pointer: '/expiresAt', code: 'past', message: 'must be in the future' }]
    : []

function refusal(found: readonly Violation[]): ParleyError {
  const [first] = found
  return new ParleyError('invalid_params', `The key cannot be made: ${first?.pointer} ${first?.message}`, {
    violations: found,
  })
}
