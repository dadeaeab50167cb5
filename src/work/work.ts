/**
 * What the queue leases:
 * - `send`, `cancel`, `deadline`: of a task, by its id. `send` also resumes: its worker reads from the head what is
 *   left to do
 * - `probe`: looking at an agent, by its id
 * - `alert`: judging the rules that watch an agent, by its id
 * - `notify`: telling one channel of one alert
 * - `forget`: ending what an agent that was removed still has, by its id
 */
export const WORK_KINDS = ['send', 'cancel', 'deadline', 'probe', 'alert', 'notify', 'forget'] as const
export type WorkKind = (typeof WORK_KINDS)[number]

/** Work about an agent, which goes with it. */
export const AGENT_WORK = ['probe', 'alert'] as const satisfies readonly WorkKind[]

export type WorkRef = { readonly kind: WorkKind; readonly key: string }

/** A lease taken: only its token may finish, renew or commit under it. */
export type Claim = { readonly token: string; readonly until: number }

/** Work to put on the queue. Putting an existing (kind, key) again moves its `dueAt` and leaves its lease alone. */
export type NewWork = WorkRef & {
  /** What bounded concurrency is counted by: the agent's id, for `notify` the channel's, else one for the whole kind. */
  readonly lane: string
  readonly dueAt: number
  /** The work is leased from birth, by a worker in the committing process. */
  readonly claim?: Claim
}

/** Proof of a lease: the commit is refused as `fenced` unless `token` still holds (kind, key). */
export type Fence = WorkRef & { readonly token: string }

/** The lease is another worker's by now: this one must stop without a further word. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost'
}
