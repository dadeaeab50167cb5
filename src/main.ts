import { newUuid } from './a2a/ids.ts'
import type { Access } from './access/access.ts'
import { createCertificates } from './access/certificates.ts'
import { publicIssuer } from './access/tokens/public-issuer.ts'
import type { Config } from './config/config.ts'
import type { Secrets } from './config/secrets.ts'
import { VERSION } from './config/version.ts'
import { DEFAULT_EDGE_SETTINGS, type EdgeSettings } from './edge/app-deps.ts'
import { createCallLimits } from './edge/call-limits.ts'
import { ParleyError } from './errors.ts'
import { createRooms } from './main/create-rooms.ts'
import { demandsTls, type Listeners, openListeners } from './main/open-listeners.ts'
import { renewTls } from './main/renew-tls.ts'
import type { PublicAddresses } from './registry/public-addresses.ts'
import type { Registry } from './registry/registry.ts'
import { createReadiness } from './storage/readiness.ts'
import { createEvents } from './telemetry/create-events.ts'
import { createLogger } from './telemetry/logger.ts'
import { createMetrics } from './telemetry/metrics.ts'

/**
 * A running gateway: it answers, but is not ready before `announce`. Disposing stops it: readiness first, then streams,
 * deliveries and storage.
 */
export interface Parley extends AsyncDisposable {
  readonly url: string
  /** `host:port` of each gRPC listener, in the order of the setting. */
  readonly grpc: readonly string[]
  readonly access: Access
  readonly registry: Registry
  /** Whatever else had to be ready is: readiness turns on, and the ready record is written. */
  announce(): void
}

const now = (): number => Date.now()

/** Joins the parts, once and by hand. Rejects, with everything closed again, when one of them cannot open. */
export async function startParley(config: Config, secrets: Secrets): Promise<Parley> {
  await using opened = new AsyncDisposableStack()
  const stopping = new AbortController()
  const logger = createLogger({ level: config.logLevel })
  const metrics = opened.use(createMetrics())
  const events = createEvents({ logger, metrics })

  let listeners: Listeners | undefined
  const issuers = secrets.issuers.map(publicIssuer)
  const addresses = (): PublicAddresses => ({
    ...(listeners?.addresses ?? { http: config.publicUrl ?? '', grpc: [] }),
    ...(issuers.length > 0 && { issuers }),
  })
  const certificates = createCertificates(secrets.tls?.certificateRules() ?? [], now)
  const listening = Promise.withResolvers<string>()
  // Whoever waits gets the reason; often nobody does.
  listening.promise.catch(() => {})
  const rooms = opened.use(
    await createRooms({
      config,
      secrets,
      events,
      now,
      addresses,
      certificates,
      publicUrl: config.publicUrl === undefined ? listening.promise : Promise.resolve(config.publicUrl),
      stopping: stopping.signal,
    }),
  )
  // Work that was left over goes on as soon as there are workers, and must not wait for what will never come.
  opened.defer(() => listening.reject(new ParleyError('unavailable', 'The gateway does not listen')))
  const { access, registry, changes, tasks, channels, alerts, audit, denials, signingKeys } = rooms

  let isOpen = false
  const opening = await openListeners(config, secrets, {
    access,
    registry,
    changes,
    tasks,
    channels,
    alerts,
    publicKeys: signingKeys.publicKeys,
    audit,
    denials,
    events,
    scrape: metrics.scrape,
    isReady: createReadiness({ isOpen: () => isOpen, check: rooms.check, now }),
    shutdown: stopping.signal,
    now,
    monotonicMs: () => performance.now(),
    newId: newUuid,
    addresses,
    version: VERSION,
    limits: createCallLimits(config.edge, () => performance.now()),
    settings: edgeSettings(config),
  })
  listeners = opened.use(opening)
  const { url, grpc } = listeners
  if (config.tls !== undefined && secrets.tls !== undefined) {
    opened.use(renewTls({ files: config.tls, tls: secrets.tls, listeners, certificates, events }))
  }
  listening.resolve(listeners.addresses.http)
  // Runs first when the stack unwinds: news of the stop goes out before anything closes.
  opened.defer(() => {
    isOpen = false
    events.stopping({ reason: 'asked to stop' })
    stopping.abort(new ParleyError('stream_resume_required', 'The gateway is restarting: resume the stream'))
  })
  const parts = opened.move()
  return {
    url,
    grpc,
    access,
    registry,
    announce() {
      isOpen = true
      events.ready({ url, role: config.role, backend: config.backend.kind, ...(grpc.length > 0 && { grpc }) })
    },
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  }
}

function edgeSettings(config: Config): EdgeSettings {
  return {
    ...DEFAULT_EDGE_SETTINGS,
    anonymous: config.anonymous,
    strictVersion: config.strictVersion,
    heartbeatMs: config.heartbeatMs,
    trustedProxies: config.edge.trustedProxies,
    forwarded: config.edge.forwarded,
    corsOrigins: config.edge.corsOrigins,
    hsts: !config.isLoopback,
    demandsTls: demandsTls(config, config.host),
    recheckMs: config.recheckMs,
    maxWaitMs: config.maxWaitMs,
    ...(config.rootAgent === undefined ? {} : { rootAgent: config.rootAgent }),
    ...(config.demo ? { allowedHosts: ['localhost', '127.0.0.1', '[::1]'] } : {}),
  }
}
