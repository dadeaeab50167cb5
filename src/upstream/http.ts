import type { Readable } from 'node:stream'
import { TextDecoder } from 'node:util'
import { Agent, type Dispatcher, Pool } from 'undici'
import type { ClientIdentity } from '../access/credentials/present-credentials.ts'
import { createConnector } from './connect.ts'
import type { Guard, Purpose } from './guard.ts'
import { HttpError, tooLarge } from './http-error.ts'
import { createWithin, orAbort } from './within.ts'

export type HttpCall = {
  readonly method: 'GET' | 'POST'
  /** Says the origin; checked by the guard before. */
  readonly url: URL
  /** Path and query as they are sent. Not taken from `url`, which would read `%2E%2E` as "one level up". */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  /** What the connection proves itself with to a server that asks; no other call shares the connection. */
  readonly certificate?: ClientIdentity
  readonly body?: string
  /** The longest wait for the answer's headers. */
  readonly firstByteTimeoutMs: number
  /** The longest wait for more of the answer's body, counted only while somebody reads it. */
  readonly silentTimeoutMs: number
  readonly signal: AbortSignal
}

/** Answers hold a connection until they are read to the end or discarded. */
export type HttpAnswer = {
  readonly status: number
  /** By lower-case name; of a repeated header the first. */
  readonly header: (name: string) => string | undefined
  /** By lower-case name; of a repeated header all. */
  readonly headers: (name: string) => readonly string[]
  /** The body at the reader's pace. Leaving the loop closes the connection. */
  readonly chunks: () => AsyncGenerator<Buffer, void>
  /** The whole body. Rejects with `too_large` beyond `maxBytes`, and closes the connection there. */
  readonly text: (maxBytes: number) => Promise<string>
  readonly discard: () => void
}

/** One HTTP/1.1 request at a time over kept connections. Follows no redirect, keeps no cookie. */
export type HttpClient = AsyncDisposable & {
  /** Rejects with `HttpError`, or with the signal's reason; so does everything in the answer. */
  readonly call: (call: HttpCall) => Promise<HttpAnswer>
}

export type HttpClientDeps = {
  readonly guard: Guard
  readonly purpose: Purpose
  readonly connectTimeoutMs: number
}

/** Shorter than the 5 s after which common servers close: a request on a closing connection has no known outcome. */
const KEEP_ALIVE_MS = 4_000

/** Of certificates, those used last keep their connections. */
const MAX_CERTIFICATES = 256

export function createHttpClient({ guard, purpose, connectTimeoutMs }: HttpClientDeps): HttpClient {
  const open = (certificate?: ClientIdentity) =>
    new Agent({
      factory: (origin) =>
        new Pool(origin, {
          connect: createConnector(guard, purpose, new URL(origin), {
            timeoutMs: connectTimeoutMs,
            ...(certificate === undefined ? {} : { certificate }),
          }),
          keepAliveTimeout: KEEP_ALIVE_MS,
          headersTimeout: 0,
          bodyTimeout: 0,
        }),
    })
  const anonymous = open()
  const byCertificate = new Map<string, Agent>()

  /** The connections that show this certificate and no other. */
  const agentFor = (certificate: ClientIdentity | undefined): Agent => {
    if (certificate === undefined) return anonymous
    const agent = byCertificate.get(certificate.id) ?? open(certificate)
    byCertificate.delete(certificate.id)
    byCertificate.set(certificate.id, agent)
    const [oldest] = byCertificate
    if (byCertificate.size > MAX_CERTIFICATES && oldest !== undefined) {
      byCertificate.delete(oldest[0])
      // Ends once the calls that have it have ended.
      void oldest[1].close()
    }
    return agent
  }

  return {
    call: (call) => exchange(agentFor(call.certificate), call),
    async [Symbol.asyncDispose]() {
      await Promise.all([anonymous, ...byCertificate.values()].map((agent) => agent.destroy()))
    },
  }
}

async function exchange(agent: Agent, call: HttpCall): Promise<HttpAnswer> {
  const silence = new AbortController()
  const signal = AbortSignal.any([call.signal, silence.signal])
  const within = createWithin(silence, signal)
  const { statusCode, headers, body } = await within(call.firstByteTimeoutMs, () =>
    // A request that is still connecting does not hear its signal.
    orAbort(agent.request({ ...requestOf(call), signal }), signal),
  )
  body.on('error', () => {
    // Whoever reads the body gets this error from there; nobody reading is no reason to end the process.
  })
  const chunks = () => readChunks(body, (wait) => within(call.silentTimeoutMs, wait))
  return {
    status: statusCode,
    header: (name) => listOf(headers[name])[0],
    headers: (name) => listOf(headers[name]),
    chunks,
    text: (maxBytes) => readText(chunks(), maxBytes),
    discard: () => body.destroy(),
  }
}

const requestOf = (call: HttpCall): Dispatcher.RequestOptions => ({
  origin: call.url.origin,
  path: call.path,
  method: call.method,
  headers: { ...call.headers },
  ...(call.body === undefined ? {} : { body: call.body }),
})

async function* readChunks(
  body: Readable,
  within: (wait: () => Promise<IteratorResult<Buffer, unknown>>) => Promise<IteratorResult<Buffer, unknown>>,
): AsyncGenerator<Buffer, void> {
  const iterator: AsyncIterator<Buffer, unknown> = body[Symbol.asyncIterator]()
  try {
    for (;;) {
      const next = await within(() => iterator.next())
      if (next.done === true) return
      yield next.value
    }
  } finally {
    body.destroy()
  }
}

async function readText(chunks: AsyncIterable<Buffer>, maxBytes: number): Promise<string> {
  const read: Buffer[] = []
  let bytes = 0
  for await (const chunk of chunks) {
    bytes += chunk.length
    if (bytes > maxBytes) throw tooLarge(maxBytes)
    read.push(chunk)
  }
  return decodeUtf8(new TextDecoder('utf-8', { fatal: true }), Buffer.concat(read))
}

export function decodeUtf8(
  decoder: TextDecoder,
  bytes: Buffer,
  options?: { readonly stream: boolean },
): string {
  try {
    return decoder.decode(bytes, options)
  } catch (cause) {
    throw new HttpError('not_text', 'sent text that is not UTF-8', { cause })
  }
}

const listOf = (value: string | string[] | undefined): readonly string[] =>
  value === undefined ? [] : [value].flat()
