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
import type { AgentCommit, AgentStore } from './agent-store.ts'
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

type Registered = { readonly agent: Agent; readonly created: boolean }

export function createRegister(deps: RegisterDeps): Registry['register'] {
  const { agents, access, now, newId, events } = deps
  const judgeRegistration = createJudgeRegistration(deps)

  /** The next version of the owner's agent of that slug, or the first; `taken` when the slug is another owner's. */
  const placeAs = async (
    slug: string,
    call: Call,
    listing: Listing,
  ): Promise<Registered | 'taken' | 'conflict'> => {
    const { registration, tenant, owner } = listing
    const existing = await agents.findBySlug(tenant, slug)
    assertMayRegister(access, call, owner, existing)
    const at = now()
    const previous =
      existing ?? unlisted(listing, slug, newId(), at, firstLifecycle(deps, call.principal, registration))
    const isTaken = previous.owner !== owner
    if (!isTaken || registration.slug !== undefined) assertWithinReach(listing, previous)
    if (isTaken) return 'taken'
    assertStays(registration, previous)
    const cardVersion = nextCardVersion(previous, listing, call.principal.subject, at)
    const agent = listed(previous, listing, at, cardVersion)
    const commit: AgentCommit = {
      agent,
      expectedVersion: previous.version,
      ...(cardVersion && { cardVersion }),
      ...(previous.proposal && { proposal: 'none' }),
      changes: [agentChange({ before: previous, after: agent, ...(cardVersion && { cardVersion }) }, at)],
      work: [probeWork(agent.id, at), alertWork(agent.id, at)],
      audit: [registrationRecord(call, agent, at)],
    }
    const pointersTo = pointersIntoCard(agent, registration.cardPointer)
    const result = await commitAgent(deps, call, commit, existing, pointersTo)
    if (result.kind === 'committed') return { agent, created: existing === undefined }
    return result.kind === 'slug_taken' && result.owner !== owner ? 'taken' : 'conflict'
  }

  const place = async (call: Call, listing: Listing): Promise<Registered> => {
    const { slug } = listing.registration
    const base = slugFrom(cardOf(listing).name)
    let conflicts = 0
    for (let number = 1; number <= MAX_SLUG_NUMBER && conflicts < MAX_CONFLICTS; ) {
      const placed = await placeAs(slug ?? numberedSlug(base, number), call, listing)
      if (placed === 'conflict') conflicts++
      else if (placed !== 'taken') return placed
      else if (slug !== undefined) throw slugTaken(slug)
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
