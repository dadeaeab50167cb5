import { AgentFailure } from '../delivery/agent-client.ts'
import type { ParleyError } from '../errors.ts'
import { HttpError } from './http-error.ts'
import { type Judgement, judged, judgeFailure } from './judge-failure.ts'

/** What it says of a publisher that its card could not be fetched: why, for people, without a word of our network. */
export function judgeCardFailure({ code, message, cause }: ParleyError): Judgement {
  // The guard refuses nothing else about a URL that was good enough once.
  if (code === 'invalid_params') return judged('forbidden', message)
  if (cause instanceof HttpError && cause.failure === 'status') {
    return judged(cause.status === 401 || cause.status === 403 ? 'auth' : 'error', message)
  }
  return judgeFailure(new AgentFailure('not_accepted', message, { cause }))
}
