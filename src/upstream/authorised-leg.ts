import { AgentFailure, type AgentTarget } from '../delivery/agent-client.ts'
import { agentFailureOf } from './agent-failures.ts'
import { type AuthoriseDeps, type Authorised, authoriseCall } from './authorise-call.ts'
import type { Leg, LegCall } from './leg.ts'
import { withoutSecrets } from './without-secrets.ts'

/** A call before it is known what lets it in. */
export type PlainCall = Omit<LegCall, 'authorisation'>

/** A leg to one agent, every call on which carries what its agent knows us by. */
export type AuthorisedLeg = {
  readonly version: Leg['version']
  readonly unary: (operation: Parameters<Leg['unary']>[0], call: PlainCall) => ReturnType<Leg['unary']>
  readonly stream: (operation: Parameters<Leg['stream']>[0], call: PlainCall) => ReturnType<Leg['stream']>
}

export function createAuthorisedLeg(leg: Leg, target: AgentTarget, deps: AuthoriseDeps): AuthorisedLeg {
  const authorise = ({ options }: PlainCall) => authoriseCall(deps, target, options)
  return {
    version: leg.version,
    async unary(operation, call) {
      const first = await authorise(call)
      try {
        return await leg.unary(operation, { ...call, authorisation: first.authorisation })
      } catch (error) {
        if (!mayTryAgain(error, first)) throw explained(error, first)
      }
      const second = await authorise(call)
      return leg
        .unary(operation, { ...call, authorisation: second.authorisation })
        .catch((error: unknown) => Promise.reject(explained(error, second)))
    },
    async *stream(operation, call) {
      const first = await authorise(call)
      try {
        return yield* leg.stream(operation, { ...call, authorisation: first.authorisation })
      } catch (error) {
        // An agent that says this has not begun to answer.
        if (!mayTryAgain(error, first)) throw explained(error, first)
      }
      const second = await authorise(call)
      try {
        yield* leg.stream(operation, { ...call, authorisation: second.authorisation })
      } catch (error) {
        throw explained(error, second)
      }
    },
  }
}

/** The agent took nothing because it did not know us, and there is something new to show it. */
const mayTryAgain = (error: unknown, { presented }: Authorised): boolean =>
  error instanceof AgentFailure && error.denied === 'unauthenticated' && presented.renew()

/** Of an agent that did not let us in, the operator must know what we showed, and what we had not to show. */
function explained(failed: unknown, { authorisation, presented }: Authorised): unknown {
  const error = withoutSecrets(agentFailureOf(failed), authorisation)
  if (!(error instanceof AgentFailure)) return error
  const { schemes, unmet } = presented
  const { kind, code, retryAfterMs, denied } = error
  // One that wants a certificate just ends the connection.
  if (denied === undefined && (unmet === undefined || kind === 'refused')) return error
  const shown =
    schemes.length === 0 ? 'no stored credential' : `the credentials stored for ${schemes.join(', ')}`
  const missing =
    unmet === undefined ? '' : `: its card demands ${unmet}, and what is stored for it satisfies none of that`
  return new AgentFailure(kind, error.message, {
    ...(code === undefined ? {} : { code }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(denied === undefined ? {} : { denied }),
    ...(unmet === undefined ? {} : { unmet }),
    cause: new Error(`The agent was shown ${shown}${missing}`, { cause: error.cause }),
  })
}
