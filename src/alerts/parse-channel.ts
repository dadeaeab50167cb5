import Type from 'typebox'
import { isObject } from '../a2a/json-object.ts'
import { check, invalidParams, parseJson } from '../a2a/wire.ts'
import { fullSubject, MAX_SUBJECT_LENGTH, OWNER_PATTERN } from '../access/subject.ts'
import type { Violation } from '../errors.ts'
import { httpUrlProblem } from '../registry/http-url.ts'
import type { ChannelTarget } from './alert-sender.ts'
import { CHANNEL_KINDS, type ChannelKind } from './channel.ts'

const closed = { additionalProperties: false }

const named = {
  name: Type.String({ minLength: 1, maxLength: 100, pattern: '^[^\\p{C}]*[^\\p{C}\\s][^\\p{C}]*$' }),
  owner: Type.Optional(
    Type.String({
      maxLength: MAX_SUBJECT_LENGTH,
      pattern: OWNER_PATTERN,
      description:
        'You, or one of your groups, as group:<issuer alias>:<group>; when absent, who has it, and of a new channel you',
    }),
  ),
}

const url = Type.Optional(
  Type.String({
    description:
      'An http or https URL, never shown again; of a channel that is there, what it has when absent',
  }),
)

const WebhookBody = Type.Object(
  {
    kind: Type.Literal('webhook'),
    ...named,
    url,
    secret: Type.Optional(
      Type.String({
        description:
          'whsec_ and 24 to 64 bytes in base64: what is sent is signed with them. Goes with the url',
      }),
    ),
  },
  closed,
)
const SlackBody = Type.Object({ kind: Type.Literal('slack'), ...named, url }, closed)
const EmailBody = Type.Object(
  {
    kind: Type.Literal('email'),
    ...named,
    to: Type.Array(Type.String({ maxLength: 254 }), { minItems: 1, maxItems: 10, description: 'Addresses' }),
  },
  closed,
)

/** What `POST /alerts/channels` and `PUT /alerts/channels/{id}` take. */
export const ChannelBody = Type.Union([WebhookBody, SlackBody, EmailBody])

/** A channel as somebody wants it. */
export type WantedChannel = {
  readonly name: string
  readonly kind: ChannelKind
  /** A subject in full or a group; the caller when absent. */
  readonly owner?: string
  /** What the channel has already, when absent. */
  readonly target?: ChannelTarget
}

const webhookCheck = check(WebhookBody)
const slackCheck = check(SlackBody)
const emailCheck = check(EmailBody)

/**
 * A channel from the text of a request's body. Throws `parse_error` for what is no JSON, and `invalid_params` with
 * everything wrong, by place and never by content.
 */
export function parseChannel(text: string): WantedChannel {
  const value = parseJson(text)
  switch (isObject(value) ? value.kind : undefined) {
    case 'webhook': {
      const body = webhookCheck.parse(value)
      assertFine([...urlViolations(body.url), ...secretViolations(body)])
      const { url: at, secret } = body
      return wanted(
        body,
        at === undefined ? undefined : { kind: 'webhook', url: at, ...(secret && { secret }) },
      )
    }
    case 'slack': {
      const body = slackCheck.parse(value)
      assertFine(urlViolations(body.url))
      return wanted(body, body.url === undefined ? undefined : { kind: 'slack', url: body.url })
    }
    case 'email': {
      const body = emailCheck.parse(value)
      assertFine(body.to.flatMap(addressViolations))
      return wanted(body, { kind: 'email', to: body.to })
    }
    default:
      throw invalidParams([
        { pointer: '/kind', code: 'enum', message: `must be one of ${CHANNEL_KINDS.join(', ')}` },
      ])
  }
}

const wanted = (
  { name, kind, owner }: { readonly name: string; readonly kind: ChannelKind; readonly owner?: string },
  target: ChannelTarget | undefined,
): WantedChannel => ({
  name,
  kind,
  ...(owner !== undefined && { owner: fullSubject(owner) }),
  ...(target !== undefined && { target }),
})

function assertFine(violations: readonly Violation[]): void {
  if (violations.length > 0) throw invalidParams(violations)
}

function urlViolations(text: string | undefined): readonly Violation[] {
  const problem = text === undefined ? undefined : httpUrlProblem(text)
  return problem === undefined ? [] : [{ pointer: '/url', code: 'url', message: problem }]
}

function secretViolations({
  url: at,
  secret,
}: {
  readonly url?: string
  readonly secret?: string
}): readonly Violation[] {
  if (secret === undefined) return []
  if (at === undefined) {
    return [{ pointer: '/url', code: 'required', message: 'is required with a secret, which goes with it' }]
  }
  if (/^whsec_[A-Za-z0-9+/]+={0,2}$/.test(secret)) {
    const { length } = Buffer.from(secret.slice('whsec_'.length), 'base64')
    if (length >= 24 && length <= 64) return []
  }
  return [
    {
      pointer: '/secret',
      code: 'secret',
      message: 'must be whsec_ and 24 to 64 bytes in base64',
      hint: 'echo "whsec_$(openssl rand -base64 32)" makes one',
    },
  ]
}

/** Addresses as people have them; of what RFC 5321 allows besides, nothing can be told from an attack. */
const ADDRESS =
  /^[A-Za-z0-9!#$%&'*+/=?^_{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_{|}~-]+)*@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z][A-Za-z0-9-]{0,61}[A-Za-z0-9]$/

function addressViolations(address: string, index: number, all: readonly string[]): readonly Violation[] {
  const pointer = `/to/${index}`
  if (!ADDRESS.test(address)) {
    return [{ pointer, code: 'address', message: 'must be an address, as ops@example.com' }]
  }
  const isTwice = all.findIndex((one) => one.toLowerCase() === address.toLowerCase()) < index
  return isTwice ? [{ pointer, code: 'twice', message: 'is there already' }] : []
}
