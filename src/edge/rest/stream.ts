import type { JsonText } from '../../a2a/json-text.ts'
import type { StreamResponse } from '../../a2a/task.ts'
import type { Version } from '../../a2a/version.ts'
import type { ParleyError } from '../../errors.ts'
import type { StreamFrame, TaskStream } from '../../tasks/tasks.ts'
import type { EdgeDeps } from '../http/app-deps.ts'
import type { EdgeReply, EdgeRequest } from '../http/exchange.ts'
import { openSse, type SseSource, sseEvent } from '../http/sse.ts'
import { encodeError } from './encode.ts'

export type StreamRequest = {
  readonly requestId: string
  readonly version: Version
  /** An event as the client's version writes it. */
  readonly encode: (event: JsonText<StreamResponse>) => string
  readonly request: EdgeRequest
  readonly headers: () => Readonly<Record<string, string>>
  readonly ended: (error?: ParleyError) => void
}

/** Answers with a stream of bare events (A2A 1.0 §11.7). Rejects with what fails before the first one. */
export function openStream(
  deps: EdgeDeps,
  open: () => Promise<TaskStream>,
  { requestId, version, encode, request, headers, ended }: StreamRequest,
): Promise<EdgeReply> {
  return openSse(open, framesOf(requestId, version, encode, ended), {
    requestId,
    request,
    headers,
    openStreams: deps.openStreams,
    firstEventWaitMs: deps.settings.firstEventWaitMs,
  })
}

/** Lives as long as the stream, and holds nothing but what it names. */
const framesOf = (
  requestId: string,
  version: Version,
  encode: StreamRequest['encode'],
  ended: (error?: ParleyError) => void,
): SseSource<StreamFrame> => ({
  encode: (frame) => sseEvent(encode(frame.event), frame.seq),
  // A2A names no form for a failure within a stream; its event type keeps readers from taking it for an event.
  encodeError: (error) => `event: error\n${sseEvent(encodeError(error, requestId, version))}`,
  ended,
})
