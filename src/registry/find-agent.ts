import { agentId, MAX_ID_LENGTH } from '../a2a/ids.ts'
import type { Operation } from '../a2a/operation.ts'
import { ACTIONS, type Access, type Action, type AgentResource } from '../access/access.ts'
import { assertScope } from '../access/assert-scope.ts'
import { RefusalError } from '../access/audit/refusal.ts'
import type { Call } from '../access/principal.ts'
import { ParleyError } from '../errors.ts'
import type { Agent } from './agent.ts'
import type { AgentStore } from './agent-store.ts'
import { DIRECTORY, directoryIn } from './directory/directory-agent.ts'
import { isSlug } from './slug.ts'

/** The agent that `ref` names for this caller: an id or, in the caller's tenant, a slug. */
async function findAgent(
  agents: AgentStore,
  call: Call,
  ref: string,
  action: Action,
): Promise<Agent | undefined> {
  if (ref === DIRECTORY) return OF_MANAGERS.has(action) ? undefined : directoryIn(call.principal.tenant)
  if (ref === '' || ref.length > MAX_ID_LENGTH) return undefined
  const named = isSlug(ref) ? await agents.findBySlug(call.principal.tenant, ref) : undefined
  return named ?? agents.find(agentId(ref))
}

/** An agent that was removed, as `findAgent` finds those that are there. */
async function findRemoved(agents: AgentStore, { principal }: Call, ref: string): Promise<Agent | undefined> {
  if (ref === '' || ref.length > MAX_ID_LENGTH) return undefined
  const named = isSlug(ref) ? await agents.findRemovedBySlug(principal.tenant, ref) : undefined
  return named ?? agents.findRemoved(agentId(ref))
}

/** What is done with tasks that exist, whatever became of their agent. */
const OF_TASKS: ReadonlySet<Operation> = new Set<Operation>([
  'GetTask',
  'ListTasks',
  'CancelTask',
  'SubscribeToTask',
])

/** What nobody may do to Parley's own agent: there is no such agent then. */
const OF_MANAGERS: ReadonlySet<Action> = new Set<Action>(['manage', 'beat'])

export type FindDeps = { readonly agents: AgentStore; readonly access: Access }

/** As `Registry.get`. The scope is judged before anything is looked for. */
export async function getAgent(
  { agents, access }: FindDeps,
  call: Call,
  ref: string,
  action: Action,
  operation?: Operation,
): Promise<Agent> {
  assertScope(call.principal, ACTIONS[action])
  const agent =
    (await findAgent(agents, call, ref, action)) ??
    (operation !== undefined && OF_TASKS.has(operation) ? await findRemoved(agents, call, ref) : undefined)
  if (agent === undefined) throw agentNotFound()
  const decision = access.decide(call.principal, action, resourceOf(agent), operation)
  if (decision.allow) return agent
  if (decision.reason === 'disabled') throw disabled()
  throw decision.reason === 'grant' ? noGrant(agent) : agentNotFound(refusal(agent, 'hidden'))
}

/** The agent, if the caller sees it. */
export async function findVisible(deps: FindDeps, call: Call, ref: string): Promise<Agent | undefined> {
  try {
    return await getAgent(deps, call, ref, 'discover')
  } catch (reason) {
    if (reason instanceof ParleyError && reason.code === 'agent_not_found') return undefined
    throw reason
  }
}

const refusal = ({ tenant, id }: Agent, reason: 'grant' | 'hidden'): RefusalError =>
  new RefusalError(tenant, { kind: 'agent', id }, reason)

/** For an agent that the caller might otherwise call. */
const disabled = (): ParleyError =>
  new ParleyError(
    'agent_unavailable',
    'This agent is disabled: it takes no messages until who manages it makes it active again',
  )

/** For an agent that the caller sees anyway. */
export const noGrant = (agent: Agent): ParleyError =>
  new ParleyError('forbidden', 'You may see this agent, but not do this with it: ask its owner for a grant', {
    cause: refusal(agent, 'grant'),
  })

/**
 * As `getAgent` for `manage`, and for the owner of an agent that was removed, and admins, that one by its id.
 */
export async function getEvenRemoved(deps: FindDeps, call: Call, ref: string): Promise<Agent> {
  const { agents, access } = deps
  try {
    return await getAgent(deps, call, ref, 'manage')
  } catch (reason) {
    if (!(reason instanceof ParleyError && reason.code === 'agent_not_found')) throw reason
    const agent = ref.length > MAX_ID_LENGTH ? undefined : await agents.findRemoved(agentId(ref))
    if (agent === undefined) throw reason
    const owned = { ...resourceOf(agent), visibility: 'restricted', grants: [] } as const
    if (!access.decide(call.principal, 'manage', owned).allow) throw reason
    return agent
  }
}

/** What an access decision needs to know of an agent. */
export const resourceOf = ({
  id,
  tenant,
  owner,
  visibility,
  lifecycle,
  grants = [],
}: Pick<Agent, 'id' | 'tenant' | 'owner' | 'visibility' | 'lifecycle' | 'grants'>): AgentResource => ({
  kind: 'agent',
  id,
  tenant,
  owner,
  visibility,
  lifecycle,
  grants,
})

/** The one answer for what is missing and for what is hidden. */
export const agentNotFound = (cause?: RefusalError): ParleyError =>
  new ParleyError('agent_not_found', 'Agent not found', { cause })
