import type { ParleyError } from '../../errors.ts'
import type { StreamFrame, TaskStream } from '../../tasks/tasks.ts'
import type { EdgeDeps } from '../http/app-deps.ts'
import type { EdgeReply, EdgeRequest } from '../http/exchange.ts'
import { openSse, type SseSource, sseEvent } from '../http/sse.ts'
import { encodeError, encodeResult } from './encode.ts'

export type StreamRequest = {
  /** The request's id as text; every frame is a whole response to it (A2A 1.0 §9.4.2). */
  readonly id: string
  readonly requestId: string
  readonly request: EdgeRequest
  readonly ended: (error?: ParleyError) => void
}

/** Answers with a stream of responses. Rejects with what fails before the first event. */
export function openStream(
  deps: EdgeDeps,
  open: () => Promise<TaskStream>,
  { id, requestId, request, ended }: StreamRequest,
): Promise<EdgeReply> {
  return openSse(open, framesOf(id, requestId, ended), {
    requestId,
    request,
    openStreams: deps.openStreams,
    firstEventWaitMs: deps.settings.firstEventWaitMs,
  })
}

/** Lives as long as the stream, and holds nothing but what it names. */
const framesOf = (
  id: string,
  requestId: string,
  ended: (error?: ParleyError) => void,
): SseSource<StreamFrame> => ({
  encode: (frame) => sseEvent(encodeResult(id, frame.event), frame.seq),
  encodeError: (error) => sseEvent(encodeError(id, error, requestId)),
  ended,
})
