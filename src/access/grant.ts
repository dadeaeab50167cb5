import type { Operation } from '../a2a/operation.ts'
import type { Principal } from './principal.ts'

export const RIGHTS = ['discover', 'invoke', 'manage'] as const
/** What a grant allows on an agent. Each includes those before it: who may invoke sees, who may manage may do all. */
export type Right = (typeof RIGHTS)[number]

/** A subject or a group, written as principals write them, or everyone of the agent's tenant who has a credential. */
export type Grantee = { readonly subject: string } | { readonly group: string } | { readonly everyone: true }

/** A rule of an agent: somebody may do something with it. Kept with the agent, for every decision about it needs them. */
export type Grant = {
  readonly id: string
  readonly to: Grantee
  readonly right: Right
  /** The only operations of A2A that a grant of `invoke` is good for; all when absent. */
  readonly operations?: readonly Operation[]
  readonly createdAt: number
  /** Subject of who made it. */
  readonly createdBy: string
}

/** Whether the principal is one whom the grant is for. Nobody anonymous may ask. */
export const isFor = ({ to }: Pick<Grant, 'to'>, { subject, groups }: Principal): boolean => {
  if ('everyone' in to) return true
  return 'subject' in to ? to.subject === subject : groups.includes(to.group)
}

/** Whether the grant gives a right, or a greater one. */
export const includes = (grant: Pick<Grant, 'right'>, right: Right): boolean =>
  RIGHTS.indexOf(grant.right) >= RIGHTS.indexOf(right)

/**
 * Whether the grant is good for an operation, `undefined` for what is none. Whoever may do one thing with an agent sees it; its
 * extended card is an operation like the others.
 */
export const covers = (
  { operations }: Pick<Grant, 'operations'>,
  right: Right,
  operation: Operation | undefined,
): boolean =>
  operations === undefined ||
  (operation === undefined ? right === 'discover' : operations.includes(operation))
