import { newUuid } from '../a2a/ids.ts'
import type { Access } from '../access/access.ts'
import type { Credentials } from '../access/credentials/credentials.ts'
import type { Cursors } from '../access/page-cursor.ts'
import { parseKeySet } from '../access/public-keys.ts'
import type { SigningKeys } from '../access/service-identity/signing-keys.ts'
import type { Config } from '../config/config.ts'
import type { Secrets } from '../config/secrets.ts'
import type { AgentClient } from '../delivery/agent-client.ts'
import { createRegistry } from '../registry/create-registry.ts'
import { createHealth } from '../registry/health/create-health.ts'
import type { Health } from '../registry/health/health.ts'
import type { PublicAddresses } from '../registry/public-addresses.ts'
import type { Registry } from '../registry/registry.ts'
import { createTrustedKeys } from '../registry/signatures/trusted-keys.ts'
import type { Backend } from '../storage/backend.ts'
import type { Events } from '../telemetry/events.ts'
import { createExtendedCards } from '../upstream/extended-cards.ts'
import { createCardSource } from '../upstream/fetch-card.ts'
import { createKeySource } from '../upstream/fetch-keys.ts'
import { type Guard, refusalOf } from '../upstream/guard.ts'
import { followCards } from './follow-cards.ts'
import { type OpenProbes, openProbes } from './open-probes.ts'

export type OpenRegistryDeps = {
  readonly config: Config
  readonly secrets: Secrets
  readonly backend: Backend
  readonly outbound: { readonly guard: Guard; readonly userAgent: string }
  readonly access: Access
  readonly credentials: Credentials
  readonly client: AgentClient
  readonly cursors: Cursors
  readonly signingKeys: SigningKeys
  readonly events: Events
  readonly now: () => number
  /** Known once the gateway listens. */
  readonly addresses: () => PublicAddresses
  readonly publicUrl: Promise<string>
}

export type OpenRegistry = AsyncDisposable & {
  readonly registry: Registry
  readonly health: Health
  /** Absent where this process looks after no agents. */
  readonly probes: OpenProbes | undefined
}

/** Which agents exist and how they are, with what looks after them where this process does. Disposing ends that. */
export function openRegistry(deps: OpenRegistryDeps): OpenRegistry {
  const { config, secrets, backend, outbound, client, signingKeys, events, now, addresses } = deps
  const opened = new AsyncDisposableStack()
  const health = createHealth({ store: backend.health, now, events })
  const judging = {
    addresses,
    refusalOf: (url: string) => refusalOf(outbound.guard, url, 'agents'),
    trustedKeys: createTrustedKeys({
      pinned: parseKeySet(secrets.cardKeys ?? '{"keys":[]}', 'PARLEY_CARD_KEYS_FILE'),
      locations: config.cardKeyUrls,
      source: opened.use(createKeySource(outbound)),
      events,
      now,
    }),
  }
  const cards = opened.use(createCardSource(outbound))
  let probes: OpenProbes | undefined
  const registry = createRegistry({
    ...judging,
    health,
    work: {
      async put(work) {
        await backend.work.put(work)
        probes?.wake()
      },
    },
    agents: backend.agents,
    registration: config.registration,
    access: deps.access,
    credentials: deps.credentials,
    cards,
    now,
    newId: newUuid,
    events,
    cursors: deps.cursors,
    cardSigner: () => signingKeys.signer('card'),
    extendedCards: createExtendedCards(client),
  })
  if (config.role !== 'api') {
    const everyMs = config.cardCheckMs
    const { agents } = backend
    const followed = followCards({
      ...judging,
      agents,
      cards,
      events,
      now,
      everyMs,
      listening: deps.publicUrl,
    })
    probes = opened.use(
      openProbes({ config, backend, registry, health, client, cards: followed, events, now }),
    )
  }
  return { registry, health, probes, [Symbol.asyncDispose]: () => opened.disposeAsync() }
}
