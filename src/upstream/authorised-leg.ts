import type { AgentTarget } from '../delivery/agent-client.ts'
import { type AuthoriseDeps, authoriseCall } from './authorise-call.ts'
import type { Leg, LegCall } from './leg.ts'

/** A call before it is known what lets it in. */
export type PlainCall = Omit<LegCall, 'authorisation'>

/** A leg to one agent, every call on which carries what its agent knows us by. */
export type AuthorisedLeg = {
  readonly version: Leg['version']
  readonly unary: (operation: Parameters<Leg['unary']>[0], call: PlainCall) => ReturnType<Leg['unary']>
  readonly stream: (operation: Parameters<Leg['stream']>[0], call: PlainCall) => ReturnType<Leg['stream']>
}

export function createAuthorisedLeg(leg: Leg, target: AgentTarget, deps: AuthoriseDeps): AuthorisedLeg {
  const authorised = async (call: PlainCall): Promise<LegCall> => ({
    ...call,
    authorisation: await authoriseCall(deps, target, call.options),
  })
  return {
    version: leg.version,
    unary: async (operation, call) => leg.unary(operation, await authorised(call)),
    async *stream(operation, call) {
      yield* leg.stream(operation, await authorised(call))
    },
  }
}
