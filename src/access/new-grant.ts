import Type from 'typebox'
import { OPERATIONS } from '../a2a/operation.ts'
import { check, invalidParams } from '../a2a/wire.ts'
import type { Violation } from '../errors.ts'
import { type Grant, type Grantee, RIGHTS } from './grant.ts'
import { fullSubject, GROUP_PATTERN, MAX_SUBJECT_LENGTH, SUBJECT_PATTERN } from './subject.ts'

/** Somebody of a tenant, by exactly one of its members. */
export const GranteeBody = Type.Object(
  {
    subject: Type.Optional(Type.String({ maxLength: MAX_SUBJECT_LENGTH, pattern: SUBJECT_PATTERN })),
    group: Type.Optional(Type.String({ maxLength: MAX_SUBJECT_LENGTH, pattern: GROUP_PATTERN })),
    everyone: Type.Optional(
      Type.Literal(true, { description: "Everyone of the agent's tenant who has a credential" }),
    ),
  },
  { additionalProperties: false, minProperties: 1, maxProperties: 1 },
)

/** What a grant is made from. */
export const NewGrantBody = Type.Object(
  {
    to: GranteeBody,
    right: Type.Enum([...RIGHTS]),
    operations: Type.Optional(
      Type.Array(Type.Enum([...OPERATIONS]), {
        minItems: 1,
        uniqueItems: true,
        description: 'The only operations of A2A that a grant of invoke is good for; all when absent',
      }),
    ),
  },
  { additionalProperties: false },
)

export type NewGrant = Pick<Grant, 'to' | 'right' | 'operations'>

const newGrantCheck = check(NewGrantBody)

const HINTS: Readonly<Record<string, string>> = {
  '/to': 'Write { "subject": … }, { "group": … } or { "everyone": true }',
  '/to/subject': 'Write <issuer alias>:<subject>, or the name of an API key’s subject',
  '/to/group': 'Write <issuer alias>:<group>; for example corp:operations',
}

/** A grant as somebody asked for it, its grantee in full. Throws `invalid_params` naming everything wrong with it. */
export function parseNewGrant(value: unknown): NewGrant {
  const found = newGrantCheck.violations(value)
  if (found.length > 0) throw invalidParams(found.map(withHint))
  const { to, right, operations } = newGrantCheck.parse(value)
  if (operations === undefined) return { to: granteeOf(to), right }
  if (right === 'invoke') {
    return { to: granteeOf(to), right, operations: OPERATIONS.filter((one) => operations.includes(one)) }
  }
  const message = 'are for grants of invoke only'
  throw invalidParams([{ pointer: '/operations', code: 'contradiction', message }])
}

const withHint = (violation: Violation): Violation => {
  const hint = HINTS[violation.pointer]
  return hint === undefined ? violation : { ...violation, hint }
}

function granteeOf(to: { readonly subject?: string; readonly group?: string }): Grantee {
  if (to.subject !== undefined) return { subject: fullSubject(to.subject) }
  return to.group === undefined ? { everyone: true } : { group: to.group }
}

/** Whether two grants say the same of the same grantee. */
export const isSameGrant = (one: NewGrant, other: NewGrant): boolean =>
  textOfGrant(one) === textOfGrant(other)

const textOfGrant = ({ to, right, operations }: NewGrant): string => JSON.stringify([to, right, operations])
