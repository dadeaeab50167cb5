/**
 * Who is calling and what they may do.
 *
 * Owns principals, API keys, which tokens are believed, and every access decision. Knows nothing of tasks or agents
 * beyond the few facts a decision needs (`Resource`); reads no headers. Other rooms ask `decide`; edges ask `authenticate`
 * once per call, and `reassess` while it lasts.
 */
import type { Operation } from '../a2a/operation.ts'
import type { ClientCertificate } from './certificates.ts'
import type { Grant } from './grant.ts'
import type { ApiKey } from './key-store.ts'
import type { Page, PageQuery } from './page.ts'
import type { Call, Principal, Scope } from './principal.ts'

export const ACTIONS = {
  discover: 'agents:read',
  invoke: 'tasks:submit',
  manage: 'agents:write',
  beat: 'agents:heartbeat',
  read: 'tasks:read',
  cancel: 'tasks:cancel',
} as const satisfies Record<string, Scope>

/** What somebody wants to do, and the scope it takes. */
export type Action = keyof typeof ACTIONS

export const ACTION_NAMES = [
  'discover',
  'invoke',
  'read',
  'cancel',
  'manage',
  'beat',
] as const satisfies Action[]

export type AgentResource = {
  readonly kind: 'agent'
  /** Absent while the agent is not registered yet. */
  readonly id?: string
  readonly tenant: string
  readonly owner: string
  readonly visibility: 'public' | 'tenant' | 'restricted'
  readonly lifecycle: 'draft' | 'pending' | 'active' | 'deprecated' | 'disabled'
  readonly grants: readonly Grant[]
}

export type TaskResource = {
  readonly kind: 'task'
  readonly agentId: string
  readonly tenant: string
  readonly owner: string
}

export type Resource = AgentResource | TaskResource

/**
 * `reason` is `scope` (the principal lacks the scope, and may be told so), `grant` (it sees the resource, and may be
 * told that it lacks the right), `disabled` (it has the right, and nobody may use it now), or `hidden` (answer exactly
 * as if the resource were missing). Obligations (quota, metering) travel into the commit.
 */
export type Decision =
  | { readonly allow: true; readonly grantId?: string; readonly obligations: readonly string[] }
  | {
      readonly allow: false
      readonly reason: 'scope' | 'grant' | 'disabled' | 'hidden'
      readonly scope: Scope
    }

export type NewKey = {
  /** `<issuer alias>:<value>`; a value alone gets the alias of API keys, `key`. */
  readonly subject: string
  readonly tenant?: string
  readonly scopes: readonly Scope[]
  readonly label: string
  /** Ids of the only agents it is good for; every agent when absent. */
  readonly agents?: readonly string[]
  readonly expiresAt?: number
}

/** How a key is replaced. */
export type Rotation = {
  /** How long the old key goes on, if it would not end before. 0 ends it at once. */
  readonly overlapMs: number
  /** When the new key ends; absent, it lives as long as the old one was made for. */
  readonly expiresAt?: number
}

/** A key just made. Its secret is here and nowhere else. */
export type MadeKey = { readonly key: ApiKey; readonly secret: string }

export interface Access {
  /**
   * The principal of a presented key or token, told apart by their form; `undefined` when it is unknown, expired, revoked or
   * otherwise no good. Throws `forbidden` for a token that lacks a scope which its issuer's tokens must have. The log says
   * under `requestId` why a token was refused.
   */
  authenticate(credential: string, requestId?: string): Promise<Principal | undefined>
  /** Who the holder of a trusted client certificate is; `undefined` when no rule says so. */
  authenticateCertificate(certificate: ClientCertificate): Principal | undefined
  /** `operation` is the operation of A2A that the action is part of; without it the action's plainest one counts. */
  decide(principal: Principal, action: Action, resource: Resource, operation?: Operation): Decision
  /**
   * The principal as its credential makes it now, for what goes on after the call it came with: `undefined` once the
   * credential has ended or was revoked. A token is believed until the principal's `expiresAt`, as far as its issuer
   * still is. For a task that was set going, a key that was replaced counts as the one that took its place, unless it
   * was revoked.
   */
  reassess(principal: Principal, goesOn?: 'call' | 'task'): Promise<Principal | undefined>
  /**
   * Makes a key, or one in another's place. Takes `admin`, as all that is done to keys does. Throws `forbidden` for a
   * key that could do more than the caller, or outlive the key the caller comes with.
   */
  createKey(call: Call, key: NewKey): Promise<MadeKey>
  /**
   * As `createKey`. Also throws `not_found`, and `conflict` for a key that has ended. Each rotation makes a key of its
   * own.
   */
  rotateKey(call: Call, id: string, rotation: Rotation): Promise<MadeKey>
  /** Throws `not_found` for a key of another tenant, and for one good for agents that the caller's credential is not for. */
  getKey(call: Call, id: string): Promise<ApiKey>
  /** Every key that `getKey` would find, by id. */
  listKeys(call: Call, page: PageQuery): Promise<Page<ApiKey>>
  /** Throws as `getKey` does. Revoking again changes nothing. */
  revokeKey(call: Call, id: string): Promise<void>
  /** Makes `secret` valid with exactly this subject and these scopes, whatever was stored for it before. */
  ensureKey(secret: string, key: NewKey): Promise<ApiKey>
}
