import type { AgentCard } from '../a2a/agent-card.ts'
import { agentId, type NewId } from '../a2a/ids.ts'
import type { JsonText } from '../a2a/json-text.ts'
import type { Access } from '../access/access.ts'
import { missingScope } from '../access/assert-scope.ts'
import { type AuditRecord, auditOf } from '../access/audit/audit-record.ts'
import type { Call } from '../access/principal.ts'
import { ParleyError, type Violation } from '../errors.ts'
import type { Events } from '../telemetry/events.ts'
import { type Agent, cardOf } from './agent.ts'
import type { AgentStore } from './agent-store.ts'
import type { CardSource } from './card-source.ts'
import type { CardVersion } from './card-version.ts'
import { compareCards, verdictOf } from './compare-cards.ts'
import { resourceOf } from './find-agent.ts'
import { type JudgeDeps, judgeCard } from './judge-card.ts'
import type { Registration, Registry } from './registry.ts'
import type { CardSignature } from './signatures/verify-signatures.ts'
import { numberedSlug, slugFrom, slugProblem } from './slug.ts'

/** How long a heartbeat counts unless the publisher says otherwise. */
const DEFAULT_HEARTBEAT_TTL_MS = 300_000
/** Agents of one name in one tenant before their owners must choose slugs themselves. */
const MAX_SLUG_NUMBER = 100
/** A stale version is read again this often before giving up. */
const MAX_CONFLICTS = 10

export type RegisterDeps = JudgeDeps & {
  readonly agents: AgentStore
  readonly access: Access
  readonly cards: CardSource
  readonly now: () => number
  readonly newId: NewId
  readonly events: Events
}

/** A registration whose card was found and judged. */
type Listing = {
  readonly registration: Registration
  readonly tenant: string
  readonly owner: string
  /** Ids of the only agents that the publisher's credential is good for. */
  readonly agents: ReadonlySet<string> | undefined
  readonly originalCard: string
  readonly card: JsonText<AgentCard>
  readonly signatures: readonly CardSignature[]
  readonly cardUrl?: string
}

export function createRegister(deps: RegisterDeps): Registry['register'] {
  const { agents, access, cards, now, newId, events } = deps

  const readCard = async (call: Call, { card, cardUrl }: Registration) => {
    if (card !== undefined) return { text: card }
    if (cardUrl !== undefined) return cards.fetchCard(cardUrl, call.signal)
    throw new ParleyError('invalid_registration', 'A registration needs a card or a cardUrl')
  }

  const listingOf = async (call: Call, registration: Registration, owner: string): Promise<Listing> => {
    const source = await readCard(call, registration)
    const { card, violations, signatures } = await judgeCard(deps, source.text, call.signal)
    assertAcceptable(registration, violations)
    return {
      registration,
      tenant: call.principal.tenant,
      owner,
      agents: call.principal.agents,
      originalCard: source.text,
      card,
      signatures,
      ...('url' in source ? { cardUrl: source.url } : {}),
    }
  }

  const place = async (call: Call, listing: Listing) => {
    const { registration, tenant, owner } = listing
    const base = slugFrom(cardOf(listing).name)
    let conflicts = 0
    for (let number = 1; number <= MAX_SLUG_NUMBER && conflicts < MAX_CONFLICTS; ) {
      const slug = registration.slug ?? numberedSlug(base, number)
      const existing = await agents.findBySlug(tenant, slug)
      assertMayRegister(access, call, owner, existing)
      const previous = existing ?? unlisted(listing, slug, newId(), now())
      if (previous.owner === owner || registration.slug !== undefined) assertWithinReach(listing, previous)
      const cardVersion = nextCardVersion(previous, listing, call, now())
      const agent = listed(previous, listing, now(), cardVersion)
      const result =
        previous.owner === owner
          ? await agents.commit({
              agent,
              expectedVersion: previous.version,
              ...(cardVersion === undefined ? {} : { cardVersion }),
              audit: [registrationRecord(call, agent, now())],
            })
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
    const { agent, created } = await place(call, await listingOf(call, registration, owner))
    events.agentRegistered({
      agentId: agent.id,
      slug: agent.slug,
      principal: call.principal.subject,
      created,
    })
    return { agent, created }
  }
}

function registrationRecord(call: Call, agent: Agent, at: number): AuditRecord {
  const { id, slug, owner, visibility, version } = agent
  return auditOf(call, version === 1 ? 'agent.register' : 'agent.update', { kind: 'agent', id }, at, {
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
  const wanted = { kind: 'agent', tenant, owner, visibility: 'restricted', grants: [] } as const
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

function assertAcceptable(registration: Registration, cardViolations: readonly Violation[]): void {
  const slug = registration.slug === undefined ? undefined : slugProblem(registration.slug)
  const inCard = cardViolations.map((violation) => ({
    ...violation,
    pointer: `${registration.cardPointer ?? ''}${violation.pointer}`,
  }))
  const violations = slug === undefined ? inCard : [slug, ...inCard]
  const [first] = violations
  if (first === undefined) return
  const more = violations.length > 1 ? ` (and ${violations.length - 1} more)` : ''
  const what = inCard.length > 0 ? 'card' : 'slug'
  throw new ParleyError(
    'invalid_registration',
    `The ${what} cannot be accepted: ${first.pointer || '/'} ${first.message}${more}`,
    { violations },
  )
}

/** An agent before its first version. */
const unlisted = (listing: Listing, slug: string, id: string, at: number): Agent => ({
  id: agentId(id),
  slug,
  tenant: listing.tenant,
  owner: listing.owner,
  visibility: 'tenant',
  redelivery: 'at-most-once',
  version: 0,
  createdAt: at,
  updatedAt: at,
  lastHeartbeatAt: at,
  heartbeatTtlMs: DEFAULT_HEARTBEAT_TTL_MS,
  enabled: true,
  originalCard: listing.originalCard,
  card: listing.card,
})

/** The next version of an agent. What the registration leaves open stays; registering counts as a heartbeat. */
function listed(previous: Agent, listing: Listing, at: number, cardVersion: CardVersion | undefined): Agent {
  const { cardUrl: _, signatures: __, ...kept } = previous
  const { visibility, redelivery, heartbeatTtlMs } = listing.registration
  const cardProfile = listing.registration.cardProfile ?? kept.cardProfile
  return {
    ...kept,
    visibility: visibility ?? kept.visibility,
    redelivery: redelivery ?? kept.redelivery,
    ...(cardProfile === undefined ? {} : { cardProfile }),
    heartbeatTtlMs: heartbeatTtlMs ?? kept.heartbeatTtlMs,
    version: kept.version + 1,
    // Who asks for what has changed since then must not miss a change because the clock was set back.
    updatedAt: Math.max(at, kept.updatedAt),
    lastHeartbeatAt: Math.max(at, kept.lastHeartbeatAt),
    originalCard: listing.originalCard,
    card: listing.card,
    ...(cardVersion === undefined ? {} : { cardVersion: cardVersion.number }),
    ...(listing.signatures.length === 0 ? {} : { signatures: listing.signatures }),
    ...(listing.cardUrl === undefined ? {} : { cardUrl: listing.cardUrl }),
  }
}

/** The version that a card is of its agent; `undefined` for the one that the agent has. */
function nextCardVersion(previous: Agent, listing: Listing, call: Call, at: number): CardVersion | undefined {
  const { cardVersion = 0, version, id } = previous
  if (cardVersion > 0 && previous.originalCard === listing.originalCard) return undefined
  const { originalCard, signatures, cardUrl } = listing
  const changes = () =>
    compareCards(
      { card: cardOf(previous), signatures: previous.signatures ?? [] },
      { card: cardOf(listing), signatures },
    )
  return {
    agentId: id,
    number: cardVersion + 1,
    at,
    by: call.principal.subject,
    originalCard,
    ...(cardUrl === undefined ? {} : { cardUrl }),
    signatures,
    ...(version === 0 ? {} : { verdict: verdictOf(changes()) }),
  }
}

const slugTaken = (slug: string) =>
  new ParleyError('conflict', `The slug ${slug} belongs to another owner; choose another slug`, {
    violations: [{ pointer: '/slug', code: 'taken', message: 'belongs to another owner' }],
  })
