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
  const said = messagesOf(error.cause)
  const secrets = secretsOf(shown)
  if (!secrets.some((secret) => error.message.includes(secret) || said.includes(secret))) return error
  return new AgentFailure(kind, without(error.message, secrets), {
    cause: new Error(without(said, secrets)),
    ...(code === undefined ? {} : { code }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(denied === undefined ? {} : { denied }),
  })
}

function messagesOf(cause: unknown): string {
  const messages: string[] = []
  for (let next = cause; next instanceof Error && messages.length < MAX_CAUSES; next = next.cause) {
    messages.push(next.message)
  }
  return messages.join(': ')
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
  secrets.reduce((rest, secret) => rest.replaceAll(secret, '[redacted]'), text)
