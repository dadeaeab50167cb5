import type { NewId } from '../a2a/ids.ts'
import type { Access } from '../access/access.ts'
import type { Audit } from '../access/audit/audit.ts'
import type { Denials } from '../access/audit/denials.ts'
import type { SigningKeys } from '../access/service-identity/signing-keys.ts'
import type { Alerts } from '../alerts/alerts.ts'
import type { Channels } from '../alerts/channels.ts'
import type { Changes } from '../registry/changes/changes.ts'
import type { PublicAddresses } from '../registry/public-addresses.ts'
import type { Registry } from '../registry/registry.ts'
import type { Tasks } from '../tasks/tasks.ts'
import type { Events } from '../telemetry/events.ts'
import type { CallLimits } from './call-limits.ts'
import type { CallerSettings, Callers } from './callers.ts'
import type { BrowserSettings } from './http/browser-rules.ts'
import type { OpenStreams } from './open-streams.ts'
import type { Rechecks } from './rechecks.ts'

export type EdgeSettings = CallerSettings &
  BrowserSettings & {
    /** Callers without a credential are served as `anonymous`; otherwise they get 401. */
    readonly anonymous: boolean
    /** A request that declares no A2A version is one of 0.3, whatever it asks for (A2A 1.0 §3.6). */
    readonly strictVersion: boolean
    /** Longest request body, in bytes. */
    readonly maxBodyBytes: number
    /** A quiet stream says so before this long has passed. */
    readonly heartbeatMs: number
    /** Streams and long waits are checked again, this often, whether their caller may still do that. */
    readonly recheckMs: number
    /** How long a send may wait for its answer. */
    readonly maxWaitMs: number
    /** How long a stream may stay without a first event before its headers are sent anyway. */
    readonly firstEventWaitMs: number
    /** The agent, by slug or id, whose card this host itself serves; the directory when absent. */
    readonly rootAgent?: string
    /**
     * Host names (without port, IPv6 in brackets) that may be asked for; every name when absent. Guards against DNS
     * rebinding.
     */
    readonly allowedHosts?: readonly string[]
  }

export const DEFAULT_EDGE_SETTINGS: EdgeSettings = {
  anonymous: false,
  strictVersion: false,
  maxBodyBytes: 4 * 1024 * 1024,
  heartbeatMs: 15_000,
  recheckMs: 60_000,
  maxWaitMs: 55_000,
  firstEventWaitMs: 5_000,
  corsOrigins: [],
  hsts: false,
  trustedProxies: [],
  forwarded: 'x-forwarded',
  demandsTls: false,
}

/** Everything the edges are made from. */
export type AppDeps = {
  readonly access: Access
  readonly registry: Registry
  readonly changes: Changes
  readonly tasks: Tasks
  readonly channels: Channels
  readonly alerts: Alerts
  /** The JWK set of the keys that Parley signs with: those for one use, or all. */
  readonly publicKeys: SigningKeys['publicKeys']
  readonly audit: Audit
  /** Told of every call that is refused. */
  readonly denials: Denials
  readonly events: Events
  /** The metrics in Prometheus text format. */
  readonly scrape: () => Promise<string>
  /** False from start-up until everything is open, and again from the moment a stop was asked for. */
  readonly isReady: () => Promise<boolean>
  /** Aborts when open streams must end, after `isReady` has turned false. */
  readonly shutdown: AbortSignal
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number
  /** Milliseconds of a clock that never goes back, with fractions; durations are differences of it. */
  readonly monotonicMs: () => number
  readonly newId: NewId
  /** How the world reaches the gateway; known once it listens. */
  readonly addresses: () => PublicAddresses
  /** Parley's own version, shown in the API description. */
  readonly version: string
  /** Of this process, so that every listener counts into the same. */
  readonly limits: CallLimits
  readonly settings: EdgeSettings
}

/** What one call through an edge needs beyond the rooms. */
export type EdgeDeps = AppDeps & {
  readonly openStreams: OpenStreams
  readonly callers: Callers
  readonly rechecks: Rechecks
}
