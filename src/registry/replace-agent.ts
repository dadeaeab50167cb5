import type { Call } from '../access/principal.ts'
import { ParleyError, type Violation } from '../errors.ts'
import { pointersIntoCard } from './address-taken.ts'
import type { Agent } from './agent.ts'
import { type AgentCondition, assertHolds, changeAgent } from './change-agent.ts'
import { dependenciesOf } from './dependencies.ts'
import { getAgent } from './find-agent.ts'
import { createJudgeRegistration } from './judge-registration.ts'
import { assertStays, listed, nextCardVersion } from './next-agent.ts'
import { type RegisterDeps, registrationRecord } from './register-agent.ts'
import type { Registration, Registry } from './registry.ts'

/** As `Registry.replace`. */
export function createReplace(deps: RegisterDeps): Registry['replace'] {
  const { now, events } = deps
  const judgeRegistration = createJudgeRegistration(deps)

  return async (call: Call, ref: string, registration: Registration, condition?: AgentCondition) => {
    const known = await getAgent(deps, call, ref, 'manage')
    assertHolds(condition, known)
    assertSame(registration, known)
    const judged = await judgeRegistration(call, registration, known.owner)
    const listing = { ...judged, ...(await dependenciesOf(deps, call, registration)) }
    const { after } = await changeAgent(
      deps,
      call,
      known.id,
      (agent) => {
        assertStays(registration, agent)
        const cardVersion = nextCardVersion(agent, listing, call.principal.subject, now())
        const next = listed(agent, listing, now(), cardVersion)
        const audit = [registrationRecord(call, next, now())]
        return {
          next,
          audit,
          proposal: 'none',
          pointersTo: pointersIntoCard(next, registration.cardPointer),
          ...(cardVersion === undefined ? {} : { cardVersion }),
        }
      },
      condition,
    )
    const { id, slug } = after
    events.agentRegistered({ agentId: id, slug, principal: call.principal.subject, created: false })
    return after
  }
}

/** What names an agent does not change with its card. */
function assertSame({ slug, owner }: Registration, agent: Agent): void {
  const violations: Violation[] = []
  if (slug !== undefined && slug !== agent.slug) {
    violations.push({ pointer: '/slug', code: 'fixed', message: `must be ${agent.slug}, or left out` })
  }
  if (owner !== undefined && owner !== agent.owner) {
    violations.push({ pointer: '/owner', code: 'fixed', message: `must be ${agent.owner}, or left out` })
  }
  const [first] = violations
  if (first === undefined) return
  throw new ParleyError(
    'invalid_registration',
    `The registration cannot be accepted: ${first.pointer} ${first.message}`,
    { violations },
  )
}
