/** What an agent says of itself with a heartbeat; nothing means that all is well. */
export type Report = {
  readonly status?: 'ok' | 'degraded'
  /** For people: why it is degraded. At most 500 characters. */
  readonly reason?: string
  /** From 0, which is idle, to 1. */
  readonly load?: number
  /** What it depends on, by name; at most 50. */
  readonly dependencies?: Readonly<Record<string, 'up' | 'degraded' | 'down'>>
}

/** How an agent is to be listed, as `POST /agents/register` takes it; what is left out stays, or has its default. */
export type RegistrationOptions = {
  readonly slug?: string
  /** You, when absent; or one of your groups, as `group:<issuer alias>:<group>`. */
  readonly owner?: string
  readonly visibility?: 'public' | 'tenant' | 'restricted'
  readonly redelivery?: 'at-most-once' | 'at-least-once'
  readonly cardProfile?: 'superset' | 'v1' | 'v0.3'
  /** How often to beat, in milliseconds; a third of the TTL when absent. */
  readonly heartbeatIntervalMs?: number
  /** How long a heartbeat counts, in milliseconds; three intervals, or 5 minutes, when absent. */
  readonly heartbeatTtlMs?: number
  /** Ids or slugs of agents without which this one does not work. */
  readonly dependsOn?: readonly string[]
  /** Of a new agent: it is being prepared, or asks an admin to let it in. */
  readonly lifecycle?: 'draft' | 'pending'
  /** What Parley asks it to show that it works, every 15 minutes when `everyMs` is absent. */
  readonly probe?: { readonly text: string; readonly expect?: string; readonly everyMs?: number }
  /** Which changes of the card at `cardUrl` are taken up by themselves; `compatible` when absent. */
  readonly cardUpdates?: 'compatible' | 'all' | 'none'
}

/** An Agent Card, as an object; or where the gateway fetches it, and follows its changes. */
export type CardSource = { readonly card: object } | { readonly cardUrl: string }

export type Registration = CardSource & RegistrationOptions

/** An agent as the gateway lists it. */
export type RegisteredAgent = {
  /** Stays until the agent is removed. */
  readonly id: string
  readonly slug: string
  /** Where clients send it messages. */
  readonly invokeUrl: string
  readonly heartbeatIntervalMs: number
}

export type CallOptions = {
  /** Where the gateway is, as `https://parley.example.com`. */
  readonly url: string
  /** An API key or a token with the scopes `agents:write` and `agents:heartbeat`; a function is asked anew for each call. */
  readonly key: string | (() => string | Promise<string>)
}

/** The gateway refused a call. The message is its own, and tells what to do. */
export class CallRefused extends Error {
  override readonly name = 'CallRefused'
  readonly status: number
  /** When it asks to be called again, in milliseconds from now. */
  readonly retryAfterMs: number | undefined

  constructor(status: number, message: string, retryAfterMs?: number) {
    super(message)
    this.status = status
    this.retryAfterMs = retryAfterMs
  }
}

const CALL_TIMEOUT_MS = 10_000

/** What a header can carry. What it cannot is told without a word of it, which the runtime would repeat. */
function bearer(key: string): string {
  if (/^[!-~]+$/.test(key)) return `Bearer ${key}`
  throw new TypeError('The key must be one word of visible characters: is there a line break in it?')
}

/**
 * The calls that keep an agent registered. All reject with `CallRefused`, with what `fetch` throws, or the signal's
 * reason.
 */
export interface RegistryCalls {
  register(registration: Registration, signal?: AbortSignal): Promise<RegisteredAgent>
  /** Answers with how often to beat, in milliseconds. */
  beat(id: string, report: Report | undefined, signal?: AbortSignal): Promise<number>
  unregister(id: string): Promise<void>
}

/** Throws a `TypeError` for a URL that is none, and for a key that no header can carry. */
export function createRegistryCalls({ url, key }: CallOptions): RegistryCalls {
  const base = new URL(url).href.replace(/\/+$/, '')
  if (typeof key === 'string') bearer(key)

  async function call(method: string, path: string, body: unknown, signal?: AbortSignal): Promise<object> {
    const timeout = AbortSignal.timeout(CALL_TIMEOUT_MS)
    const response = await fetch(base + path, {
      method,
      // A key is shown to nobody but whom it was given for.
      redirect: 'error',
      headers: {
        authorization: bearer(typeof key === 'string' ? key : await key()),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    })
    const answer = objectIn(await response.text())
    if (response.ok) return answer
    const detail = Reflect.get(answer, 'detail') ?? `The gateway answered ${response.status}`
    const seconds = Number(response.headers.get('retry-after') ?? Number.NaN)
    throw new CallRefused(
      response.status,
      String(detail),
      Number.isFinite(seconds) ? seconds * 1000 : undefined,
    )
  }

  return {
    async register(registration, signal) {
      const agent = await call('POST', '/agents/register', registration, signal)
      return {
        id: textAt(agent, 'id'),
        slug: textAt(agent, 'slug'),
        invokeUrl: textAt(agent, 'invokeUrl'),
        heartbeatIntervalMs: numberAt(agent, 'heartbeatIntervalMs'),
      }
    },
    async beat(id, report, signal) {
      const beaten = await call('POST', `/agents/${encodeURIComponent(id)}/heartbeat`, report, signal)
      return numberAt(beaten, 'heartbeatIntervalMs')
    },
    async unregister(id) {
      await call('DELETE', `/agents/${encodeURIComponent(id)}`, undefined)
    },
  }
}

/** The object that a body is; an empty one for what is none, as the pages of proxies are. */
function objectIn(text: string): object {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : {}
  } catch {
    return {}
  }
}

function textAt(answer: object, name: string): string {
  const value: unknown = Reflect.get(answer, name)
  if (typeof value === 'string') return value
  throw new TypeError(`The answer of the gateway has no ${name}: is there a Parley at the URL?`)
}

function numberAt(answer: object, name: string): number {
  const value: unknown = Reflect.get(answer, name)
  if (typeof value === 'number' && value > 0) return value
  throw new TypeError(`The answer of the gateway has no ${name}: is there a Parley at the URL?`)
}
