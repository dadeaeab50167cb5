import assert from 'node:assert/strict'
import { createParser } from 'eventsource-parser'
import { parsed } from './json-path.ts'
import { type Endpoint, envelope, headersFor } from './rpc.ts'

/** One event as it came: `id` is the sequence number, `data` the exact text. */
export type SseEvent = { readonly id: string; readonly event: string | undefined; readonly data: string }

/** An open stream. Reading ends with the server's end; `cut` drops the connection. */
export type OpenStream = {
  readonly response: Response
  next(): Promise<SseEvent | undefined>
  take(count: number): Promise<readonly SseEvent[]>
  rest(): Promise<readonly SseEvent[]>
  cut(): void
}

export async function openStream(
  endpoint: Endpoint,
  method: string,
  params: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<OpenStream> {
  return streamFrom(endpoint.url, {
    method: 'POST',
    body: envelope(method, params),
    headers: { ...headersFor(endpoint), accept: 'text/event-stream', ...headers },
  })
}

/** A stream of the native API. */
export const openNativeStream = (
  { url, key }: Endpoint,
  headers: Readonly<Record<string, string>> = {},
): Promise<OpenStream> =>
  streamFrom(url, {
    headers: {
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
      accept: 'text/event-stream',
      ...headers,
    },
  })

async function streamFrom(url: string, request: RequestInit): Promise<OpenStream> {
  const connection = new AbortController()
  const signal = AbortSignal.any([connection.signal, AbortSignal.timeout(60_000)])
  const response = await fetch(url, { ...request, signal })
  if (!(response.headers.get('content-type') ?? '').startsWith('text/event-stream')) {
    throw new assert.AssertionError({
      message: `a stream is expected: ${response.status} ${(await response.text()).slice(0, 2000)}`,
    })
  }
  const events = readEvents(response)
  const next = async () => {
    const step = await events.next()
    return step.done === true ? undefined : step.value
  }
  const take = async (count: number) => {
    const taken: SseEvent[] = []
    while (taken.length < count) {
      const event = await next()
      if (event === undefined) break
      taken.push(event)
    }
    return taken
  }
  return { response, next, take, rest: () => take(Number.POSITIVE_INFINITY), cut: () => connection.abort() }
}

/** Reads everything of one stream that ends by itself. */
export async function readStream(
  endpoint: Endpoint,
  method: string,
  params: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<readonly SseEvent[]> {
  return (await openStream(endpoint, method, params, headers)).rest()
}

/** The JSON-RPC answer an event carries. */
export const payload = (event: SseEvent | undefined): unknown => parsed(event?.data ?? 'null')

/** Sequence numbers of a whole stream, which must follow each other without a gap. */
export function assertGapless(events: readonly SseEvent[], from: number): void {
  assert.deepEqual(
    events.map((event) => event.id),
    events.map((_, index) => String(from + index)),
  )
}

async function* readEvents(response: Response): AsyncGenerator<SseEvent, void, undefined> {
  const ready: SseEvent[] = []
  const parser = createParser({
    onEvent: (event) => ready.push({ id: event.id ?? '', event: event.event, data: event.data }),
  })
  const decoder = new TextDecoder()
  if (response.body === null) return
  for await (const chunk of response.body) {
    parser.feed(decoder.decode(chunk, { stream: true }))
    yield* ready.splice(0)
  }
}
