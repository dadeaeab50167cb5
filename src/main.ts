import { randomBytes } from 'node:crypto'
import { newUuid } from './a2a/ids.ts'
import type { Access } from './access/access.ts'
import { createAccess } from './access/create-access.ts'
import { createCursors } from './access/page-cursor.ts'
import { DEFAULT_TENANT } from './access/principal.ts'
import type { Config } from './config/config.ts'
import type { Secrets } from './config/secrets.ts'
import { VERSION } from './config/version.ts'
import type { DeliveryDeps } from './delivery/delivery.ts'
import { startWorkers } from './delivery/start-workers.ts'
import { DEFAULT_EDGE_SETTINGS, type EdgeSettings } from './edge/http/app-deps.ts'
import { createEdge } from './edge/http/edge.ts'
import { createOpsApp } from './edge/http/ops-app.ts'
import { listen } from './edge/http/server.ts'
import { ParleyError } from './errors.ts'
import { createRegistry } from './registry/create-registry.ts'
import type { PublicAddresses } from './registry/public-addresses.ts'
import type { Registry } from './registry/registry.ts'
import { createCardSigner } from './registry/signatures/card-signer.ts'
import { createTrustedKeys, parseKeySet } from './registry/signatures/trusted-keys.ts'
import type { Backend } from './storage/backend.ts'
import { createReadiness } from './storage/readiness.ts'
import { createTasks } from './tasks/create-tasks.ts'
import { DEFAULT_TASK_LIMITS } from './tasks/limits.ts'
import { createNews } from './tasks/news.ts'
import { createEvents } from './telemetry/create-events.ts'
import { createLogger } from './telemetry/logger.ts'
import { createMetrics } from './telemetry/metrics.ts'
import { createAgentClient } from './upstream/agent-client.ts'
import { createExtendedCards } from './upstream/extended-cards.ts'
import { createCardSource } from './upstream/fetch-card.ts'
import { createKeySource } from './upstream/fetch-keys.ts'
import { createGuard } from './upstream/guard.ts'

/** A running gateway: it answers, but is not ready before `announce`. Disposing stops it: readiness first, then streams, deliveries and storage. */
export interface Parley extends AsyncDisposable {
  readonly url: string
  readonly access: Access
  readonly registry: Registry
  /** Whatever else had to be ready is: readiness turns on, and the ready record is written. */
  announce(): void
}

/** Calls under way get this long to end when the process stops. */
const STOP_GRACE_MS = 5000

const now = (): number => Date.now()

/** Joins the parts, once and by hand. Rejects, with everything closed again, when one of them cannot open. */
export async function startParley(config: Config, secrets: Secrets): Promise<Parley> {
  await using opened = new AsyncDisposableStack()
  const stopping = new AbortController()
  const logger = createLogger({ level: config.logLevel })
  const metrics = opened.use(createMetrics())
  const events = createEvents({ logger, metrics })

  const guard = createGuard({
    policies: { agents: policy(config.allowAgents), cards: policy(config.allowCards) },
  })
  const backend = opened.use(await openBackend(config))
  const userAgent = `parley/${VERSION}`
  const client = opened.use(createAgentClient({ guard, now, newId: newUuid, userAgent }))
  const cards = opened.use(createCardSource({ guard, userAgent }))

  let url = config.publicUrl ?? ''
  const addresses = (): PublicAddresses => ({ http: url, grpc: [] })
  const { cursorKey } = secrets
  const access = createAccess({ keys: backend.keys, now, newId: newUuid, events, randomBytes })
  const registry = createRegistry({
    agents: backend.agents,
    access,
    cards,
    now,
    newId: newUuid,
    events,
    addresses,
    cursorKey,
    cardSigner: await createCardSigner(secrets.cardSigningKey),
    extendedCards: createExtendedCards(client),
    trustedKeys: createTrustedKeys({
      pinned: parseKeySet(secrets.cardKeys ?? '{"keys":[]}', 'PARLEY_CARD_KEYS_FILE'),
      locations: config.cardKeyUrls,
      source: opened.use(createKeySource({ guard, userAgent })),
      now,
    }),
  })
  await access.ensureKey(secrets.adminKey, {
    subject: 'key:admin',
    tenant: DEFAULT_TENANT,
    scopes: ['admin'],
    label: 'admin',
  })

  const ended = new AbortController()
  opened.defer(() => ended.abort())
  const news = createNews(backend.hints(ended.signal), ended.signal)
  const limits = {
    ...DEFAULT_TASK_LIMITS,
    maxWaitMs: config.maxWaitMs,
    staleMs: config.staleMs,
    retentionMs: config.retentionMs,
  }
  const shared = { store: backend.tasks, events, now, limits, news, newId: newUuid }
  const delivery: DeliveryDeps = { ...shared, queue: backend.work, registry, client }
  const workers =
    config.role === 'api'
      ? undefined
      : opened.use(startWorkers(delivery, backend.hints(ended.signal), config))
  const tasks = createTasks({
    ...shared,
    access,
    registry,
    cursors: createCursors(cursorKey),
    stopping: stopping.signal,
    ...(workers === undefined ? {} : { worker: workers.local }),
  })

  let isOpen = false
  const isReady = createReadiness({ isOpen: () => isOpen, check: () => backend.ready(), now })
  const { app, ...ways } =
    config.role === 'worker'
      ? { app: createOpsApp({ isReady, ...(config.isLoopback ? { scrape: metrics.scrape } : {}) }) }
      : createEdge({
          access,
          registry,
          tasks,
          events,
          scrape: metrics.scrape,
          isReady,
          shutdown: stopping.signal,
          now,
          monotonicMs: () => performance.now(),
          newId: newUuid,
          addresses,
          version: VERSION,
          settings: edgeSettings(config),
        })
  const tls = secrets.tls === undefined ? {} : { tls: secrets.tls }
  const listener = await listen(app, { host: config.host, port: config.port, ...tls, ...ways })
  opened.defer(() => listener.close(STOP_GRACE_MS))
  url ||= listener.url
  if (config.opsPort !== undefined) {
    const opsApp = createOpsApp({ isReady, scrape: metrics.scrape })
    const ops = await listen(opsApp, { host: '127.0.0.1', port: config.opsPort })
    opened.defer(() => ops.close(0))
  }
  // Runs first when the stack unwinds: news of the stop goes out before anything closes.
  opened.defer(() => {
    isOpen = false
    events.stopping({ reason: 'asked to stop' })
    stopping.abort(new ParleyError('stream_resume_required', 'The gateway is restarting: resume the stream'))
  })
  const parts = opened.move()
  return {
    url: listener.url,
    access,
    registry,
    announce() {
      isOpen = true
      events.ready({ url: listener.url, role: config.role, backend: config.backend.kind })
    },
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  }
}

/** Only the backend that runs is loaded. */
async function openBackend({ backend, role }: Config): Promise<Backend> {
  if (backend.kind === 'memory') return (await import('./storage/memory/open-memory.ts')).openMemory()
  const { openSqlite } = await import('./storage/sqlite/open-sqlite.ts')
  return openSqlite({ path: backend.path, now, shared: role !== 'all' })
}

const policy = (allow: Config['allowAgents']) => (allow === 'loopbackOnly' ? allow : { allow })

function edgeSettings(config: Config): EdgeSettings {
  return {
    ...DEFAULT_EDGE_SETTINGS,
    anonymous: config.anonymous,
    strictVersion: config.strictVersion,
    heartbeatMs: config.heartbeatMs,
    ...(config.rootAgent === undefined ? {} : { rootAgent: config.rootAgent }),
    ...(config.demo ? { allowedHosts: ['localhost', '127.0.0.1', '[::1]'] } : {}),
  }
}
