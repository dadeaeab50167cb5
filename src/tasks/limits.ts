/** Limits of the task core. All times are in milliseconds, all sizes in bytes. */
export type TaskLimits = {
  /** A blocking send answers with the task as it stands after this long; so does an undecided exchange. */
  readonly maxWaitMs: number
  /** CancelTask waits this long for the agent's answer. */
  readonly cancelWaitMs: number
  /** A task that makes no progress for this long ends FAILED. */
  readonly staleMs: number
  /** A task whose agent cannot be asked about it for this long ends FAILED. */
  readonly unreachableMs: number
  /** Terminal tasks are kept this long. */
  readonly retentionMs: number
  readonly idempotencyMs: number
  /** A task that grows beyond this ends FAILED. */
  readonly maxTaskBytes: number
  readonly maxArtifacts: number
  /** A task with a single event larger than this ends FAILED. */
  readonly maxEventBytes: number
  /** A task whose agent sends more events than this ends FAILED. */
  readonly maxEvents: number
  /** Snapshots at the start of a stream leave artifacts out beyond this, and resend them as events. */
  readonly maxSnapshotBytes: number
}

const SECOND = 1000
const DAY = 24 * 60 * 60 * SECOND
const MIB = 1024 * 1024

export const DEFAULT_TASK_LIMITS: TaskLimits = {
  maxWaitMs: 55 * SECOND,
  cancelWaitMs: 5 * SECOND,
  staleMs: DAY,
  unreachableMs: 10 * 60 * SECOND,
  retentionMs: 30 * DAY,
  idempotencyMs: DAY,
  maxTaskBytes: 32 * MIB,
  maxArtifacts: 200,
  maxEventBytes: 4 * MIB,
  maxEvents: 100_000,
  maxSnapshotBytes: 4 * MIB,
}
