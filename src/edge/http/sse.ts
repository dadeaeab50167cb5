import type { ParleyError } from '../../errors.ts'
import { EventStream } from './event-stream.ts'
import type { EdgeReply, EdgeRequest } from './exchange.ts'
import type { OpenStreams } from './open-streams.ts'
import { API_HEADERS } from './security-headers.ts'

/** What a stream shows, and in which words. `Frame` is what the room yields. */
export type SseSource<Frame extends { readonly seq?: number }> = {
  readonly encode: (frame: Frame) => string
  /** The last frame of a stream that fails after it has begun. */
  readonly encodeError: (error: ParleyError) => string
  /** The stream has ended, by itself, by `error`, or because the reader left. Called once, only after `openSse` resolved. */
  readonly ended: (error?: ParleyError) => void
}

export type SseOptions = {
  readonly requestId: string
  /** Its signal aborts once nobody reads any more; the room's stream is opened with it. */
  readonly request: EdgeRequest
  readonly openStreams: OpenStreams
  readonly firstEventWaitMs: number
}

/** What a room yields, and the task it is about where one is known before the first of it. */
export type SseFrames<Frame> = AsyncIterable<Frame> & { readonly taskId?: string }

/** One event in `text/event-stream` form (HTML §9.2.6). Line breaks inside JSON text are mere spaces, and each needs its own `data:`. */
export function sseEvent(data: string, seq?: number): string {
  const lines = data.includes('\n') || data.includes('\r') ? data.replace(/\r\n?|\n/g, '\ndata: ') : data
  return seq === undefined ? `data: ${lines}\n\n` : `id: ${seq}\ndata: ${lines}\n\n`
}

/**
 * Answers with a stream of events, taken one by one as the reader takes them.
 *
 * Rejects with whatever fails before the first event, so that the caller can answer plainly; if there is no first
 * event for `firstEventWaitMs`, the headers go out and a later failure becomes the last frame. When the reader leaves,
 * the request's signal aborts at once. When the gateway stops, the last frame says `stream_resume_required`.
 */
export async function openSse<Frame extends { readonly seq?: number }>(
  open: () => Promise<SseFrames<Frame>>,
  source: SseSource<Frame>,
  options: SseOptions,
): Promise<EdgeReply> {
  const stream = new EventStream(source, options.request, options.openStreams)
  try {
    await stream.begin(await open(), options.firstEventWaitMs)
  } catch (error) {
    stream.close()
    throw error
  }
  return {
    status: 200,
    headers: {
      ...API_HEADERS,
      'content-type': 'text/event-stream',
      'cache-control': 'no-cache',
      'x-accel-buffering': 'no',
      'x-request-id': options.requestId,
    },
    body: stream,
  }
}
