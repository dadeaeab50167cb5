import Type from 'typebox'
import { check } from '../a2a/wire.ts'
import { ParleyError, type Violation } from '../errors.ts'
import type { NewKey } from './access.ts'
import { SCOPES } from './principal.ts'
import { fullSubject, SUBJECT_PATTERN } from './subject.ts'

/** What a key is made from. A subject without an alias gets the one of API keys: `ada` is stored as `key:ada`. */
export const NewKeyBody = Type.Object(
  {
    subject: Type.String({
      maxLength: 256,
      pattern: SUBJECT_PATTERN,
    }),
    tenant: Type.Optional(Type.String({ maxLength: 64, pattern: '^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$' })),
    scopes: Type.Array(Type.Enum([...SCOPES]), { minItems: 1, uniqueItems: true }),
    label: Type.String({ minLength: 1, maxLength: 200 }),
    expiresAt: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 8.64e15, description: 'Milliseconds since 1970' }),
    ),
  },
  { additionalProperties: false },
)

export const newKeyCheck = check(NewKeyBody)

const HINTS: Readonly<Record<string, string>> = {
  '/subject': 'Write a name without spaces, or <issuer alias>:<name>; for example billing-service',
  '/tenant': 'Use lower-case letters, digits and hyphens',
  '/scopes': `The scopes are ${SCOPES.join(', ')}`,
}

/** The key with its subject in full. Throws `invalid_params` naming everything wrong with it. */
export function acceptNewKey(key: NewKey, now: number): NewKey {
  const found: Violation[] = newKeyCheck.violations(key).map((violation) => {
    const hint = HINTS[violation.pointer.replace(/^\/scopes\/.*/, '/scopes')]
    return hint === undefined ? violation : { ...violation, hint }
  })
  if (typeof key.expiresAt === 'number' && key.expiresAt <= now) {
    found.push({ pointer: '/expiresAt', code: 'past', message: 'must be in the future' })
  }
  if (found.length === 0) {
    return { ...key, subject: fullSubject(key.subject) }
  }
  const [first] = found
  throw new ParleyError('invalid_params', `The key cannot be made: ${first?.pointer} ${first?.message}`, {
    violations: found,
  })
}
