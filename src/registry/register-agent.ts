import type { NewId } from '../a2a/ids.ts'
import type { Access } from '../access/access.ts'
import { missingScope } from '../access/assert-scope.ts'
import { type AuditCaller, type AuditRecord, auditOf } from '../access/audit/audit-record.ts'
import type { Call } from '../access/principal.ts'
import { ParleyError } from '../errors.ts'
import type { Events } from '../telemetry/events.ts'
import { alertWork, probeWork } from '../work/agent-work.ts'
import { commitAgent, pointersIntoCard } from './address-taken.ts'
import { firstLifecycle } from './admit-agent.ts'
import { type Agent, cardOf } from './agent.ts'
import type { AgentStore } from './agent-store.ts'
import { agentChange } from './changes/agent-change.ts'
import { dependenciesOf } from './dependencies.ts'
import { resourceOf } from './find-agent.ts'
import { createJudgeRegistration, type JudgeRegistrationDeps, type Listing } from './judge-registration.ts'
import { assertStays, listed, nextCardVersion, unlisted } from './next-agent.ts'
import type { Registry } from './registry.ts'
import { numberedSlug, slugFrom } from './slug.ts'

/** Agents of one name in one tenant before their owners must choose slugs themselves. */
const MAX_SLUG_NUMBER = 100
/** A stale version is read again this often before giving up. */
const MAX_CONFLICTS = 10

export type RegisterDeps = JudgeRegistrationDeps & {
  readonly agents: AgentStore
  readonly access: Access
  readonly now: () => number
  readonly newId: NewId
  readonly events: Events
  /** Whether new agents wait for an admin; `open` when absent. */
  readonly registration?: 'open' | 'approve'
}

export function createRegister(deps: RegisterDeps): Registry['register'] {
  const { agents, access, now, newId, events } = deps
  const judgeRegistration = createJudgeRegistration(deps)

  const place = async (call: Call, listing: Listing) => {
    const { registration, tenant, owner } = listing
    const base = slugFrom(cardOf(listing).name)
    let conflicts = 0
    for (let number = 1; number <= MAX_SLUG_NUMBER && conflicts < MAX_CONFLICTS; ) {
      const slug = registration.slug ?? numberedSlug(base, number)
      const existing = await agents.findBySlug(tenant, slug)
      assertMayRegister(access, call, owner, existing)
      const previous =
        existing ??
        unlisted(listing, slug, newId(), now(), firstLifecycle(deps, call.principal, registration))
      if (previous.owner === owner || registration.slug !== undefined) assertWithinReach(listing, previous)
      if (previous.owner === owner) assertStays(registration, previous)
      const cardVersion = nextCardVersion(previous, listing, call.principal.subject, now())
      const agent = listed(previous, listing, now(), cardVersion)
      const result =
        previous.owner === owner
          ? await commitAgent(
              deps,
              call,
              {
                agent,
                expectedVersion: previous.version,
                ...(cardVersion === undefined ? {} : { cardVersion }),
                ...(previous.proposal === undefined ? {} : { proposal: 'none' }),
                changes: [
                  agentChange({ before: previous, after: agent, ...(cardVersion && { cardVersion }) }, now()),
                ],
                work: [probeWork(agent.id, now()), alertWork(agent.id, now())],
                audit: [registrationRecord(call, agent, now())],
              },
              existing,
              pointersIntoCard(agent, registration.cardPointer),
            )
          : ({ kind: 'slug_taken', owner: previous.owner } as const)
      if (result.kind === 'committed') return { agent, created: existing === undefined }
      if (result.kind === 'conflict' || result.owner === owner) conflicts++
      else if (registration.slug !== undefined) throw slugTaken(slug)
      else number++
    }
    if (conflicts < MAX_CONFLICTS) throw slugTaken(base)
    throw new ParleyError('unavailable', 'The agent is being changed by others; try again')
  }

  return async (call, registration) => {
    const owner = registration.owner ?? call.principal.subject
    const { slug } = registration
    const existing = slug === undefined ? undefined : await agents.findBySlug(call.principal.tenant, slug)
    assertMayRegister(access, call, owner, existing)
    const listing = await judgeRegistration(call, registration, owner)
    const { agent, created } = await place(call, {
      ...listing,
      ...(await dependenciesOf(deps, call, registration)),
    })
    events.agentRegistered({
      agentId: agent.id,
      slug: agent.slug,
      principal: call.principal.subject,
      created,
    })
    return { agent, created }
  }
}

export function registrationRecord(caller: AuditCaller, agent: Agent, at: number): AuditRecord {
  const { id, slug, owner, visibility, version } = agent
  return auditOf(caller, version === 1 ? 'agent.register' : 'agent.update', { kind: 'agent', id }, at, {
    details: { slug, visibility, version: String(version) },
    subjects: { owner },
  })
}

/**
 * An owner is someone whose agents the caller may manage: the caller, a group of theirs or, for `admin`, anyone. Whoever may
 * manage an agent that exists also registers it anew, for the owner it has. To which agents the credential is limited is
 * judged once it is known which one is meant.
 */
function assertMayRegister(access: Access, call: Call, owner: string, existing: Agent | undefined): void {
  const { agents: _, ...principal } = call.principal
  const { tenant } = principal
  const wanted = {
    kind: 'agent',
    tenant,
    owner,
    visibility: 'restricted',
    lifecycle: 'active',
    grants: [],
  } as const
  const decision = access.decide(principal, 'manage', wanted)
  if (!decision.allow && decision.reason === 'scope') throw missingScope(decision.scope)
  if (decision.allow && owner.trim() !== '') return
  if (existing?.owner === owner && access.decide(principal, 'manage', resourceOf(existing)).allow) return
  const message = 'must be you or one of your groups, written group:<issuer alias>:<group>'
  throw new ParleyError('forbidden', `The owner of an agent ${message}`, {
    violations: [{ pointer: '/owner', code: 'owner', message }],
  })
}

function assertWithinReach({ agents }: Listing, { id }: Agent): void {
  if (agents === undefined || agents.has(id)) return
  throw new ParleyError(
    'forbidden',
    'Your credential is limited to certain agents, and this is none of them: it can update those and register no others',
  )
}

const slugTaken = (slug: string) =>
  new ParleyError('conflict', `The slug ${slug} belongs to another owner; choose another slug`, {
    violations: [{ pointer: '/slug', code: 'taken', message: 'belongs to another owner' }],
  })
