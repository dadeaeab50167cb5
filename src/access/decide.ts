import type { Operation } from '../a2a/operation.ts'
import {
  ACTIONS,
  type Action,
  type AgentResource,
  type Decision,
  type Resource,
  type TaskResource,
} from './access.ts'
import { covers, type Grant, includes, isFor, type Right } from './grant.ts'
import { ownsAgent } from './owner.ts'
import { hasScope, isAnonymous, type Principal } from './principal.ts'

/**
 * Whether a principal may do something to a resource.
 *
 * The scope is judged first and without looking at the resource, so that its refusal tells nothing about what exists.
 * Of what else is refused, only an agent that the principal sees is more than `hidden`. What was made with an agent is read
 * and canceled whatever became of the agent.
 */
export function decide(
  principal: Principal,
  action: Action,
  resource: Resource,
  operation: Operation | undefined = PLAINEST[action],
): Decision {
  const scope = ACTIONS[action]
  if (!hasScope(principal, scope)) return { allow: false, reason: 'scope', scope }
  const verdict = isWithinReach(principal, resource)
    ? resource.kind === 'agent'
      ? judgeAgent(principal, action, resource, operation)
      : mayTouchTask(principal, action, resource)
    : 'hidden'
  if (isRefusal(verdict)) return { allow: false, reason: verdict, scope }
  return { allow: true, ...(verdict === 'own' ? {} : { grantId: verdict.id }), obligations: [] }
}

/** To read or cancel at an agent is to ask it about tasks; whose they are is judged for each task. */
export const RIGHT_FOR: Readonly<Record<Action, Right>> = {
  discover: 'discover',
  invoke: 'invoke',
  read: 'invoke',
  cancel: 'invoke',
  manage: 'manage',
  beat: 'manage',
}

/** What an action is taken to be when nobody says which operation it is part of. */
export const PLAINEST: Readonly<Partial<Record<Action, Operation>>> = {
  invoke: 'SendMessage',
  read: 'GetTask',
  cancel: 'CancelTask',
}

/** Allowed by what the principal is, or by a grant; else refused. */
type Verdict = 'own' | Grant | Refusal
type Refusal = 'grant' | 'disabled' | 'hidden'

const isRefusal = (verdict: Verdict): verdict is Refusal => typeof verdict === 'string' && verdict !== 'own'

/** `admin` reaches no further than its own tenant, because nobody does, and a credential no further than its agents. */
function isWithinReach({ tenant, agents }: Principal, resource: Resource): boolean {
  if (!resource.tenant || resource.tenant !== tenant) return false
  const agentId = resource.kind === 'agent' ? resource.id : resource.agentId
  return agents === undefined || (agentId !== undefined && agents.has(agentId))
}

function judgeAgent(
  principal: Principal,
  action: Action,
  agent: AgentResource,
  operation: Operation | undefined,
): Verdict {
  const verdict = judgeRight(principal, RIGHT_FOR[action], agent, operation)
  return action === 'invoke' && agent.lifecycle === 'disabled' && !isRefusal(verdict) ? 'disabled' : verdict
}

/** Whether more know of the agent than those who may manage it. */
export const isListed = ({ lifecycle }: AgentResource): boolean =>
  lifecycle !== 'draft' && lifecycle !== 'pending'

/** Whether the tenant may see and call the agent, without a grant. */
export const isOpen = (agent: AgentResource): boolean => agent.visibility !== 'restricted' && isListed(agent)

/** The grants that count for a principal: while the agent is not listed, those to manage it alone. */
export const grantsFor = (principal: Principal, agent: AgentResource): readonly Grant[] =>
  agent.grants.filter((grant) => isFor(grant, principal) && (isListed(agent) || includes(grant, 'manage')))

function judgeRight(
  principal: Principal,
  right: Right,
  agent: AgentResource,
  operation: Operation | undefined,
): Verdict {
  if (isAnonymous(principal))
    return right === 'discover' && agent.visibility === 'public' && isOpen(agent) ? 'own' : 'hidden'
  if (ownsAgent(principal, agent.owner) || hasScope(principal, 'admin')) return 'own'
  if (isOpen(agent) && right !== 'manage') return 'own'
  const grants = grantsFor(principal, agent)
  const allowing = grants.find((grant) => includes(grant, right) && covers(grant, right, operation))
  return allowing ?? (isOpen(agent) || grants.length > 0 ? 'grant' : 'hidden')
}

function mayTouchTask(principal: Principal, action: Action, task: TaskResource): Verdict {
  if (isAnonymous(principal)) return 'hidden'
  const owns = Boolean(task.owner) && task.owner === principal.subject
  switch (action) {
    case 'read':
      return owns || hasScope(principal, 'admin') ? 'own' : 'hidden'
    case 'invoke':
    case 'cancel':
      return owns ? 'own' : 'hidden'
    case 'discover':
    case 'manage':
    case 'beat':
      return 'hidden'
  }
}
