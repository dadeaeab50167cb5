import { Agent, type IncomingMessage, request } from 'node:http'
import { rpcBody } from './a2a-calls.ts'

export type ReaderOptions = {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly taskId: string
  readonly signal: AbortSignal
}

export type ReaderEnd = {
  readonly events: number
  readonly chunks: number
  /** Every event had the number after the one before it, from 1 on. */
  readonly inOrder: boolean
  readonly completed: boolean
  /** For each chunk, how long it took from the agent's writing it. */
  readonly lagsMs: readonly number[]
  readonly failure?: string
}

/** One open stream. Neither promise rejects: what went wrong is in the end. */
export type StreamReader = { readonly opened: Promise<void>; readonly ended: Promise<ReaderEnd> }

/** Streams have no end in sight, so none waits for another's connection. */
const agent = new Agent({ maxSockets: Number.POSITIVE_INFINITY })

/** Follows a task from its first event to the end of the stream, keeping only what must be told at the end. */
export function openReader({ url, headers, taskId, signal }: ReaderOptions): StreamReader {
  const { promise: opened, resolve: open } = Promise.withResolvers<void>()
  const { promise: ended, resolve: end } = Promise.withResolvers<ReaderEnd>()
  const seen = { events: 0, chunks: 0, inOrder: true, completed: false, lagsMs: [] as number[] }
  const fail = (failure: string) => {
    open()
    end({ ...seen, failure })
  }
  const take = (event: string) => {
    const id = event.match(/^id: ?(\d+)$/m)?.[1]
    // Heartbeats are comments without an id.
    if (id === undefined) return
    seen.events++
    seen.inOrder &&= Number(id) === seen.events
    const sentAt = event.match(/"text":"(\d+) "/)?.[1]
    if (event.includes('"artifactUpdate"')) seen.chunks++
    if (sentAt !== undefined) seen.lagsMs.push(Date.now() - Number(sentAt))
    seen.completed ||= event.includes('TASK_STATE_COMPLETED')
  }
  const read = (response: IncomingMessage) => {
    if (response.statusCode !== 200) fail(`status ${response.statusCode}`)
    let buffered = ''
    response.setEncoding('utf8')
    response.on('data', (chunk: string) => {
      const events = `${buffered}${chunk}`.split('\n\n')
      buffered = events.pop() ?? ''
      events.forEach(take)
    })
    response.on('end', () => end(seen))
    response.on('error', (error) => fail(error.message))
    open()
  }
  const body = rpcBody('SubscribeToTask', { id: taskId })
  request(url, {
    method: 'POST',
    agent,
    signal,
    // With a position, the stream begins with the events after it instead of the task as it stands.
    headers: { ...headers, 'last-event-id': '0', 'content-length': String(Buffer.byteLength(body)) },
  })
    .on('response', read)
    .on('error', (error) => fail(error.message))
    .end(body)
  return { opened, ended }
}
