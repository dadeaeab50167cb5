import type { Operation } from '../a2a/operation.ts'
import { ACTIONS, type Action, type AgentResource, type Decision } from './access.ts'
import { decide, grantsFor, isListed, isOpen, PLAINEST, RIGHT_FOR } from './decide.ts'
import { covers, type Grant, includes, type Right } from './grant.ts'
import { groupOf, ownsAgent } from './owner.ts'
import { hasScope, isAnonymous, type Principal, type Scope } from './principal.ts'

export const STEP_CODES = [
  'scope',
  'tenant',
  'credential',
  'anonymous',
  'lifecycle',
  'owner',
  'admin',
  'visibility',
  'grant',
  'no_grant',
] as const

export const STEP_OUTCOMES = ['allows', 'refuses', 'passes'] as const

/** Something that `decide` looks at. What `allows` or `refuses` ends the matter; what `passes` leaves it to the next step. */
export type Step = {
  readonly code: (typeof STEP_CODES)[number]
  readonly outcome: (typeof STEP_OUTCOMES)[number]
  /** For people. */
  readonly text: string
  readonly grantId?: string
}

export type Explanation = {
  readonly action: Action
  /** The operation of A2A that the action was taken to be part of. */
  readonly operation?: Operation
  /** The scope it takes. */
  readonly scope: Scope
  /** What `decide` says. */
  readonly decision: Decision
  /** What the caller gets to see, for people. */
  readonly text: string
  /** Why, ending with the step that decided. */
  readonly steps: readonly Step[]
}

/** What `decide` says of an agent, and the steps that lead there. */
export function explain(
  principal: Principal,
  action: Action,
  agent: AgentResource,
  operation: Operation | undefined = PLAINEST[action],
): Explanation {
  const decision = decide(principal, action, agent, operation)
  return {
    action,
    ...(operation === undefined ? {} : { operation }),
    scope: ACTIONS[action],
    decision,
    text: decision.allow ? 'Allowed' : REFUSED[decision.reason],
    steps: stepsUntilDecided(stepsOf(principal, action, agent, operation, decision)),
  }
}

const REFUSED = {
  scope: 'Refused with the missing scope named, whether or not there is such an agent',
  disabled: 'Refused as nobody may call the agent while it is disabled',
  grant: 'Refused as somebody who may see the agent, and lacks the right',
  hidden: 'Answered exactly as if there were no such agent',
}

function stepsUntilDecided(all: Iterable<Step>): readonly Step[] {
  const steps: Step[] = []
  for (const step of all) {
    steps.push(step)
    if (step.outcome !== 'passes') break
  }
  return steps
}

/** In the order in which `decide` looks; those after the first that decides are not wanted. */
function* stepsOf(
  principal: Principal,
  action: Action,
  agent: AgentResource,
  operation: Operation | undefined,
  decision: Decision,
): Generator<Step> {
  yield scopeStep(principal, action)
  yield tenantStep(principal, agent)
  if (principal.agents !== undefined) yield credentialStep(principal.agents, agent)
  if (isAnonymous(principal)) yield anonymousStep(action, agent)
  if (!decision.allow && decision.reason === 'disabled') yield disabledStep()
  yield ownerStep(principal, agent)
  yield adminStep(principal)
  if (!isListed(agent)) yield unlistedStep(agent)
  yield visibilityStep(action, agent)
  const grants = grantsFor(principal, agent)
  for (const grant of grants) yield grantStep(grant, RIGHT_FOR[action], operation)
  yield noGrantStep(grants, agent)
}

function scopeStep(principal: Principal, action: Action): Step {
  const scope = ACTIONS[action]
  return hasScope(principal, scope)
    ? passes('scope', `The credential has the scope ${scope}, which this takes`)
    : refuses('scope', `The credential lacks the scope ${scope}, which this takes`)
}

function tenantStep({ tenant }: Principal, agent: AgentResource): Step {
  return agent.tenant !== '' && agent.tenant === tenant
    ? passes('tenant', `Both are of the tenant ${tenant}`)
    : refuses('tenant', `The agent is of another tenant than ${tenant}`)
}

const credentialStep = (agents: ReadonlySet<string>, { id }: AgentResource): Step =>
  id !== undefined && agents.has(id)
    ? passes('credential', 'The credential is limited to certain agents, and this is one of them')
    : refuses('credential', 'The credential is limited to certain agents, and this is none of them')

const anonymousStep = (action: Action, agent: AgentResource): Step =>
  RIGHT_FOR[action] === 'discover' && agent.visibility === 'public' && isOpen(agent)
    ? allows('anonymous', 'The agent is public, so that callers without a credential see it')
    : refuses('anonymous', 'Callers without a credential see public agents, and do nothing else')

function ownerStep(principal: Principal, { owner }: AgentResource): Step {
  if (!ownsAgent(principal, owner)) return passes('owner', `The agent is owned by ${owner || 'nobody'}`)
  const group = groupOf(principal.groups, owner)
  return allows('owner', group === undefined ? 'It owns the agent' : `Its group ${group} owns the agent`)
}

const adminStep = (principal: Principal): Step =>
  hasScope(principal, 'admin')
    ? allows('admin', 'The scope admin covers every agent of its tenant')
    : passes('admin', 'The credential lacks the scope admin')

const disabledStep = (): Step =>
  refuses('lifecycle', 'The agent is disabled: it may see it, but nobody may call it')

const unlistedStep = ({ lifecycle }: AgentResource): Step =>
  passes('lifecycle', `The agent is ${lifecycle}: only who may manage it sees it`)

function visibilityStep(action: Action, agent: AgentResource): Step {
  const { visibility } = agent
  if (isOpen(agent) && RIGHT_FOR[action] !== 'manage') {
    return allows('visibility', `The agent is ${visibility}: everyone of its tenant may see and call it`)
  }
  return passes(
    'visibility',
    isOpen(agent)
      ? `The agent is ${visibility}: everyone of its tenant may see and call it, but not do this`
      : isListed(agent)
        ? 'The agent is restricted: others than its owner need a grant'
        : 'Others than its owner need a grant to manage it',
  )
}

function grantStep(grant: Grant, needed: Right, operation: Operation | undefined): Step {
  const { id: grantId, right } = grant
  const what = `The grant of ${right} to ${granteeText(grant)}`
  if (!includes(grant, needed)) {
    return { ...passes('grant', `${what} is for it, but this takes ${needed}`), grantId }
  }
  if (covers(grant, needed, operation)) return { ...allows('grant', `${what} is for it`), grantId }
  const limit = `is good only for ${grant.operations?.join(', ')}`
  return { ...passes('grant', `${what} ${limit}, and this is ${operation ?? 'none of A2A'}`), grantId }
}

const granteeText = ({ to }: Pick<Grant, 'to'>): string => {
  if ('everyone' in to) return 'everyone of the tenant'
  return 'subject' in to ? `the subject ${to.subject}` : `the group ${to.group}`
}

function noGrantStep(own: readonly Grant[], { grants }: AgentResource): Step {
  const others = grants.length - own.length
  const text = own.length > 0 ? 'No grant that is for it allows this' : 'No grant is for it'
  return refuses('no_grant', others > 0 ? `${text} (grants for others: ${others})` : text)
}

const allows = (code: Step['code'], text: string): Step => ({ code, outcome: 'allows', text })
const refuses = (code: Step['code'], text: string): Step => ({ code, outcome: 'refuses', text })
const passes = (code: Step['code'], text: string): Step => ({ code, outcome: 'passes', text })
