import { type Credential, hasScope, type Principal, type Scope } from '../access/principal.ts'
import type { TaskHead } from './task-head.ts'

/**
 * Who sent a task's newest message, beyond the tenant and owner that its head names: as little as a later decision needs.
 * What a key allows is asked of the key; of other credentials nothing but this is left.
 */
export type Caller = {
  readonly credential?: Credential
  readonly groups?: readonly string[]
  readonly isAdmin?: true
}

/** The head of a task whose newest message is of `principal`. */
export function withCaller({ caller: _, ...head }: TaskHead, principal: Principal): TaskHead {
  const caller = callerOf(principal)
  return Object.keys(caller).length === 0 ? head : { ...head, caller }
}

function callerOf(principal: Principal): Caller {
  const { credential, groups } = principal
  if (credential?.kind === 'key') return { credential }
  return {
    ...(credential === undefined ? {} : { credential }),
    ...(groups.length === 0 ? {} : { groups }),
    ...(hasScope(principal, 'admin') ? { isAdmin: true } : {}),
  }
}

/**
 * Who sent a task's newest message, as it was then: for `reassess`. It has no end: a task outlives the token it was
 * submitted with.
 */
export const senderOf = ({ tenant, owner, caller = {} }: TaskHead): Principal => ({
  tenant,
  subject: owner,
  groups: caller.groups ?? [],
  scopes: new Set<Scope>(caller.isAdmin ? ['tasks:submit', 'admin'] : ['tasks:submit']),
  ...(caller.credential === undefined ? {} : { credential: caller.credential }),
})
