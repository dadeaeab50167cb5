import Type from 'typebox'
import { OPERATIONS, type Operation } from '../a2a/operation.ts'
import { check, invalidParams } from '../a2a/wire.ts'
import type { Violation } from '../errors.ts'
import { ACTION_NAMES, type Action } from './access.ts'
import { ACTION_OF } from './operation-actions.ts'
import { SCOPES, type Scope } from './principal.ts'
import { fullSubject, GROUP_PATTERN, MAX_SUBJECT_LENGTH, SUBJECT_PATTERN } from './subject.ts'

const AskedPrincipal = Type.Object(
  {
    subject: Type.Optional(Type.String({ maxLength: MAX_SUBJECT_LENGTH, pattern: SUBJECT_PATTERN })),
    groups: Type.Optional(
      Type.Array(Type.String({ maxLength: MAX_SUBJECT_LENGTH, pattern: GROUP_PATTERN }), { maxItems: 200 }),
    ),
    scopes: Type.Optional(
      Type.Array(Type.Enum([...SCOPES]), { description: 'Every scope but admin when absent' }),
    ),
    tenant: Type.Optional(
      Type.String({ minLength: 1, maxLength: 64, description: "The caller's when absent" }),
    ),
    key: Type.Optional(
      Type.String({ maxLength: 64, description: 'Id of an API key, instead of all the others; takes admin' }),
    ),
    anonymous: Type.Optional(
      Type.Literal(true, { description: 'A caller without a credential, instead of all the others' }),
    ),
  },
  { additionalProperties: false, description: 'Who: by subject, by key, or anonymous' },
)

export const QuestionBody = Type.Object(
  {
    principal: AskedPrincipal,
    agent: Type.String({ minLength: 1, maxLength: 256, description: 'Id or slug' }),
    action: Type.Optional(Type.Enum([...ACTION_NAMES], { description: 'Every action when absent' })),
    operation: Type.Optional(
      Type.Enum([...OPERATIONS], { description: 'An operation of A2A; it implies the action' }),
    ),
  },
  { additionalProperties: false },
)

/** Why may somebody do something with an agent, or not? */
export type Question = {
  readonly principal: PrincipalAsked
  /** Id or slug. */
  readonly agent: string
  readonly actions: readonly Action[]
  readonly operation?: Operation
}

export type PrincipalAsked =
  | { readonly anonymous: true }
  /** Id of an API key. */
  | { readonly key: string }
  | {
      readonly subject: string
      readonly groups: readonly string[]
      /** Every one but `admin` when absent. */
      readonly scopes?: readonly Scope[]
      /** The caller's own when absent. */
      readonly tenant?: string
    }

const questionCheck = check(QuestionBody)

/** Throws `invalid_params` naming everything wrong with a question. */
export function parseQuestion(value: unknown): Question {
  const { principal, agent, action, operation } = questionCheck.parse(value)
  const implied = operation === undefined ? action : ACTION_OF[operation]
  if (action !== undefined && action !== implied) {
    throw invalidParams([
      { pointer: '/action', code: 'contradiction', message: `is ${implied} for the operation ${operation}` },
    ])
  }
  return {
    principal: askedOf(principal),
    agent,
    actions: implied === undefined ? ACTION_NAMES : [implied],
    ...(operation === undefined ? {} : { operation }),
  }
}

/** Exactly one of the ways to name a principal, and nothing that belongs to another. */
function askedOf(given: ReturnType<typeof questionCheck.parse>['principal']): PrincipalAsked {
  const { subject, key, anonymous, groups = [], scopes, tenant } = given
  const others = Object.keys(given).length - 1
  if (subject !== undefined && key === undefined && anonymous === undefined) {
    return {
      subject: fullSubject(subject),
      groups,
      ...(scopes === undefined ? {} : { scopes }),
      ...(tenant === undefined ? {} : { tenant }),
    }
  }
  if (key !== undefined && others === 0) return { key }
  if (anonymous !== undefined && others === 0) return { anonymous }
  throw invalidParams([NOT_ONE])
}

const NOT_ONE: Violation = {
  pointer: '/principal',
  code: 'contradiction',
  message: 'must say who in one way',
  hint: 'Write { "subject": … } with groups, scopes and tenant as needed, { "key": … } or { "anonymous": true }',
}
