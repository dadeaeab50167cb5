import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { at, listAt, parsed, textAt } from './json-path.ts'

/** Where a client calls, and as whom. */
export type Endpoint = { readonly url: string; readonly key?: string }

export type Reply = {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly body: unknown
}

export type CallOptions = {
  readonly id?: string | number | null
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}

/** The text of a JSON-RPC request. `params` as a string is taken as JSON text, byte for byte. */
export function envelope(method: string, params: unknown, id: string | number | null = 1): string {
  const paramsText = typeof params === 'string' ? params : JSON.stringify(params)
  return `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"method":${JSON.stringify(method)},"params":${paramsText}}`
}

export function headersFor(endpoint: Endpoint): Record<string, string> {
  return {
    'content-type': 'application/json',
    'a2a-version': '1.0',
    ...(endpoint.key === undefined ? {} : { authorization: `Bearer ${endpoint.key}` }),
  }
}

/** A header with an empty value is left out, also one that every request has. */
export async function post(
  endpoint: Endpoint,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Readonly<Record<string, string>> = {},
  signal?: AbortSignal,
): Promise<Reply> {
  const response = await fetch(endpoint.url, {
    method: 'POST',
    body,
    headers: Object.entries({ ...headersFor(endpoint), ...headers }).filter(([, value]) => value !== ''),
    ...(signal === undefined ? {} : { signal }),
  })
  return readReply(response)
}

/** A call of the native REST API; an answer without a body has the body `undefined`. */
export async function native(
  key: string | undefined,
  method: string,
  url: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Reply> {
  const response = await fetch(url, {
    method,
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  return readReply(response)
}

export function rpc(
  endpoint: Endpoint,
  method: string,
  params: unknown,
  options: CallOptions = {},
): Promise<Reply> {
  return post(endpoint, envelope(method, params, options.id ?? 1), options.headers, options.signal)
}

/** The result of a call that must have succeeded. */
export function resultOf(reply: Reply): unknown {
  const result = at(reply.body, 'result')
  assert.ok(result !== undefined, `a result is expected: ${reply.status} ${reply.text.slice(0, 2000)}`)
  return result
}

/** Everything of an answer that says what it says: not the moment, nor the number of the request, nor where it went. */
export function withoutRequest(reply: Reply): {
  readonly status: number
  readonly headers: readonly (readonly [string, string])[]
  readonly text: string
} {
  const headers = [...reply.headers]
    .filter(([name]) => !['date', 'x-request-id', 'keep-alive'].includes(name))
    .map(([name, value]) => [name, value.replace(/(?<=resource_metadata="[^"]*)\/a2a\/[^"]*/, '')] as const)
  const text = reply.text
    .replaceAll(/("(?:requestId|instance)":\s*)"[^"]*"/g, '$1"<request>"')
    // A place in the change feed is never written the same way twice.
    .replace(/("cursor":)"[^"]*"/, '$1"<cursor>"')
  return { status: reply.status, headers, text }
}

export type RpcError = { readonly code: unknown; readonly message: string; readonly reason: unknown }

/** The error of a call that must have failed, after checking the shape every A2A error has on JSON-RPC. */
export function errorOf(reply: Reply): RpcError {
  const error = at(reply.body, 'error')
  assert.ok(error !== undefined, `an error is expected: ${reply.status} ${reply.text.slice(0, 2000)}`)
  assert.equal(at(reply.body, 'jsonrpc'), '2.0')
  assert.equal(at(reply.body, 'result'), undefined)
  const message = textAt(error, 'message')
  assert.doesNotMatch(reply.text, /\n? +at .*:\d+:\d+/, 'a stack trace leaked')
  const code = at(error, 'code')
  const data = at(error, 'data')
  if (data === undefined) return { code, message, reason: undefined }
  for (const detail of listAt(data)) assert.match(textAt(detail, '@type'), /^type\.googleapis\.com\//)
  const info = listAt(data).find((detail) => /ErrorInfo$/.test(textAt(detail, '@type')))
  const isProtocols = typeof code === 'number' && code <= -32001 && code >= -32009
  if (isProtocols) assert.equal(at(info, 'domain'), 'a2a-protocol.org')
  else if (info !== undefined) textAt(info, 'domain')
  return { code, message, reason: at(info, 'reason') }
}

export function userMessage(text: string, more: Readonly<Record<string, unknown>> = {}) {
  return { messageId: randomUUID(), role: 'ROLE_USER', parts: [{ text }], ...more }
}

/** Sends a text and returns the `result`: `{ task }` or `{ message }`. */
export async function send(
  endpoint: Endpoint,
  text: string,
  more: {
    readonly message?: Readonly<Record<string, unknown>>
    readonly configuration?: Readonly<Record<string, unknown>>
  } = {},
): Promise<unknown> {
  const params = {
    message: userMessage(text, more.message),
    ...(more.configuration === undefined ? {} : { configuration: more.configuration }),
  }
  return resultOf(await rpc(endpoint, 'SendMessage', params))
}

export const sendNoWait = (
  endpoint: Endpoint,
  text: string,
  message: Readonly<Record<string, unknown>> = {},
) => send(endpoint, text, { message, configuration: { returnImmediately: true } })

export const getTask = async (endpoint: Endpoint, id: string, more: Readonly<Record<string, unknown>> = {}) =>
  resultOf(await rpc(endpoint, 'GetTask', { id, ...more }))

/** The texts of all parts of all artifacts of a task, joined. */
export function artifactText(task: unknown): string {
  return listAt(task, 'artifacts')
    .flatMap((artifact) => listAt(artifact, 'parts'))
    .map((part) => at(part, 'text') ?? '')
    .join('')
}

export async function readReply(response: Response): Promise<Reply> {
  const text = await response.text()
  const isJson = /json/.test(response.headers.get('content-type') ?? '') && text !== ''
  return {
    status: response.status,
    headers: response.headers,
    text,
    body: isJson ? parsed(text) : undefined,
  }
}
