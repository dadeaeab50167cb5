import type { Operation } from '../a2a/operation.ts'
import { parseJson, type Wire } from '../a2a/wire.ts'
import { ParleyError } from '../errors.ts'
import { invalidAnswer } from './agent-failures.ts'
import type { HttpAnswer } from './http.ts'
import { readEvents } from './sse.ts'
import { eventLimits, type UpstreamLimits } from './upstream-limits.ts'

/** The text of an answer that is one result. */
export async function resultText(answer: HttpAnswer, limits: UpstreamLimits): Promise<string> {
  if (!isEventStream(answer)) return answer.text(limits.maxTaskBytes)
  answer.discard()
  throw invalidAnswer('is a stream where one result was asked for')
}

/** The texts of the events of an answer that is a stream; of another, its own: not every agent streams. */
export async function* eventTexts(
  answer: HttpAnswer,
  operation: Operation,
  limits: UpstreamLimits,
): AsyncGenerator<string, void> {
  if (isEventStream(answer)) yield* readEvents(answer.chunks(), eventLimits(limits, operation))
  else yield await answer.text(limits.maxTaskBytes)
}

const isEventStream = (answer: HttpAnswer): boolean =>
  /^text\/event-stream\b/i.test(answer.header('content-type') ?? '')

/** JSON of an agent's, its text without surrounding space. */
export function decodeJson(text: string): Wire<unknown> {
  try {
    return { value: parseJson(text), text: text.trim() }
  } catch (cause) {
    const problem =
      cause instanceof ParleyError && cause.code === 'invalid_params' ? 'nests too deeply' : 'is not JSON'
    throw invalidAnswer(problem, cause)
  }
}
