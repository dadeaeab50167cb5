import assert from 'node:assert/strict'
import { ParleyError } from '../../errors.ts'
import { silentEvents } from '../../telemetry/events.ts'
import type { Agent } from '../agent.ts'
import type { AgentStore } from '../agent-store.ts'
import { cardDeps } from '../card-deps.case.ts'
import type { CardSource, CardValidators, FetchedCard } from '../card-source.ts'
import type { Check } from '../health/agent-health.ts'
import { as, cardText, type OpenRegistry, openRegistry } from '../open-registry.case.ts'
import type { Registration, Registry } from '../registry.ts'
import type { TrustedKeys } from '../signatures/trusted-keys.ts'
import { createCardCheck } from './check-card.ts'

export const CARD_URL = 'https://agent.example/card.json'
export const ada = as('key:ada')

/** An agent registered from a publisher whose card may change, and what looks at the card. */
export type OpenDrift = Pick<OpenRegistry, 'registry' | 'agents' | 'clock' | 'log'> & {
  /** What the publisher serves from now on: a card, told by its ETag, or a failure. */
  serve(page: string | ParleyError): void
  /** With what each look asked, the last one last. */
  readonly asked: readonly (CardValidators | undefined)[]
  register(more?: Omit<Registration, 'cardUrl'>): Promise<Agent>
  /** Looks at the agent's card, as the agent is now. */
  check(agent: Agent): Promise<Check>
  now(agent: Agent): Promise<Agent>
  /** The card that waits, as its owner is told of it. */
  waiting(agent: Agent): Promise<NonNullable<Awaited<ReturnType<Registry['findProposal']>>>>
  /** How often the store was written to. */
  readonly commits: () => number
}

export async function openDrift({
  wrap = (agents) => agents,
  trustedKeys = cardDeps.trustedKeys,
}: {
  readonly wrap?: (agents: AgentStore) => AgentStore
  readonly trustedKeys?: TrustedKeys
} = {}): Promise<OpenDrift> {
  let page: string | ParleyError = cardText()
  let commits = 0
  const asked: (CardValidators | undefined)[] = []
  const fetched = (url: string): FetchedCard => {
    if (page instanceof ParleyError) throw page
    // Told apart by its text, as by any good tag.
    return { url, text: page, origin: new URL(url).origin, validators: { from: url, etag: `"${page}"` } }
  }
  const cards: CardSource = {
    async fetchCard(url) {
      return fetched(url)
    },
    async refetchCard(url, known) {
      asked.push(known)
      const found = fetched(url)
      return known !== undefined && known.etag === found.validators?.etag ? 'unchanged' : found
    },
  }
  const counted = (agents: AgentStore): AgentStore => ({
    ...agents,
    commit(commit) {
      commits++
      return agents.commit(commit)
    },
  })
  const room = await openRegistry({ cards, trustedKeys, wrap: (agents) => counted(wrap(agents)) })
  const { registry, clock, log } = room
  const agents = counted(wrap(room.agents))
  const checkCard = createCardCheck({
    agents,
    cards,
    trustedKeys,
    addresses: () => ({ http: 'https://gw.example/', grpc: [] }),
    now: () => clock.now,
    events: {
      ...silentEvents,
      agentRegistered: ({ slug, principal }) => log.push(`updated ${slug} by ${principal}`),
      cardProposed: ({ verdict }) => log.push(`proposed ${verdict}`),
    },
    failureOf: ({ message }) => ({ outcome: 'unreachable', message }),
  })
  const now = async ({ id }: Agent) => (await registry.find(id)) ?? assert.fail('the agent is gone')
  return {
    registry,
    agents,
    clock,
    log,
    asked,
    commits: () => commits,
    serve(next) {
      page = next
    },
    register: async (more = {}) => (await registry.register(ada, { ...more, cardUrl: CARD_URL })).agent,
    async check(agent) {
      clock.now += 1000
      const found = await checkCard(await now(agent), new AbortController().signal)
      return found ?? assert.fail('was not looked at')
    },
    now,
    waiting: async ({ id }) => (await registry.findProposal(ada, id)) ?? assert.fail('no card waits'),
  }
}
