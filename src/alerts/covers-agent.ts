import type { Access, Action } from '../access/access.ts'
import type { Principal, Scope } from '../access/principal.ts'
import { type Agent, cardOf } from '../registry/agent.ts'
import { resourceOf } from '../registry/find-agent.ts'
import { fold } from '../registry/search/words.ts'
import { type AlertRule, targetKey } from './rule.ts'

/** Keys of the targets that an agent is among. */
export const targetsOf = (agent: Agent): readonly string[] => [
  targetKey({ kind: 'all' }),
  targetKey({ kind: 'agent', agent: agent.id }),
  targetKey({ kind: 'owner', owner: agent.owner }),
  ...new Set(
    cardOf(agent).skills.flatMap(({ tags }) => tags.map((tag) => targetKey({ kind: 'tag', tag: fold(tag) }))),
  ),
]

/** Agents that are not in use raise no alerts. */
export const isInUse = ({ lifecycle }: Pick<Agent, 'lifecycle'>): boolean =>
  lifecycle === 'active' || lifecycle === 'deprecated'

/** Whether a rule counts for an agent: it is among the targets, in use, and the rule's maker may manage it. */
export const coversAgent = (access: Pick<Access, 'decide'>, rule: AlertRule, agent: Agent): boolean =>
  isInUse(agent) &&
  targetsOf(agent).includes(targetKey(rule.target)) &&
  makerMay(access, rule, 'manage', agent)

/** What the maker of a rule may do, with the rights that agents give now to who they were when they wrote it. */
export const makerMay = (
  access: Pick<Access, 'decide'>,
  rule: AlertRule,
  action: Extract<Action, 'discover' | 'manage'>,
  agent: Agent,
): boolean => access.decide(makerOf(rule), action, resourceOf(agent)).allow

function makerOf({ tenant, maker }: AlertRule): Principal {
  const { subject, groups, isAdmin, agents } = maker
  const scopes: readonly Scope[] = isAdmin ? ['admin'] : ['agents:read', 'agents:write']
  return {
    tenant,
    subject,
    groups,
    scopes: new Set(scopes),
    ...(agents === undefined ? {} : { agents: new Set(agents) }),
  }
}
