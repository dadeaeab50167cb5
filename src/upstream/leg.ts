import type { AgentInterface } from '../a2a/agent-card.ts'
import type { Dialect } from '../a2a/dialect.ts'
import { type JsonText, membersOf } from '../a2a/json-text.ts'
import type { StreamOperation, UnaryOperation } from '../a2a/operation.ts'
import type { Version } from '../a2a/version.ts'
import type { Wire } from '../a2a/wire.ts'
import { type AgentCallOptions, AgentFailure } from '../delivery/agent-client.ts'
import { ParleyError } from '../errors.ts'
import { invalidAnswer, member } from './agent-failures.ts'
import type { Authorisation } from './authorise-call.ts'
import type { AgentCall, Binding } from './binding.ts'

/** A request of 1.0 for one agent. */
export type LegCall = {
  readonly via: AgentInterface
  readonly request: JsonText<object>
  readonly options: AgentCallOptions
  readonly authorisation: Authorisation
}

/**
 * One binding in one version, spoken to in 1.0: what goes out is encoded, what comes back decoded but not yet checked
 * against 1.0. Fails as bindings do.
 */
export type Leg = {
  readonly version: Version
  readonly unary: (operation: UnaryOperation, call: LegCall) => Promise<Wire<unknown>>
  readonly stream: (operation: StreamOperation, call: LegCall) => AsyncGenerator<Wire<unknown>, void>
}

export function createLeg(binding: Binding, dialect: Dialect): Leg {
  const encode = (operation: UnaryOperation | StreamOperation, call: LegCall): AgentCall => {
    const id = membersOf(call.request).get('id')
    return {
      ...call,
      request: dialect.encodeRequest(operation, call.request),
      ...(id === undefined ? {} : { agentTaskId: JSON.parse(id) }),
    }
  }
  return {
    version: dialect.version,
    async unary(operation, call) {
      const answer = await binding.unary(operation, encode(operation, call))
      return decoded(() => dialect.decodeResult(operation, answer))
    },
    async *stream(operation, call) {
      for await (const event of binding.stream(operation, encode(operation, call))) {
        yield decoded(() => dialect.decodeEvent(event))
        if (dialect.version === '0.3' && isLast(event.value)) return
      }
    },
  }
}

function decoded(decode: () => Wire<unknown>): Wire<unknown> {
  try {
    return decode()
  } catch (cause) {
    if (cause instanceof AgentFailure) throw cause
    throw invalidAnswer(`does not follow A2A: ${ParleyError.from(cause).message}`, cause)
  }
}

/** An event of 0.3 can say that it is the last of its stream, whatever state the task is in. */
const isLast = (event: unknown): boolean =>
  [event, member(event, 'statusUpdate'), member(event, 'status_update')].some(
    (update) => member(update, 'final') === true,
  )
