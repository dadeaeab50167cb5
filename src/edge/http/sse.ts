import type { ParleyError } from '../../errors.ts'
import type { EdgeDeps } from '../app-deps.ts'
import { openEventStream, type StreamCall, type StreamFrames, type StreamSource } from '../event-stream.ts'
import type { EdgeReply } from '../exchange.ts'
import { API_HEADERS } from './security-headers.ts'

/** As `StreamSource`; a failure is told in the last event. */
export type SseSource<Frame extends { readonly seq?: number | string }> = Omit<
  StreamSource<Frame>,
  'heartbeat'
> & {
  readonly encodeError: (error: ParleyError) => string
}

export type SseAnswer = StreamCall & {
  readonly requestId: string
  /** Headers that are known once the first event is. */
  readonly headers?: () => Readonly<Record<string, string>>
}

const HEARTBEAT = ': hb\n\n'

/**
 * One event in `text/event-stream` form (HTML §9.2.6). Line breaks between the tokens of JSON are mere spaces, and become
 * such: clients exist that take every `data:` line for an event.
 */
export function sseEvent(data: string, seq?: number | string): string {
  const line = data.includes('\n') || data.includes('\r') ? data.replace(/[\r\n]+/g, ' ') : data
  return seq === undefined ? `data: ${line}\n\n` : `id: ${seq}\ndata: ${line}\n\n`
}

/**
 * Answers with a stream of events, taken one by one as the reader takes them.
 *
 * Rejects with whatever fails before the first event, so that the caller can answer plainly; if there is no first
 * event for `firstEventWaitMs`, the headers go out and a later failure becomes the last frame. When the reader leaves,
 * the request's signal aborts at once. When the gateway stops, the last frame says `stream_resume_required`.
 */
export async function openSse<Frame extends { readonly seq?: number | string }>(
  deps: EdgeDeps,
  open: () => Promise<StreamFrames<Frame>>,
  source: SseSource<Frame>,
  { requestId, headers, ...call }: SseAnswer,
): Promise<EdgeReply> {
  const body = await openEventStream(deps, call, open, { ...source, heartbeat: HEARTBEAT })
  return sseReply(body, requestId, headers?.())
}

/** An answer in events: a stream of them, or the text of all there are. */
export const sseReply = (
  body: EdgeReply['body'],
  requestId: string,
  extraHeaders?: Readonly<Record<string, string>>,
): EdgeReply => ({
  status: 200,
  headers: {
    ...API_HEADERS,
    'content-type': 'text/event-stream',
    'cache-control': 'no-cache',
    'x-accel-buffering': 'no',
    'x-request-id': requestId,
    ...extraHeaders,
  },
  body,
})
