import { ACTIONS, type Action, type Decision, type Resource } from './access.ts'
import { hasScope, isAnonymous, type Principal } from './principal.ts'

/**
 * Whether a principal may do something to a resource.
 *
 * The scope is judged first and without looking at the resource, so that its refusal tells nothing about what exists.
 * Everything else that is refused is `hidden`.
 */
export function decide(principal: Principal, action: Action, resource: Resource): Decision {
  const scope = ACTIONS[action]
  if (!hasScope(principal, scope)) return { allow: false, reason: 'scope', scope }
  if (!mayTouch(principal, action, resource)) return { allow: false, reason: 'hidden', scope }
  return { allow: true, obligations: [] }
}

/** `admin` reaches no further than its own tenant, because nobody does. */
function mayTouch(principal: Principal, action: Action, resource: Resource): boolean {
  if (!resource.tenant || resource.tenant !== principal.tenant) return false
  return resource.kind === 'agent'
    ? mayTouchAgent(principal, action, resource)
    : mayTouchTask(principal, action, resource)
}

function mayTouchAgent(
  principal: Principal,
  action: Action,
  agent: Resource & { readonly kind: 'agent' },
): boolean {
  if (isAnonymous(principal)) return action === 'discover' && agent.visibility === 'public'
  const owns = ownsAgent(principal, agent.owner) || hasScope(principal, 'admin')
  switch (action) {
    case 'discover':
    case 'invoke':
    // To read or cancel at an agent is to ask it about tasks; whose they are is judged for each task.
    case 'read':
    case 'cancel':
      return owns || agent.visibility === 'public' || agent.visibility === 'tenant'
    case 'manage':
    case 'beat':
      return owns
  }
}

function mayTouchTask(
  principal: Principal,
  action: Action,
  task: Resource & { readonly kind: 'task' },
): boolean {
  if (isAnonymous(principal)) return false
  const owns = Boolean(task.owner) && task.owner === principal.subject
  switch (action) {
    case 'read':
      return owns || hasScope(principal, 'admin')
    case 'invoke':
    case 'cancel':
      return owns
    case 'discover':
    case 'manage':
    case 'beat':
      return false
  }
}

/** An agent may belong to a group; an owner that is missing belongs to nobody. */
const ownsAgent = (principal: Principal, owner: string): boolean =>
  Boolean(owner) && (owner === principal.subject || principal.groups.includes(owner))
