import type { Dialect } from '../../a2a/dialect.ts'
import type { StreamOperation } from '../../a2a/operation.ts'
import type { ParleyError } from '../../errors.ts'
import type { StreamFrame } from '../../tasks/tasks.ts'
import { type SseSource, sseEvent } from '../http/sse.ts'
import { encodeError } from './encode.ts'

/** An operation's events, each as the version writes it (A2A 1.0 §11.7). */
export const sourceOf = (
  dialect: Dialect,
  operation: StreamOperation,
  requestId: string,
  ended: (error?: ParleyError) => void,
): SseSource<StreamFrame> => ({
  encode: ({ seq, event }) => sseEvent(dialect.encodeEvent(operation, event), seq),
  // A2A names no form for a failure within a stream; its event type keeps readers from taking it for an event.
  encodeError: (error) => `event: error\n${sseEvent(encodeError(error, requestId, dialect.version))}`,
  ended,
})
