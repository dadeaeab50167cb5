import type { Dialect } from '../../a2a/dialect.ts'
import type { StreamOperation } from '../../a2a/operation.ts'
import type { ParleyError } from '../../errors.ts'
import type { StreamFrame } from '../../tasks/tasks.ts'
import { type SseSource, sseEvent } from '../http/sse.ts'
import { encodeError, encodeResult, type Told } from './encode.ts'

/** An operation's events as `told` gets them: each is a whole response to its request (A2A 1.0 §9.4.2). */
export const sourceOf = (
  dialect: Dialect,
  operation: StreamOperation,
  told: Told,
  ended: (error?: ParleyError) => void,
): SseSource<StreamFrame> => ({
  encode: ({ seq, event }) => sseEvent(encodeResult(told.id, dialect.encodeEvent(operation, event)), seq),
  encodeError: (error) => sseEvent(encodeError(told, error)),
  ended,
})
