import type { Call } from '../../access/principal.ts'
import type { ParleyError } from '../../errors.ts'
import type { StreamFrame, TaskStream } from '../../tasks/tasks.ts'
import type { EdgeDeps } from '../http/app-deps.ts'
import { openSse, sseEvent } from '../http/sse.ts'
import { encodeError, encodeResult } from './encode.ts'

export type StreamRequest = {
  /** The request's id as text; every frame is a whole response to it (A2A 1.0 §9.4.2). */
  readonly id: string
  readonly call: Call
  /** Called with a call whose signal also ends with the stream. */
  readonly open: (call: Call) => Promise<TaskStream>
  readonly ended: (error?: ParleyError) => void
}

/** Answers with a stream of responses. Rejects with what fails before the first event. */
export function openStream(deps: EdgeDeps, stream: StreamRequest): Promise<Response> {
  const { call, id } = stream
  return openSse<StreamFrame>(
    {
      open: (signal) => stream.open({ ...call, signal }),
      encode: (frame) => sseEvent(encodeResult(id, frame.event), frame.seq),
      encodeError: (error) => sseEvent(encodeError(id, error, call.requestId)),
      ended: stream.ended,
    },
    {
      requestId: call.requestId,
      client: call.signal,
      openStreams: deps.openStreams,
      firstEventWaitMs: deps.settings.firstEventWaitMs,
      heartbeatMs: deps.settings.heartbeatMs,
    },
  )
}
