import Type, { type Static } from 'typebox'
import { check } from '../a2a/wire.ts'
import { assertScope } from '../access/assert-scope.ts'
import { auditOf } from '../access/audit/audit-record.ts'
import { type Call, hasScope, type Principal } from '../access/principal.ts'
import { ParleyError } from '../errors.ts'
import type { Agent } from './agent.ts'
import { type AgentCondition, type ChangeDeps, changeAgent } from './change-agent.ts'
import type { Lifecycle } from './lifecycle.ts'
import type { Registration } from './registry.ts'

export const RefusalBody = Type.Object(
  { reason: Type.String({ minLength: 1, maxLength: 1000, description: 'For the owner' }) },
  { additionalProperties: false },
)
export type Refusal = Static<typeof RefusalBody>

export const refusalCheck = check(RefusalBody)

type AdmitDeps = Pick<ChangeDeps, 'registration'>

/** Where an agent stands that is new. */
export function firstLifecycle(
  { registration: rule }: AdmitDeps,
  principal: Principal,
  { lifecycle }: Registration,
): Lifecycle {
  if (lifecycle !== undefined) return lifecycle
  return rule === 'approve' && !hasScope(principal, 'admin') ? 'pending' : 'active'
}

/** Throws `forbidden` where an admin must let the agent in, for who is none. */
export function assertMayAdmit(
  { registration: rule }: AdmitDeps,
  principal: Principal,
  { lifecycle: from }: Agent,
  to: Lifecycle,
): void {
  if (to !== 'active' || (from !== 'draft' && from !== 'pending')) return
  if (rule !== 'approve' || hasScope(principal, 'admin')) return
  throw new ParleyError(
    'forbidden',
    'New agents wait for an admin here: make it pending, and an admin approves or refuses it',
  )
}

/** As `Registry.approve`. */
export const approveAgent = (
  deps: ChangeDeps,
  call: Call,
  ref: string,
  condition?: AgentCondition,
): Promise<Agent> =>
  settle(
    deps,
    call,
    ref,
    'agent.approve',
    ({ refusal: _, ...agent }) => ({ ...agent, lifecycle: 'active' }),
    condition,
  )

/** As `Registry.refuse`. */
export const refuseAgent = (deps: ChangeDeps, call: Call, ref: string, { reason }: Refusal): Promise<Agent> =>
  settle(deps, call, ref, 'agent.refuse', (agent) => ({
    ...agent,
    lifecycle: 'draft',
    refusal: { reason, at: deps.now() },
  }))

async function settle(
  deps: ChangeDeps,
  call: Call,
  ref: string,
  action: 'agent.approve' | 'agent.refuse',
  settled: (agent: Agent) => Agent,
  condition?: AgentCondition,
): Promise<Agent> {
  const { now, events } = deps
  assertScope(call.principal, 'admin')
  const { after } = await changeAgent(
    deps,
    call,
    ref,
    (agent) => {
      if (agent.lifecycle !== 'pending') {
        throw new ParleyError(
          'conflict',
          `The agent is ${agent.lifecycle}: only what is pending is let in or refused`,
        )
      }
      const audit = auditOf(call, action, { kind: 'agent', id: agent.id }, now(), {
        details: { slug: agent.slug },
      })
      return { next: { ...settled(agent), updatedAt: Math.max(now(), agent.updatedAt) }, audit: [audit] }
    },
    condition,
  )
  const { id, slug } = after
  events.agentRegistered({ agentId: id, slug, principal: call.principal.subject, created: false })
  return after
}
