import { AgentFailure } from '../delivery/agent-client.ts'
import type { Authorisation } from './authorise-call.ts'

/** How deep a chain of causes is read. */
const MAX_CAUSES = 5

/**
 * A failure without what its call showed the agent: some agents repeat the headers they got in their errors. What an agent
 * encodes in a way of its own is not found.
 */
export function withoutSecrets(error: unknown, shown: Authorisation): unknown {
  if (!(error instanceof AgentFailure)) return error
  const { kind, code, retryAfterMs, denied } = error
  const secrets = secretsOf(shown)
  const said = [error.message, ...messagesOf(error.cause)]
  const [message = '', ...causes] = said.map((text) => without(text, secrets))
  if (said.join() === [message, ...causes].join()) return error
  return new AgentFailure(kind, message, {
    cause: new Error(causes.join(': ')),
    ...(code === undefined ? {} : { code }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(denied === undefined ? {} : { denied }),
  })
}

function messagesOf(cause: unknown): readonly string[] {
  const messages: string[] = []
  for (let next = cause; next instanceof Error && messages.length < MAX_CAUSES; next = next.cause) {
    messages.push(next.message)
  }
  return messages
}

/** The longest first, so that no part of one is left. */
const secretsOf = ({ headers, query }: Authorisation): readonly string[] =>
  [...Object.values(headers), ...query.map(([, value]) => value)]
    .flatMap(partsOf)
    .flatMap((secret) => [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)])
    .filter((secret) => secret !== '')
    .sort((one, other) => other.length - one.length)

/** A value, and what of it is secret by itself: what follows a scheme or a cookie's name, and the password in `Basic`. */
function partsOf(value: string): readonly string[] {
  const [, basic] = /^Basic (.+)$/i.exec(value) ?? []
  const password =
    basic &&
    Buffer.from(basic, 'base64')
      .toString()
      .replace(/^[^:]*:/, '')
  return [value, value.replace(/^\w+ /, ''), value.replace(/^[^=]*=/, ''), password ?? '']
}

const without = (text: string, secrets: readonly string[]): string =>
  secrets.reduce(
    withoutBeginning,
    secrets.reduce((rest, secret) => rest.replaceAll(secret, REDACTED), text),
  )

const REDACTED = '[redacted]'
/** Fewer characters of a secret tell nothing of it. */
const MIN_BEGINNING = 8

/** What agents say is cut off somewhere, which may be within a secret. */
function withoutBeginning(text: string, secret: string): string {
  for (let length = Math.min(secret.length - 1, text.length); length >= MIN_BEGINNING; length--) {
    if (text.endsWith(secret.slice(0, length))) return `${text.slice(0, -length)}${REDACTED}`
  }
  return text
}
