import Type from 'typebox'
import { isObject, type JsonObject } from '../a2a/json-object.ts'
import { membersOf } from '../a2a/json-text.ts'
import { check, parseJson, pointerTo } from '../a2a/wire.ts'
import { ParleyError, type Violation } from '../errors.ts'
import { CARD_PROFILES, REDELIVERIES, VISIBILITIES } from './agent.ts'
import { DependenciesOption } from './dependencies.ts'
import { CardUpdatesOption } from './drift/card-updates.ts'
import { HeartbeatTimesOptions } from './health/declared-times.ts'
import { timesViolations } from './health/heartbeat-times.ts'
import { probeOf, TaskProbeBody } from './health/task-probe.ts'
import { httpUrlProblem } from './http-url.ts'
import type { Registration } from './registry.ts'
import { SLUG_PATTERN, slugProblem } from './slug.ts'
import { validateCard } from './validate-card.ts'

/** How a registered agent is listed; everything has a default. */
export const RegistrationOptions = Type.Object({
  slug: Type.Optional(Type.String({ pattern: SLUG_PATTERN })),
  owner: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 256,
      description: 'You, when absent; or one of your groups, as group:<issuer alias>:<group>',
    }),
  ),
  visibility: Type.Optional(Type.Enum([...VISIBILITIES])),
  lifecycle: Type.Optional(
    Type.Enum(['draft', 'pending'], {
      description:
        'Of a new agent, which only who may manage it sees then: it is being prepared, or asks an admin to let it in',
    }),
  ),
  redelivery: Type.Optional(Type.Enum([...REDELIVERIES])),
  cardProfile: Type.Optional(Type.Enum([...CARD_PROFILES])),
  dependsOn: Type.Optional(DependenciesOption),
  probe: Type.Optional(TaskProbeBody),
  ...HeartbeatTimesOptions,
  cardUpdates: CardUpdatesOption,
})

const optionsCheck = check(
  Type.Object({ ...RegistrationOptions.properties, slug: Type.Optional(Type.String()) }),
)
const OPTIONS: readonly string[] = Object.keys(RegistrationOptions.properties)
const SOURCES: readonly string[] = ['card', 'cardUrl']
/** Any of these makes a body a card, however incomplete. */
const CARD_MEMBERS = [
  'name',
  'description',
  'version',
  'supportedInterfaces',
  'capabilities',
  'skills',
  'protocolVersion',
]

/**
 * What a publisher sent, from the text of a request's body: a bare card, `{card | cardUrl, …options}`, or `{url}`.
 *
 * A bare card is not judged here. Throws `parse_error` for what is no JSON, and `invalid_registration` with everything wrong
 * otherwise, the problems of an enclosed card included.
 */
export function parseRegistration(body: string): Registration {
  const value = parseJson(body)
  if (!isObject(value)) {
    throw refused([
      { pointer: '', code: 'type', message: 'must be an object: a card, or { card } or { cardUrl }' },
    ])
  }
  if ('card' in value || 'cardUrl' in value) return parseEnvelope(body, value)
  if (CARD_MEMBERS.some((name) => name in value)) return parseBareCard(body, value)
  return parseLoneUrl(value)
}

function parseEnvelope(body: string, value: JsonObject): Registration {
  const card = membersOf(body).get('card')
  const violations = [
    ...unknownMembers(value, [...SOURCES, ...OPTIONS]),
    ...sourceViolations(value),
    ...optionViolations(value),
  ]
  if (violations.length > 0) throw refused([...violations, ...enclosedCardViolations(value, card)])
  if (card !== undefined) return { card, cardPointer: '/card', ...optionsOf(value) }
  return { cardUrl: String(value.cardUrl), ...optionsOf(value) }
}

function parseBareCard(body: string, value: JsonObject): Registration {
  const misplaced = OPTIONS.filter((name) => name in value).map((name) => ({
    pointer: `/${name}`,
    code: 'misplaced',
    message: 'is no member of a card',
    hint: `Send {"card": …, "${name}": …}`,
  }))
  if (misplaced.length === 0) return { card: body, cardPointer: '' }
  throw refused([...misplaced, ...validateCard(body).violations])
}

function parseLoneUrl(value: JsonObject): Registration {
  const violations = [
    ...unknownMembers(value, ['url', ...OPTIONS]),
    ...('url' in value ? urlViolations('/url', value.url) : [MISSING_CARD]),
    ...optionViolations(value),
  ]
  if (violations.length > 0) throw refused(violations)
  return { cardUrl: String(value.url), ...optionsOf(value) }
}

const MISSING_CARD: Violation = {
  pointer: '/card',
  code: 'required',
  message: 'is required, unless cardUrl says where the card is',
  hint: 'Send an Agent Card, or {"cardUrl": "https://…"}',
}

const unknownMembers = (value: JsonObject, known: readonly string[]): readonly Violation[] =>
  Object.keys(value)
    .filter((name) => !known.includes(name))
    .map((name) => ({
      pointer: pointerTo(name),
      code: 'unknown_member',
      message: `is unknown; known are ${known.join(', ')}`,
    }))

function sourceViolations(value: JsonObject): readonly Violation[] {
  if ('card' in value && 'cardUrl' in value) {
    return [{ pointer: '/cardUrl', code: 'contradiction', message: 'must not be given together with card' }]
  }
  if ('cardUrl' in value) return urlViolations('/cardUrl', value.cardUrl)
  if (isObject(value.card)) return []
  return [{ pointer: '/card', code: 'type', message: 'must be an object: an A2A Agent Card' }]
}

function urlViolations(pointer: string, url: unknown): readonly Violation[] {
  if (typeof url !== 'string') return [{ pointer, code: 'type', message: 'must be string' }]
  const problem = httpUrlProblem(url)
  return problem === undefined ? [] : [{ pointer, code: 'url', message: problem }]
}

function optionViolations(value: JsonObject): readonly Violation[] {
  const slug = typeof value.slug === 'string' ? slugProblem(value.slug) : undefined
  const violations = optionsCheck.violations(value)
  const times = violations.length > 0 ? [] : timesViolations(optionsCheck.parse(value))
  return [...violations, ...times, ...(slug === undefined ? [] : [slug])]
}

function enclosedCardViolations(value: JsonObject, card: string | undefined): readonly Violation[] {
  if (card === undefined || !isObject(value.card)) return []
  return validateCard(card).violations.map((found) => ({ ...found, pointer: `/card${found.pointer}` }))
}

/** The options of a body that `optionViolations` found nothing wrong with. */
function optionsOf(value: JsonObject): Registration {
  const {
    slug,
    owner,
    visibility,
    lifecycle,
    redelivery,
    cardProfile,
    cardUpdates,
    dependsOn,
    probe,
    ...times
  } = optionsCheck.parse(value)
  const { heartbeatIntervalMs, heartbeatTtlMs } = times
  return {
    ...(slug === undefined ? {} : { slug }),
    ...(owner === undefined ? {} : { owner }),
    ...(visibility === undefined ? {} : { visibility }),
    ...(lifecycle === undefined ? {} : { lifecycle }),
    ...(redelivery === undefined ? {} : { redelivery }),
    ...(cardProfile === undefined ? {} : { cardProfile }),
    ...(heartbeatIntervalMs === undefined ? {} : { heartbeatIntervalMs }),
    ...(cardUpdates === undefined ? {} : { cardUpdates }),
    ...(heartbeatTtlMs === undefined ? {} : { heartbeatTtlMs }),
    ...(dependsOn === undefined ? {} : { dependsOn }),
    ...(probe === undefined ? {} : { probe: probeOf(probe) }),
  }
}

function refused(violations: readonly Violation[]): ParleyError {
  const [first] = violations
  const message = `The registration cannot be accepted: ${first?.pointer || '/'} ${first?.message}`
  return new ParleyError('invalid_registration', message, { violations })
}
