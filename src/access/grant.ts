import type { Operation } from '../a2a/operation.ts'

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
