import type { JsonText } from '../../a2a/json-text.ts'
import type { StreamResponse } from '../../a2a/task.ts'
import type { ParleyError } from '../../errors.ts'
import type { StreamFrame, TaskStream } from '../../tasks/tasks.ts'
import type { EdgeDeps } from '../http/app-deps.ts'
import type { EdgeReply, EdgeRequest } from '../http/exchange.ts'
import { openSse, type SseSource, sseEvent } from '../http/sse.ts'
import { encodeError, encodeResult, type Told } from './encode.ts'

export type StreamRequest = {
  /** Every frame is a whole response to this request (A2A 1.0 §9.4.2). */
  readonly told: Told
  /** An event as the client's version writes it. */
  readonly encode: (event: JsonText<StreamResponse>) => string
  readonly request: EdgeRequest
  readonly headers: () => Readonly<Record<string, string>>
  readonly ended: (error?: ParleyError) => void
}

/** Answers with a stream of responses. Rejects with what fails before the first event. */
export function openStream(
  deps: EdgeDeps,
  open: () => Promise<TaskStream>,
  { told, encode, request, headers, ended }: StreamRequest,
): Promise<EdgeReply> {
  return openSse(open, framesOf(told, encode, ended), {
    requestId: told.requestId,
    request,
    headers,
    openStreams: deps.openStreams,
    firstEventWaitMs: deps.settings.firstEventWaitMs,
  })
}

/** Lives as long as the stream, and holds nothing but what it names. */
const framesOf = (
  told: Told,
  encode: StreamRequest['encode'],
  ended: (error?: ParleyError) => void,
): SseSource<StreamFrame> => ({
  encode: (frame) => sseEvent(encodeResult(told.id, encode(frame.event)), frame.seq),
  encodeError: (error) => sseEvent(encodeError(told, error)),
  ended,
})
