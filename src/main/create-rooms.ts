import { randomBytes } from 'node:crypto'
import { newUuid } from '../a2a/ids.ts'
import type { Access } from '../access/access.ts'
import type { Audit } from '../access/audit/audit.ts'
import { createAudit } from '../access/audit/create-audit.ts'
import { createDenials, type Denials } from '../access/audit/denials.ts'
import { keepAudit } from '../access/audit/keep-audit.ts'
import type { Certificates } from '../access/certificates.ts'
import { createAccess } from '../access/create-access.ts'
import { createCredentials } from '../access/credentials/credentials.ts'
import { createKeyUses } from '../access/key-uses.ts'
import { createCursors } from '../access/page-cursor.ts'
import { DEFAULT_TENANT } from '../access/principal.ts'
import { createServiceTokens } from '../access/service-identity/create-service-tokens.ts'
import type { SigningKeys } from '../access/service-identity/signing-keys.ts'
import { createTokens } from '../access/tokens/tokens.ts'
import type { Alerts } from '../alerts/alerts.ts'
import type { Channels } from '../alerts/channels.ts'
import type { Config } from '../config/config.ts'
import type { Secrets } from '../config/secrets.ts'
import { VERSION } from '../config/version.ts'
import type { DeliveryDeps } from '../delivery/delivery.ts'
import { startWorkers } from '../delivery/start-workers.ts'
import type { Changes } from '../registry/changes/changes.ts'
import { createChanges } from '../registry/changes/create-changes.ts'
import type { Health } from '../registry/health/health.ts'
import type { PublicAddresses } from '../registry/public-addresses.ts'
import type { Registry } from '../registry/registry.ts'
import { createTasks } from '../tasks/create-tasks.ts'
import { DEFAULT_TASK_LIMITS } from '../tasks/limits.ts'
import { createNews } from '../tasks/news.ts'
import type { Tasks } from '../tasks/tasks.ts'
import type { Events } from '../telemetry/events.ts'
import { createAgentClient } from '../upstream/agent-client.ts'
import { createAlertSender } from '../upstream/alert-sender.ts'
import { createEgress } from '../upstream/egress.ts'
import { createIdentitySource } from '../upstream/fetch-keys.ts'
import { createGuard } from '../upstream/guard.ts'
import { createTokenSource } from '../upstream/request-token.ts'
import { checkIssuers } from './check-issuers.ts'
import { openAlerts } from './open-alerts.ts'
import { openBackend } from './open-backend.ts'
import { openIdentity } from './open-identity.ts'
import { openRegistry } from './open-registry.ts'
import { removeOld } from './remove-old.ts'

export type RoomsDeps = {
  readonly config: Config
  readonly secrets: Secrets
  readonly events: Events
  readonly now: () => number
  /** Whom client certificates prove. */
  readonly certificates: Certificates
  /** Known once the gateway listens. */
  readonly addresses: () => PublicAddresses
  /** How the world reaches the gateway, once that is known. */
  readonly publicUrl: Promise<string>
  /** Aborts when the process stops, with the error that readers get. */
  readonly stopping: AbortSignal
}

/** The business over its backend, with workers where this process has them. Disposing stops workers first, storage last. */
export interface Rooms extends AsyncDisposable {
  readonly access: Access
  readonly registry: Registry
  readonly health: Health
  readonly changes: Changes
  readonly tasks: Tasks
  readonly channels: Channels
  readonly alerts: Alerts
  readonly signingKeys: SigningKeys
  readonly audit: Audit
  readonly denials: Denials
  /** Whether the backend answers. */
  readonly check: () => Promise<void>
}

/** Rejects, with everything closed again, when a part cannot open. */
export async function createRooms(deps: RoomsDeps): Promise<Rooms> {
  const { config, secrets, events, now, addresses, publicUrl, certificates, stopping } = deps
  await using opened = new AsyncDisposableStack()
  const guard = createGuard({
    policies: {
      agents: policy(config.allowAgents),
      cards: policy(config.allowCards),
      identity: policy(config.allowIdentity),
      alerts: policy(config.allowAlerts),
    },
    egress: createEgress(secrets.outbound),
  })
  checkIssuers(secrets.issuers, guard)
  const backend = opened.use(await openBackend(config, { now, shared: config.role !== 'all' }))
  const denials = createDenials({ store: backend.audit, events, now })
  const { auditRetentionMs, changesRetentionMs } = config
  opened.use(keepAudit({ store: backend.audit, denials, events, now, retentionMs: auditRetentionMs }))
  opened.use(
    removeOld({ what: 'changes', store: backend.changes, retentionMs: changesRetentionMs, events, now }),
  )
  const outbound = { guard, userAgent: `parley/${VERSION}` }
  const { signingKeys, vault } = await openIdentity({ config, secrets, backend, events, now })
  const serviceTokens = createServiceTokens({
    keys: signingKeys,
    issuer: publicUrl,
    now,
    newId: newUuid,
  })
  const credentials = createCredentials({
    store: backend.credentials,
    vault,
    source: opened.use(createTokenSource(outbound)),
    events,
    now,
    stopping,
  })
  const client = opened.use(
    createAgentClient({ ...outbound, now, newId: newUuid, serviceTokens, credentials }),
  )

  const tokens = createTokens({
    issuers: secrets.issuers,
    source: opened.use(createIdentitySource(outbound)),
    events,
    now,
    stopping,
  })
  const cursors = createCursors(secrets.cursorKey)
  const access = createAccess({
    keys: backend.keys,
    now,
    newId: newUuid,
    events,
    randomBytes,
    cursors,
    tokens,
    certificates,
    uses: opened.use(createKeyUses({ keys: backend.keys, now, events })),
  })
  const { registry, health, probes } = opened.use(
    openRegistry({ ...deps, backend, outbound, access, credentials, client, cursors, signingKeys }),
  )
  await access.ensureKey(secrets.adminKey, {
    subject: 'key:admin',
    tenant: DEFAULT_TENANT,
    scopes: ['admin'],
    label: 'admin',
  })

  // Nobody waits: an issuer that is down must not keep the gateway from serving everybody else.
  if (config.role !== 'worker') void tokens.warm()

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
  const delivery: DeliveryDeps = {
    ...shared,
    queue: backend.work,
    registry,
    access,
    client,
    ...(probes && { onResult: probes.note }),
  }
  const workers =
    config.role === 'api'
      ? undefined
      : opened.use(startWorkers(delivery, backend.hints(ended.signal), config))
  const tasks = createTasks({
    ...shared,
    access,
    registry,
    audit: backend.audit,
    cursors,
    stopping,
    ...(workers === undefined ? {} : { worker: workers.local }),
  })
  const changes = createChanges({
    store: backend.changes,
    agents: backend.agents,
    access,
    cursors,
    now,
    newId: newUuid,
    retentionMs: changesRetentionMs,
    watch: news.watchChanges,
  })
  const { mailServer } = secrets
  const sender = opened.use(
    createAlertSender({
      ...outbound,
      ...(mailServer === undefined ? {} : { mailServer }),
      externalUrl: () => addresses().http,
      now,
    }),
  )
  const { alerts, channels } = opened.use(
    openAlerts({ config, backend, access, cursors, vault, sender, events, now }),
  )
  const parts = opened.move()
  return {
    access,
    registry,
    health,
    changes,
    tasks,
    channels,
    alerts,
    signingKeys,
    audit: createAudit({ store: backend.audit, denials, cursors, now }),
    denials,
    check: () => backend.ready(),
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  }
}

const policy = (allow: Config['allowAgents']) => (allow === 'loopbackOnly' ? allow : { allow })
