import Type, { type Static } from 'typebox'
import { MAX_ID_LENGTH } from '../a2a/ids.ts'
import { check, invalidParams, parseJson } from '../a2a/wire.ts'
import { MAX_SUBJECT_LENGTH, OWNER_PATTERN } from '../access/subject.ts'
import type { Violation } from '../errors.ts'
import { SEVERITIES } from './alert.ts'
import type { RuleCondition } from './rule.ts'

const DAY_MS = 24 * 60 * 60 * 1000
/** Channels are told again no more often. */
const MIN_REPEAT_MS = 60_000
const DEFAULT_REPEAT_MS = 4 * 60 * 60 * 1000
/** Calls there must be before a share of them says anything. */
const DEFAULT_MIN_CALLS = 5
const MAX_CHANNELS = 10

const Target = Type.Object(
  {
    agent: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: MAX_ID_LENGTH,
        description: 'Id or slug of one that you may manage',
      }),
    ),
    tag: Type.Optional(Type.String({ minLength: 1, maxLength: 256, description: 'Of a skill' })),
    owner: Type.Optional(Type.String({ maxLength: MAX_SUBJECT_LENGTH, pattern: OWNER_PATTERN })),
    all: Type.Optional(Type.Literal(true)),
  },
  {
    additionalProperties: false,
    minProperties: 1,
    maxProperties: 1,
    description: 'Which agents are watched, of those that you may manage; exactly one of these',
  },
)

const Condition = Type.Object(
  {
    state: Type.Optional(Type.Enum(['degraded', 'down'], { description: 'Or worse' })),
    errorRate: Type.Optional(
      Type.Number({ minimum: 0, exclusiveMaximum: 1, description: 'More than this share of its calls fail' }),
    ),
    latencyMs: Type.Optional(Type.Integer({ minimum: 1, description: 'Its calls take longer' })),
    heartbeatMissing: Type.Optional(Type.Literal(true)),
    dependencyDown: Type.Optional(
      Type.Literal(true, {
        description:
          'An agent that it depends on is down; the alert is about that one, where it is watched, too',
      }),
    ),
    forMs: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 7 * DAY_MS,
        description: 'How long that must hold; 0 when absent. Not with errorRate',
      }),
    ),
    windowMs: Type.Optional(
      Type.Integer({
        minimum: 60_000,
        maximum: DAY_MS,
        description: 'Of errorRate: the time whose calls count; 5 minutes when absent',
      }),
    ),
    minCalls: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 1000,
        description: `Of errorRate: fewer calls say nothing; ${DEFAULT_MIN_CALLS} when absent`,
      }),
    ),
  },
  { additionalProperties: false, description: 'Exactly one of the first five' },
)

/** What a rule is made from, or is to be from now on. */
export const RuleBody = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 200, pattern: '^[^\\p{C}]+$' }),
    severity: Type.Optional(Type.Enum([...SEVERITIES], { description: 'warning when absent' })),
    target: Target,
    condition: Condition,
    channels: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: MAX_ID_LENGTH }), {
        maxItems: MAX_CHANNELS,
        uniqueItems: true,
        description: 'Ids of the channels that are told; nobody when absent',
      }),
    ),
    repeatMs: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 7 * DAY_MS,
        description: `How often channels are told again while it fires, ${MIN_REPEAT_MS} at least; 0 for never; 4 hours when absent`,
      }),
    ),
    muted: Type.Optional(Type.Boolean({ description: 'Alerts are kept, and nobody is told' })),
  },
  { additionalProperties: false },
)
type Body = Static<typeof RuleBody>

const bodyCheck = check(RuleBody)

/** A rule as somebody asked for it; its agent and its owner may not be written in full. */
export type AskedRule = Pick<Body, 'name' | 'target'> & {
  readonly severity: (typeof SEVERITIES)[number]
  readonly condition: RuleCondition
  readonly channels: readonly string[]
  readonly repeatMs: number
  readonly isMuted: boolean
}

const KINDS = ['state', 'errorRate', 'latencyMs', 'heartbeatMissing', 'dependencyDown'] as const

const HINTS: Readonly<Record<string, string>> = {
  '/target': 'Write { "agent": … }, { "tag": … }, { "owner": … } or { "all": true }',
  '/condition': 'For example { "state": "down", "forMs": 120000 }',
}

/** Throws `parse_error`, or `invalid_params` naming everything wrong with it. */
export function parseRule(text: string): AskedRule {
  const value = parseJson(text)
  const found = bodyCheck.violations(value)
  if (found.length > 0) throw invalidParams(found.map(withHint))
  const { name, severity = 'warning', target, condition, channels = [], ...rest } = bodyCheck.parse(value)
  const { repeatMs = DEFAULT_REPEAT_MS, muted = false } = rest
  const problems = [...conditionProblems(condition), ...repeatProblems(repeatMs)]
  if (problems.length > 0) throw invalidParams(problems.map(withHint))
  return { name, severity, target, condition: conditionOf(condition), channels, repeatMs, isMuted: muted }
}

function conditionProblems(condition: Body['condition']): readonly Violation[] {
  const kinds = KINDS.filter((kind) => condition[kind] !== undefined)
  const isRate = condition.errorRate !== undefined
  const misplaced = (isRate ? (['forMs'] as const) : (['windowMs', 'minCalls'] as const)).filter(
    (name) => condition[name] !== undefined,
  )
  const message = `must have exactly one of ${KINDS.join(', ')}`
  return [
    ...(kinds.length === 1 ? [] : [{ pointer: '/condition', code: 'kind', message }]),
    ...misplaced.map((name) => ({
      pointer: `/condition/${name}`,
      code: 'misplaced',
      message: isRate ? 'is not for errorRate: write windowMs' : 'is for errorRate only: write forMs',
    })),
  ]
}

const repeatProblems = (repeatMs: number): readonly Violation[] =>
  repeatMs === 0 || repeatMs >= MIN_REPEAT_MS
    ? []
    : [{ pointer: '/repeatMs', code: 'minimum', message: `must be 0, or ${MIN_REPEAT_MS} at least` }]

function conditionOf(condition: Body['condition']): RuleCondition {
  const { state, errorRate, latencyMs, heartbeatMissing, forMs = 0 } = condition
  if (state !== undefined) return { kind: 'state', state, forMs }
  if (errorRate !== undefined) {
    const { windowMs = 300_000, minCalls = DEFAULT_MIN_CALLS } = condition
    return { kind: 'error_rate', above: errorRate, windowMs, minCalls }
  }
  if (latencyMs !== undefined) return { kind: 'latency', aboveMs: latencyMs, forMs }
  return { kind: heartbeatMissing === undefined ? 'dependency' : 'heartbeat', forMs }
}

const withHint = (violation: Violation): Violation => {
  const hint = HINTS[violation.pointer]
  return hint === undefined ? violation : { ...violation, hint }
}
