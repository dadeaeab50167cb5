import { join, resolve } from 'node:path'
import { ParleyError, type Violation } from '../errors.ts'
import { isLoopbackHost } from './addresses.ts'
import { type EdgeConfig, edgeConfig } from './edge-config.ts'
import type { Env } from './env.ts'
import { type GrpcListener, grpcListeners } from './grpc-listeners.ts'
import { readSettings } from './read-settings.ts'
import { type TlsFiles, tlsFiles } from './tls-files.ts'

export type Role = 'all' | 'api' | 'worker'

/** The validated configuration. Holds no secrets, so it may be printed. */
export type Config = {
  readonly host: string
  readonly port: number
  readonly isLoopback: boolean
  readonly publicUrl: string | undefined
  readonly grpc: readonly GrpcListener[]
  /** HTTP and gRPC are served over TLS with these. */
  readonly tls: TlsFiles | undefined
  readonly edge: EdgeConfig
  readonly registration: 'open' | 'approve'
  readonly rootAgent: string | undefined
  readonly strictVersion: boolean
  readonly dataDir: string
  readonly backend: { readonly kind: 'memory' } | { readonly kind: 'sqlite'; readonly path: string }
  readonly role: Role
  readonly anonymous: boolean
  readonly allowAgents: readonly string[] | 'loopbackOnly'
  readonly allowCards: readonly string[] | 'loopbackOnly'
  readonly allowIdentity: readonly string[] | 'loopbackOnly'
  readonly allowAlerts: readonly string[] | 'loopbackOnly'
  /** A JWK set. */
  readonly cardKeysFile: string | undefined
  readonly cardKeyUrls: readonly string[]
  readonly concurrency: number
  readonly agentConcurrency: number
  readonly maxWaitMs: number
  readonly staleMs: number
  readonly retentionMs: number
  readonly auditRetentionMs: number
  readonly alertsRetentionMs: number
  readonly changesRetentionMs: number
  readonly heartbeatMs: number
  readonly recheckMs: number
  readonly keyRotationMs: number
  /** 0: agents are not looked at by themselves. */
  readonly probeIntervalMs: number
  readonly probeTimeoutMs: number
  /** 0: never. */
  readonly cardCheckMs: number
  readonly logLevel: LogLevel
  readonly opsPort: number | undefined
  readonly demo: boolean
}

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const
type LogLevel = (typeof LOG_LEVELS)[number]

const MIN_PROBE_INTERVAL_MS = 100
const HOUR_MS = 60 * 60 * 1000
const DAY_MS = 24 * HOUR_MS

/** Applies defaults and judges the whole. Throws `invalid_params` naming every problem at once. */
export function toConfig(env: Env, facts: { readonly cwd: string; readonly isProduction: boolean }): Config {
  const problems: Violation[] = []
  const read = readSettings(env, problems)
  const host = env.HOST ?? '127.0.0.1'
  const isLoopback = isLoopbackHost(host)
  const dataDir = resolve(facts.cwd, env.DATA_DIR ?? 'data')
  const backend = read.oneOf('BACKEND', ['sqlite', 'memory'], 'sqlite')
  const role = read.oneOf('ROLE', ['all', 'api', 'worker'], 'all')
  const demo = read.flag('DEMO', false)
  const allowAgents = read.list('ALLOW_AGENTS')
  const edge = edgeConfig(read)
  const tls = tlsFiles(env, read)
  const grpc = grpcListeners(read, host)

  if (backend === 'memory' && role !== 'all') {
    read.problem(
      'ROLE',
      `is ${role}, but the memory backend lives in one process: use ROLE=all or BACKEND=sqlite`,
    )
  }
  if (role === 'worker' && env.PUBLIC_URL === undefined) {
    read.problem('PUBLIC_URL', 'is needed with PARLEY_ROLE=worker: agents know the gateway by it')
  }
  if (demo && !isLoopback) read.problem('DEMO', 'is for a loopback listener only')
  if (demo && facts.isProduction) read.problem('DEMO', 'does not run with NODE_ENV=production')
  if (demo && role !== 'all') read.problem('DEMO', 'needs ROLE=all')
  if (edge.trustedProxies.length === 0 && !edge.allowPlaintext && tls === undefined) {
    if (!isLoopback) read.problem('HOST', `is ${host}, ${PLAINTEXT}`)
    const open = grpc.find((listener) => listener.host !== host && !isLoopbackHost(listener.host))
    if (open !== undefined) read.problem('GRPC', `listens on ${open.host}, ${PLAINTEXT}`)
  }

  const config: Config = {
    host,
    port: read.integer('PORT', role === 'worker' ? 0 : 7420, { min: 0, max: 65_535 }),
    isLoopback,
    publicUrl: read.url('PUBLIC_URL'),
    grpc,
    tls,
    edge,
    registration: read.oneOf('REGISTRATION', ['open', 'approve'], 'open'),
    rootAgent: env.ROOT_AGENT,
    strictVersion: read.flag('STRICT_VERSION', false),
    dataDir,
    backend: backend === 'memory' ? { kind: 'memory' } : { kind: 'sqlite', path: join(dataDir, 'parley.db') },
    role,
    anonymous: read.flag('ANONYMOUS', isLoopback),
    allowAgents: demo ? 'loopbackOnly' : allowAgents,
    allowCards: demo
      ? 'loopbackOnly'
      : env.ALLOW_CARDS === undefined
        ? allowAgents
        : read.list('ALLOW_CARDS'),
    allowIdentity: demo ? 'loopbackOnly' : read.list('ALLOW_IDENTITY'),
    allowAlerts: demo ? 'loopbackOnly' : read.list('ALLOW_ALERTS'),
    cardKeysFile: env.CARD_KEYS_FILE,
    cardKeyUrls: read.urls('CARD_JKU'),
    concurrency: read.integer('CONCURRENCY', 128, { min: 1, max: 10_000 }),
    agentConcurrency: read.integer('AGENT_CONCURRENCY', 64, { min: 1, max: 10_000 }),
    maxWaitMs: read.integer('MAX_WAIT_MS', 55_000, { min: 1, max: 3_600_000 }),
    staleMs: read.integer('TASK_STALE_MS', DAY_MS, { min: 1000 }),
    retentionMs: read.integer('TASK_RETENTION_MS', 30 * DAY_MS, { min: 1000 }),
    keyRotationMs: read.integer('SIGNING_KEY_ROTATION_MS', 30 * DAY_MS, { min: HOUR_MS }),
    alertsRetentionMs: read.integer('ALERTS_RETENTION_MS', 90 * DAY_MS, { min: 60_000 }),
    auditRetentionMs: read.integer('AUDIT_RETENTION_MS', 400 * DAY_MS, { min: DAY_MS }),
    changesRetentionMs: read.integer('CHANGES_RETENTION_MS', 30 * DAY_MS, { min: 1000 }),
    heartbeatMs: read.integer('HEARTBEAT_MS', 15_000, { min: 100, max: 300_000 }),
    recheckMs: read.integer('RECHECK_MS', 60_000, { min: 100, max: 60_000 }),
    probeIntervalMs: read.integer('PROBE_INTERVAL_MS', 60_000, { min: 0, max: DAY_MS }),
    probeTimeoutMs: read.integer('PROBE_TIMEOUT_MS', 10_000, { min: 100, max: 60_000 }),
    cardCheckMs: read.integer('CARD_CHECK_MS', HOUR_MS, { min: 0, max: 365 * DAY_MS }),
    logLevel: read.oneOf('LOG_LEVEL', LOG_LEVELS, 'info'),
    opsPort: env.OPS_PORT === undefined ? undefined : read.integer('OPS_PORT', 0, { min: 0, max: 65_535 }),
    demo,
  }
  if (config.probeIntervalMs > 0 && config.probeIntervalMs < MIN_PROBE_INTERVAL_MS) {
    read.problem(
      'PROBE_INTERVAL_MS',
      `is ${config.probeIntervalMs}, but must be 0 or at least ${MIN_PROBE_INTERVAL_MS}`,
    )
  }
  if (problems.length > 0)
    throw new ParleyError('invalid_params', summary(problems), { violations: problems })
  return config
}

const PLAINTEXT =
  'beyond loopback, without TLS: set PARLEY_TLS_CERT_FILE and PARLEY_TLS_KEY_FILE, name the proxy that ends TLS in PARLEY_TRUSTED_PROXIES, or set PARLEY_ALLOW_PLAINTEXT=1'

const summary = (problems: readonly Violation[]): string =>
  problems.map(({ pointer, message }) => `${pointer} ${message}`).join('; ')
