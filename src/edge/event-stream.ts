import { ParleyError } from '../errors.ts'
import type { EdgeDeps } from './app-deps.ts'
import type { Entitlement } from './entitlement.ts'
import type { EdgeRequest, EdgeStream, StreamSink } from './exchange.ts'
import { type OpenStream, type OpenStreams, TICKS_PER_HEARTBEAT } from './open-streams.ts'
import type { Lasting, Watch } from './rechecks.ts'
import type { StreamShare } from './stream-shares.ts'

/** What a stream shows, and in which words. `Frame` is what the room yields, `Piece` what goes out: text, or bytes. */
export type StreamSource<Frame extends { readonly seq?: number | string }, Piece = string> = {
  /** A frame that it throws for fails the stream. */
  readonly encode: (frame: Frame) => Piece
  /** The last piece of a stream that fails after it has begun; absent where the sink's `end` tells failures. */
  readonly encodeError?: (error: ParleyError) => Piece
  /** Written when there was nothing else to say for a while; absent where the transport keeps itself alive. */
  readonly heartbeat?: Piece
  /** The stream has ended, by itself, by `error`, or because the reader left. Called once, only after its first event. */
  readonly ended: (error?: ParleyError) => void
}

/** What a room yields, and the task it is about where one is known before the first of it. */
export type StreamFrames<Frame> = AsyncIterable<Frame> & { readonly taskId?: string }

/** The request that a stream answers. Its signal aborts once nobody reads any more; the room's stream is opened with it. */
export type StreamRequest = Pick<EdgeRequest, 'signal' | 'release'>

/** The call that a stream answers, and what the stream goes on by. */
export type StreamCall = { readonly request: StreamRequest; readonly entitlement: Entitlement }

/**
 * A stream whose first event is there, or has been waited for during `firstEventWaitMs`. Rejects with whatever fails before
 * that, so that the caller can answer plainly. When the reader leaves, the request's signal aborts at once.
 *
 * `source` lives as long as the stream: make it where nothing is in scope that the call was asked with.
 */
export async function openEventStream<Frame extends { readonly seq?: number | string }, Piece = string>(
  deps: EdgeDeps,
  { request, entitlement }: StreamCall,
  open: () => Promise<StreamFrames<Frame>>,
  source: StreamSource<Frame, Piece>,
): Promise<EdgeStream<Piece>> {
  const stream = new EventStream(
    source,
    request,
    deps.openStreams,
    deps.limits.openStream(entitlement.principal),
  )
  try {
    await stream.begin(await open(), deps.settings.firstEventWaitMs)
    stream.goOnBy(deps.rechecks.watch(stream, entitlement))
    return stream
  } catch (error) {
    stream.close()
    throw error
  }
}

type Outcome<Frame> =
  | { readonly kind: 'frame'; readonly frame: Frame }
  | { readonly kind: 'failed'; readonly error: ParleyError }
  /** The source has ended, or the reader has left. */
  | { readonly kind: 'over' }

const OVER = { kind: 'over' } as const

/**
 * Writes what a source yields, with at most one step outstanding and at most one frame held for a reader that waits.
 * Three things interrupt the source: the client's leaving, the end of what the stream goes on by, and the gateway's stop.
 *
 * There are thousands of these, most of them waiting, so each is one object with a handful of members: no timer, no
 * promise but that of its step, no signal but the request's own.
 */
export class EventStream<Frame extends { readonly seq?: number | string }, Piece = string>
  implements EdgeStream<Piece>, OpenStream, Lasting
{
  readonly #source: StreamSource<Frame, Piece>
  readonly #request: StreamRequest
  readonly #openStreams: OpenStreams
  readonly #share: StreamShare | undefined
  #iterator: AsyncIterator<Frame> | undefined
  #sink: StreamSink<Piece> | undefined
  #watch: Watch | undefined
  #isStepping = false
  #isClosed = false
  #arrived: Outcome<Frame> | undefined
  #interrupted: Outcome<Frame> | undefined
  #lastSeq: number | string | undefined
  #taskId: string | undefined
  #quietTicks = 0
  /** Ends the wait for the first event. */
  #begun: (() => void) | undefined

  constructor(
    source: StreamSource<Frame, Piece>,
    request: StreamRequest,
    openStreams: OpenStreams,
    share?: StreamShare,
  ) {
    this.#source = source
    this.#request = request
    this.#openStreams = openStreams
    this.#share = share
    const { signal } = request
    if (signal.aborted) this.#interrupt(OVER)
    else signal.addEventListener('abort', this)
    openStreams.add(this)
  }

  /** Waits for the first event, `waitMs` at most. Rejects when there is a failure in its place. */
  async begin(frames: StreamFrames<Frame>, waitMs: number): Promise<void> {
    this.#taskId = frames.taskId
    this.#iterator = frames[Symbol.asyncIterator]()
    if (this.#interrupted === undefined) await this.#first(waitMs)
    const first = this.#interrupted ?? this.#arrived
    if (first?.kind === 'failed') throw withPosition(first.error, this.#taskId, undefined)
  }

  /** From now on `watch` is told when the stream ends; once it has ended, at once. */
  goOnBy(watch: Watch): void {
    if (this.#isClosed) watch.leave(this)
    else this.#watch = watch
  }

  #first(waitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#begun?.(), waitMs)
      this.#begun = () => {
        this.#begun = undefined
        clearTimeout(timer)
        resolve()
      }
      this.#step()
    })
  }

  resume(sink: StreamSink<Piece>): void {
    if (this.#isClosed) return
    this.#sink = sink
    this.#openStreams.keepAlive(this)
    this.#flow()
  }

  cancel(): void {
    this.#end()
  }

  /** The request's signal has aborted: the client is gone. */
  handleEvent(): void {
    this.#interrupt(OVER)
  }

  shutDown(): void {
    this.#interrupt({ kind: 'failed', error: resumeRequired() })
  }

  endFor(error: ParleyError): void {
    this.#interrupt({ kind: 'failed', error })
  }

  tick(): void {
    const { heartbeat } = this.#source
    if (heartbeat === undefined || this.#sink === undefined) return
    if (++this.#quietTicks >= TICKS_PER_HEARTBEAT) this.#write(this.#sink, heartbeat)
  }

  /** Releases everything, without a word. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#sink = undefined
    this.#openStreams.remove(this)
    this.#watch?.leave(this)
    this.#share?.leave()
    this.#request.signal.removeEventListener('abort', this)
    // Abort comes first: a generator queues `return` behind a step that may be waiting for the signal.
    this.#request.release()
    this.#begun?.()
    this.#iterator?.return?.().then(undefined, () => {
      // The reader is gone; a failure to let go concerns nobody.
    })
  }

  /** Writes what there is until the reader must be waited for, then sees that something comes. */
  #flow(): void {
    while (this.#sink !== undefined) {
      const next = this.#interrupted ?? this.#arrived
      if (next === undefined) {
        this.#step()
        return
      }
      this.#arrived = undefined
      if (next.kind === 'frame') this.#show(this.#sink, next.frame)
      else this.#finish(this.#sink, next.kind === 'failed' ? next.error : undefined)
    }
  }

  #show(sink: StreamSink<Piece>, frame: Frame): void {
    let piece: Piece
    try {
      piece = this.#source.encode(frame)
    } catch (reason) {
      this.#finish(sink, ParleyError.from(reason))
      return
    }
    this.#lastSeq = frame.seq ?? this.#lastSeq
    this.#write(sink, piece)
  }

  #finish(sink: StreamSink<Piece>, reason: ParleyError | undefined): void {
    const error = reason && withPosition(reason, this.#taskId, this.#lastSeq)
    this.#end(error)
    if (error !== undefined && this.#source.encodeError) sink.write(this.#source.encodeError(error))
    sink.end(error)
  }

  #write(sink: StreamSink<Piece>, piece: Piece): void {
    this.#quietTicks = 0
    if (!sink.write(piece)) this.#sink = undefined
  }

  #end(error?: ParleyError): void {
    if (this.#isClosed) return
    this.close()
    this.#source.ended(error)
  }

  /** Asks the source for its next frame, unless it has been asked already. */
  #step(): void {
    if (this.#isStepping || this.#iterator === undefined) return
    this.#isStepping = true
    this.#iterator.next().then(
      (result) => this.#arrive(result.done ? OVER : { kind: 'frame', frame: result.value }),
      (reason: unknown) => this.#arrive({ kind: 'failed', error: ParleyError.from(reason) }),
    )
  }

  #arrive(outcome: Outcome<Frame>): void {
    this.#isStepping = false
    this.#arrived = outcome
    this.#begun?.()
    this.#flow()
  }

  #interrupt(outcome: Outcome<Frame>): void {
    if (this.#interrupted !== undefined) return
    this.#interrupted = outcome
    this.#request.release()
    this.#begun?.()
    this.#flow()
  }
}

const resumeRequired = (): ParleyError =>
  new ParleyError(
    'stream_resume_required',
    'The gateway is stopping; ask for the stream again with Last-Event-ID',
  )

/** The same failure, naming what a reader resumes, and where. */
function withPosition(
  error: ParleyError,
  taskId: string | undefined,
  lastSeq: number | string | undefined,
): ParleyError {
  if (error.code !== 'stream_resume_required') return error
  return new ParleyError(error.code, error.message, {
    cause: error.cause,
    details: {
      ...error.details,
      ...(taskId !== undefined && { taskId }),
      ...(lastSeq !== undefined && { lastEventId: String(lastSeq) }),
    },
    ...(error.retryAfterMs !== undefined && { retryAfterMs: error.retryAfterMs }),
  })
}
