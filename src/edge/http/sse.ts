import { ParleyError } from '../../errors.ts'
import type { OpenStreams } from './open-streams.ts'
import { API_HEADERS } from './security-headers.ts'

/** What a stream shows, and in which words. `Frame` is what the room yields. */
export type SseSource<Frame extends { readonly seq?: number }> = {
  /** Opens the room's stream. `signal` aborts once nobody reads any more. */
  readonly open: (signal: AbortSignal) => Promise<AsyncIterable<Frame>>
  readonly encode: (frame: Frame) => string
  /** The last frame of a stream that fails after it has begun. */
  readonly encodeError: (error: ParleyError) => string
  /** The stream has ended, by itself, by `error`, or because the reader left. Called once, only after `openSse` resolved. */
  readonly ended: (error?: ParleyError) => void
}

export type SseOptions = {
  readonly requestId: string
  /** Aborts when the client is gone. */
  readonly client: AbortSignal
  readonly openStreams: OpenStreams
  readonly firstEventWaitMs: number
  readonly heartbeatMs: number
}

/** One event in `text/event-stream` form (HTML §9.2.6). Line breaks inside JSON text are mere spaces, and each needs its own `data:`. */
export function sseEvent(data: string, seq?: number): string {
  const lines = data.includes('\n') || data.includes('\r') ? data.replace(/\r\n?|\n/g, '\ndata: ') : data
  return seq === undefined ? `data: ${lines}\n\n` : `id: ${seq}\ndata: ${lines}\n\n`
}

const HEARTBEAT = ': hb\n\n'

/**
 * Answers with a stream of events, pulled one by one as the reader takes them: a reader that stops costs one frame.
 *
 * Rejects with whatever fails before the first event, so that the caller can answer plainly; if there is no first
 * event for `firstEventWaitMs`, the headers go out and a later failure becomes the last frame. When the reader leaves,
 * the source's signal aborts at once. When the gateway stops, the last frame says `stream_resume_required`.
 */
export async function openSse<Frame extends { readonly seq?: number }>(
  source: SseSource<Frame>,
  options: SseOptions,
): Promise<Response> {
  const cursor = createCursor<Frame>(options)
  let first: Outcome<Frame> | undefined
  try {
    cursor.attach(await source.open(cursor.signal))
    first = await cursor.next(options.firstEventWaitMs)
    if (first.kind === 'failed') throw first.error
  } catch (error) {
    cursor.close()
    throw error
  }
  let lastSeq: number | undefined
  const end = (error?: ParleyError) => {
    if (cursor.close()) source.ended(error)
  }
  const body = new ReadableStream({
    type: 'bytes',
    async pull(controller) {
      const outcome = first ?? (await cursor.next(options.heartbeatMs))
      first = undefined
      if (outcome.kind === 'frame') {
        lastSeq = outcome.frame.seq ?? lastSeq
        controller.enqueue(encoder.encode(source.encode(outcome.frame)))
      } else if (outcome.kind === 'quiet') {
        controller.enqueue(encoder.encode(HEARTBEAT))
      } else {
        const error = outcome.kind === 'failed' ? withPosition(outcome.error, lastSeq) : undefined
        end(error)
        if (error !== undefined) controller.enqueue(encoder.encode(source.encodeError(error)))
        controller.close()
      }
    },
    cancel: () => end(),
  })
  return new Response(body, {
    headers: {
      ...API_HEADERS,
      'content-type': 'text/event-stream',
      'cache-control': 'no-cache',
      'x-accel-buffering': 'no',
      'x-request-id': options.requestId,
    },
  })
}

const encoder = new TextEncoder()

type Outcome<Frame> =
  | { readonly kind: 'frame'; readonly frame: Frame }
  | { readonly kind: 'failed'; readonly error: ParleyError }
  /** Nothing for as long as was asked. */
  | { readonly kind: 'quiet' }
  /** The source has ended, or the reader has left. */
  | { readonly kind: 'over' }

type Cursor<Frame> = {
  readonly signal: AbortSignal
  readonly attach: (frames: AsyncIterable<Frame>) => void
  /** What comes next, or `quiet` after `quietMs`. One call at a time. */
  readonly next: (quietMs: number) => Promise<Outcome<Frame>>
  /** Releases everything; false when it was closed before. */
  readonly close: () => boolean
}

/**
 * Steps through a source with at most one step outstanding. A step that outlasts its wait stays outstanding for the
 * next one, so a heartbeat loses nothing. Two things interrupt a wait: the client's leaving and the gateway's stop.
 */
function createCursor<Frame>(options: SseOptions): Cursor<Frame> {
  const { client, openStreams } = options
  const leave = new AbortController()
  let iterator: AsyncIterator<Frame> | undefined
  let stepping = false
  let arrived: Outcome<Frame> | undefined
  let interrupted: Outcome<Frame> | undefined
  let waiter: ((outcome: Outcome<Frame>) => void) | undefined
  let closed = false

  const arrive = (outcome: Outcome<Frame>) => {
    stepping = false
    if (waiter === undefined) arrived = outcome
    else waiter(outcome)
  }
  const interrupt = (outcome: Outcome<Frame>) => {
    interrupted ??= outcome
    leave.abort()
    waiter?.(interrupted)
  }
  const onClientGone = () => interrupt({ kind: 'over' })
  client.addEventListener('abort', onClientGone, { once: true })
  if (client.aborted) onClientGone()
  const forget = openStreams.add(() => interrupt({ kind: 'failed', error: resumeRequired() }))

  const step = (from: AsyncIterator<Frame>) => {
    stepping = true
    from.next().then(
      (result) => arrive(result.done ? { kind: 'over' } : { kind: 'frame', frame: result.value }),
      (reason: unknown) => arrive({ kind: 'failed', error: ParleyError.from(reason) }),
    )
  }

  return {
    signal: leave.signal,
    attach(frames) {
      iterator = frames[Symbol.asyncIterator]()
    },
    next(quietMs) {
      const ready = interrupted ?? arrived
      if (ready !== undefined) {
        arrived = undefined
        return Promise.resolve(ready)
      }
      return new Promise((resolve) => {
        const timer = setTimeout(() => waiter?.({ kind: 'quiet' }), quietMs)
        waiter = (outcome) => {
          clearTimeout(timer)
          waiter = undefined
          resolve(outcome)
        }
        if (!stepping && iterator !== undefined) step(iterator)
      })
    },
    close() {
      if (closed) return false
      closed = true
      client.removeEventListener('abort', onClientGone)
      forget()
      interrupt({ kind: 'over' })
      // Abort comes first: a generator queues `return` behind a step that may be waiting for the signal.
      iterator?.return?.().then(undefined, () => {
        // The reader is gone; a failure to let go concerns nobody.
      })
      return true
    },
  }
}

const resumeRequired = (): ParleyError =>
  new ParleyError(
    'stream_resume_required',
    'The gateway is stopping; subscribe to the task again with Last-Event-ID',
  )

/** The same failure, naming where a reader resumes. */
function withPosition(error: ParleyError, lastSeq: number | undefined): ParleyError {
  if (error.code !== 'stream_resume_required' || lastSeq === undefined) return error
  return new ParleyError(error.code, error.message, {
    cause: error.cause,
    details: { ...error.details, lastEventId: String(lastSeq) },
    ...(error.retryAfterMs !== undefined && { retryAfterMs: error.retryAfterMs }),
  })
}
