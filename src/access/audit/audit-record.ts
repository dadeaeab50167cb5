import type { Call, Credential } from '../principal.ts'

/** Everything the audit log tells of: `<what>.<what was done to it>`. */
export const AUDIT_ACTIONS = [
  'key.create',
  'key.rotate',
  'key.revoke',
  'agent.register',
  'agent.update',
  'agent.approve',
  'agent.refuse',
  'agent.unregister',
  // Of a card at the URL that an agent was registered by: it waits, waits no more, is the agent's, or is not to be.
  'card.propose',
  'card.withdraw',
  'card.accept',
  'card.reject',
  'grant.create',
  'grant.delete',
  'credential.store',
  'credential.delete',
  'rule.create',
  'rule.update',
  'rule.delete',
  'channel.create',
  'channel.update',
  'channel.delete',
  'channel.test',
  // The first key of a use, and every other.
  'signing_key.create',
  'signing_key.rotate',
  'master_key.rotate',
  'task.cancel',
  // What an admin read that belongs to others of the tenant.
  'task.read',
  'task.list',
  'context.read',
  'context.list',
  'audit.read',
  'audit.export',
  'audit.erase',
  /** Somebody known was refused: for want of a scope or grant, or because the target is hidden from them. */
  'call.refuse',
  /** Somebody came without a credential, or with one that nobody knows. */
  'caller.refuse',
] as const

export type AuditAction = (typeof AUDIT_ACTIONS)[number]

export const AUDIT_TARGET_KINDS = [
  'agent',
  'key',
  'grant',
  'credential',
  'rule',
  'channel',
  'signing_key',
  'master_key',
  'task',
  'context',
  'tenant',
  /** Names a person and is stored as a pseudonym. */
  'subject',
  /** A route, or an operation of A2A. */
  'operation',
] as const

/** What something was done to. */
export type AuditTarget = { readonly kind: (typeof AUDIT_TARGET_KINDS)[number]; readonly id: string }

/**
 * Something that happened, as a room tells it. Times are milliseconds since the Unix epoch.
 *
 * Never holds content or a secret. Whatever names a person goes into `principal`, `credential`, `from`, `subjects` or a
 * target of kind `subject`, and nowhere else: these are stored as pseudonyms, so that they can be erased.
 */
export type AuditRecord = {
  readonly at: number
  readonly tenant: string
  /** The subject of who did it. */
  readonly principal: string
  /** What the principal proved it with: a key's id, a token's issuer, a certificate's name. */
  readonly credential?: { readonly kind: Credential['kind']; readonly id: string }
  /** The caller's address. */
  readonly from?: string
  readonly requestId?: string
  readonly action: AuditAction
  readonly target: AuditTarget
  readonly outcome: 'allowed' | 'denied'
  /** Why it was denied. The caller may have been told less. */
  readonly reason?: string
  /** Small facts for people, at most a few hundred characters in all. */
  readonly details?: Readonly<Record<string, string>>
  /** Facts that are subjects: whose key was made, who got a grant. */
  readonly subjects?: Readonly<Record<string, string>>
  /** This record stands for so many alike; `at` is when it was written. */
  readonly repeated?: { readonly count: number; readonly firstAt: number; readonly lastAt: number }
}

/** All of a call that the audit log keeps. */
export type AuditCaller = Pick<Call, 'principal'> & Partial<Pick<Call, 'requestId' | 'from'>>

/** Stands for a caller where Parley does something by itself, as when it starts with a key that its settings name. */
export const itself = (tenant: string): AuditCaller => ({
  principal: { tenant, subject: 'parley', groups: [], scopes: new Set() },
})

/** Stands for a caller where Parley looks after an agent, and does what follows from what it saw. */
export const probe = (tenant: string): AuditCaller => ({
  principal: { tenant, subject: 'parley-probe', groups: [], scopes: new Set() },
})

/** Stands for whoever runs commands on the machine that has the data. No provider's subjects have this alias. */
export const operator = (tenant: string): AuditCaller => ({
  principal: { tenant, subject: 'parley:cli', groups: [], scopes: new Set() },
})

/** The record of something that was allowed. It goes into the commit of the change itself. */
export const auditOf = (
  caller: AuditCaller,
  action: AuditAction,
  target: AuditTarget,
  now: number,
  more: Pick<AuditRecord, 'details' | 'subjects'> = {},
): AuditRecord => ({ ...whoOf(caller), at: now, action, target, outcome: 'allowed', ...more })

/** Who did it and how they came. */
export function whoOf({
  principal,
  requestId,
  from,
}: AuditCaller): Pick<AuditRecord, 'tenant' | 'principal' | 'credential' | 'requestId' | 'from'> {
  const { tenant, subject, credential } = principal
  return {
    tenant,
    principal: subject,
    ...(credential === undefined ? {} : { credential: { kind: credential.kind, id: idOf(credential) } }),
    ...(from === undefined ? {} : { from }),
    ...(requestId === undefined ? {} : { requestId }),
  }
}

function idOf(credential: Credential): string {
  switch (credential.kind) {
    case 'key':
      return credential.id
    case 'token':
      return credential.issuer
    case 'certificate':
      return credential.name
  }
}
