import type { AgentId } from '../../a2a/ids.ts'
import type { Fence, NewWork } from '../../work/work.ts'
import type { Change } from '../changes/change.ts'
import type { AgentHealth, Check, HealthState } from './agent-health.ts'

/** Whole hours and, of older times, whole UTC days. */
export const SPANS = ['hour', 'day'] as const
export type Span = (typeof SPANS)[number]

/** What happened to an agent within one hour or day; of several for the same, the sum counts. */
export type HealthBucket = {
  readonly span: Span
  /** When the hour or day began. */
  readonly from: number
  /** Milliseconds in each state, where there are any; what is missing was not watched. */
  readonly ms: Readonly<Partial<Record<HealthState, number>>>
  readonly checks: number
  readonly failures: number
  /** Of calls that did what they should. */
  readonly latencies: { readonly count: number; readonly sumMs: number; readonly maxMs: number }
}

/** Applied atomically or refused. */
export type HealthCommit = {
  /** As it will stand; `version` is `expectedVersion + 1`. */
  readonly health: AgentHealth
  /** 0 when nothing is known of the agent yet. */
  readonly expectedVersion: number
  readonly fence?: Fence
  /** Added to the history. Of several of one kind and URL in the same millisecond, the last is kept. */
  readonly checks: readonly Check[]
  /** Added to what is there of the same time. */
  readonly buckets: readonly HealthBucket[]
  readonly changes?: readonly Change[]
  readonly work?: readonly NewWork[]
}

/** - `gone`: there is no such agent (any more). */
export type HealthCommitResult = 'committed' | 'conflict' | 'fenced' | 'gone'

/** A place in a list of checks: the check that is there. */
export type CheckPosition = Pick<Check, 'at' | 'kind' | 'url'>

/** What is forgotten: whatever is, or begins, before these times. */
export type Compaction = {
  readonly checksBefore: number
  /** Hours before become part of their days. */
  readonly hoursBefore: number
  readonly daysBefore: number
}

/** What is known of the health of agents. It goes with the agent. */
export interface HealthStore {
  commit(commit: HealthCommit): Promise<HealthCommitResult>
  find(id: AgentId): Promise<AgentHealth | undefined>
  /** Those that there are, in the order of `ids`. */
  findAll(ids: readonly AgentId[]): Promise<readonly AgentHealth[]>
  /** The newest first, then the greatest kind and URL; only what comes after `after` in that order. */
  listChecks(id: AgentId, limit: number, after?: CheckPosition): Promise<readonly Check[]>
  /** How many there are, counted up to `cap`. */
  countChecks(id: AgentId, cap: number): Promise<number>
  /** Buckets that begin at `since` or later, the oldest first. */
  listBuckets(id: AgentId, span: Span, since: number): Promise<readonly HealthBucket[]>
  compact(id: AgentId, compaction: Compaction): Promise<void>
}
