import Type, { type Static } from 'typebox'
import { type AgentId, MAX_ID_LENGTH } from '../a2a/ids.ts'
import { check } from '../a2a/wire.ts'
import { auditOf } from '../access/audit/audit-record.ts'
import type { Call } from '../access/principal.ts'
import { fullSubject, MAX_SUBJECT_LENGTH, OWNER_PATTERN } from '../access/subject.ts'
import { ParleyError } from '../errors.ts'
import { assertMayAdmit } from './admit-agent.ts'
import { type Agent, VISIBILITIES } from './agent.ts'
import { type AgentCondition, type ChangeDeps, changeAgent } from './change-agent.ts'
import { DependenciesOption, resolveDependencies } from './dependencies.ts'
import { CardUpdatesOption } from './drift/card-updates.ts'
import { findVisible, getAgent, resourceOf } from './find-agent.ts'
import { declaredTimes, HeartbeatTimesOptions, timesDetails } from './health/declared-times.ts'
import { LIFECYCLES, TRANSITIONS } from './lifecycle.ts'

/** What can be changed of an agent without its card; what is absent stays. */
export const AgentChangesBody = Type.Object(
  {
    visibility: Type.Optional(Type.Enum([...VISIBILITIES])),
    owner: Type.Optional(
      Type.String({
        maxLength: MAX_SUBJECT_LENGTH,
        pattern: OWNER_PATTERN,
        description: 'A subject, or a group as group:<issuer alias>:<group>. Takes being the owner, or admin',
      }),
    ),
    lifecycle: Type.Optional(Type.Enum([...LIFECYCLES])),
    cardUpdates: CardUpdatesOption,
    successor: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: MAX_ID_LENGTH,
        description: 'Id or slug of the agent to use in the place of this one, which is deprecated',
      }),
    ),
    dependsOn: Type.Optional(DependenciesOption),
    ...HeartbeatTimesOptions,
  },
  { additionalProperties: false },
)
export type AgentChanges = Static<typeof AgentChangesBody>

export const agentChangesCheck = check(AgentChangesBody)

/** As `Registry.update`. */
export async function updateAgent(
  deps: ChangeDeps,
  call: Call,
  ref: string,
  asked: AgentChanges,
  condition?: AgentCondition,
): Promise<Agent> {
  const changes = asked.owner === undefined ? asked : { ...asked, owner: fullSubject(asked.owner) }
  const { now, events } = deps
  const known = await getAgent(deps, call, ref, 'manage')
  const named = await namedBy(deps, call, known, changes)
  const { before, after } = await changeAgent(
    deps,
    call,
    known.id,
    (agent) => {
      assertMayAdmit(deps, call.principal, agent, changes.lifecycle ?? agent.lifecycle)
      const times = declaredTimes(agent, changes, now(), 'invalid_params')
      const beats = timesDetails(agent, times)
      const others = differences(agent, changes, named)
      if (others === undefined && beats === undefined) return undefined
      const { owner = agent.owner } = changes
      if (owner !== agent.owner) assertMayGiveAway(deps, call, agent)
      const audit = auditOf(call, 'agent.update', { kind: 'agent', id: agent.id }, now(), {
        details: { ...others, ...beats },
        ...(owner === agent.owner ? {} : { subjects: { owner, ownerBefore: agent.owner } }),
      })
      const pointersTo = () => [owner === agent.owner ? '/lifecycle' : '/owner']
      return { next: changed({ ...agent, ...times }, changes, named, now()), audit: [audit], pointersTo }
    },
    condition,
  )
  if (after !== before) {
    const { id, slug } = after
    events.agentRegistered({ agentId: id, slug, principal: call.principal.subject, created: false })
  }
  return after
}

/** Who may manage an agent by a grant does not say whose it is. */
function assertMayGiveAway({ access }: ChangeDeps, call: Call, agent: Agent): void {
  const owned = { ...resourceOf(agent), visibility: 'restricted', grants: [] } as const
  if (access.decide(call.principal, 'manage', owned).allow) return
  throw new ParleyError('forbidden', 'Only the owner of an agent, or an admin, gives it to another')
}

/** The other agents that changes name. */
type Named = { readonly successor?: AgentId; readonly dependsOn?: readonly AgentId[] }

async function namedBy(deps: ChangeDeps, call: Call, agent: Agent, changes: AgentChanges): Promise<Named> {
  const successor = await successorOf(deps, call, agent, changes)
  const { dependsOn: refs } = changes
  const dependsOn = refs && (await resolveDependencies(deps, call, refs, 'invalid_params'))
  return {
    ...(successor === undefined ? {} : { successor }),
    ...(dependsOn === undefined ? {} : { dependsOn }),
  }
}

/** The successor that is asked for: an agent that the caller sees. */
async function successorOf(
  deps: ChangeDeps,
  call: Call,
  agent: Agent,
  { successor: ref }: AgentChanges,
): Promise<AgentId | undefined> {
  if (ref === undefined) return undefined
  const found = await findVisible(deps, call, ref)
  if (found !== undefined && found.id !== agent.id) return found.id
  throw invalid('/successor', 'successor', 'must be the id or slug of another agent, which you see')
}

/** What the audit log says of a change; `undefined` when it is none. Throws for one that may not be. */
function differences(
  agent: Agent,
  {
    visibility = agent.visibility,
    lifecycle = agent.lifecycle,
    owner = agent.owner,
    cardUpdates = agent.cardUpdates,
  }: AgentChanges,
  { successor, dependsOn }: Named,
): Readonly<Record<string, string>> | undefined {
  if (lifecycle !== agent.lifecycle && !TRANSITIONS[agent.lifecycle].includes(lifecycle)) {
    const next = TRANSITIONS[agent.lifecycle].join(' or ')
    const message = `cannot become ${lifecycle}: the agent is ${agent.lifecycle}, and can become ${next}`
    throw new ParleyError('conflict', `The lifecycle ${message}`, {
      violations: [{ pointer: '/lifecycle', code: 'transition', message }],
    })
  }
  if (successor !== undefined && lifecycle !== 'deprecated') {
    throw invalid('/successor', 'lifecycle', 'is for agents that are deprecated')
  }
  const isSame = owner === agent.owner && visibility === agent.visibility && lifecycle === agent.lifecycle
  const hasSameSuccessor = successor === undefined || successor === agent.successor
  const hasSameDependencies = dependsOn === undefined || dependsOn.join() === (agent.dependsOn ?? []).join()
  const hasSameUpdates = cardUpdates === agent.cardUpdates
  if (isSame && hasSameSuccessor && hasSameDependencies && hasSameUpdates) return undefined
  return {
    ...(visibility === agent.visibility ? {} : { visibility, before: agent.visibility }),
    ...(lifecycle === agent.lifecycle ? {} : { lifecycle, lifecycleBefore: agent.lifecycle }),
    ...(successor === undefined ? {} : { successor }),
    ...(hasSameDependencies ? {} : { dependencies: String(dependsOn.length) }),
    ...(cardUpdates === undefined || hasSameUpdates ? {} : { cardUpdates }),
  }
}

function changed(
  { successor: before, dependsOn: dependedOn, refusal, ...agent }: Agent,
  {
    visibility = agent.visibility,
    lifecycle = agent.lifecycle,
    owner = agent.owner,
    cardUpdates = agent.cardUpdates,
  }: AgentChanges,
  { successor = before, dependsOn = dependedOn }: Named,
  at: number,
): Agent {
  return {
    ...agent,
    owner,
    visibility,
    lifecycle,
    ...(cardUpdates === undefined ? {} : { cardUpdates }),
    ...(successor !== undefined && lifecycle === 'deprecated' ? { successor } : {}),
    ...(dependsOn === undefined || dependsOn.length === 0 ? {} : { dependsOn }),
    ...(refusal !== undefined && lifecycle === 'draft' ? { refusal } : {}),
    updatedAt: Math.max(at, agent.updatedAt),
  }
}

const invalid = (pointer: string, code: string, message: string): ParleyError =>
  new ParleyError('invalid_params', `${pointer.slice(1)} ${message}`, {
    violations: [{ pointer, code, message }],
  })
