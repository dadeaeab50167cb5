import { isAnonymous, type Principal } from '../access/principal.ts'
import { ParleyError } from '../errors.ts'
import { type Buckets, createBuckets, type Left, type Rate } from './buckets.ts'
import type { CallInProgress } from './call-in-progress.ts'
import { createHeldRequests, type HeldRequest } from './held-requests.ts'
import { createStreamShares, type StreamShare } from './stream-shares.ts'

export type LimitSettings = {
  /** How often one principal may call; without a limit when absent. */
  readonly rate?: Rate
  /** How often one agent may be called, whoever calls it; without a limit when absent. */
  readonly agentRate?: Rate
  /** Streams that one principal may have open. */
  readonly maxStreams: number
  /** Bytes of requests that one principal may have on their way, where many come over one connection. */
  readonly maxHeldBytes?: number
}

/** A limit that a call was counted against, and what is left of it. */
export type Spent = { readonly policy: 'principal' | 'agent'; readonly rate: Rate; readonly left: Left }

/**
 * What one process takes from each principal and for each agent, over all bindings and listeners together. Every process
 * counts by itself. A call that is counted has it written in its `spent`.
 */
export interface CallLimits {
  /** Counts a call of this principal; of nobody in particular, by the network it comes from. Throws `too_many_requests`. */
  readonly countCall?: (principal: Principal, call: CallInProgress) => void
  /** Counts a call that makes this agent work. Throws `too_many_requests`. */
  readonly countAgent?: (agentId: string, call: CallInProgress) => void
  /** Throws `too_many_requests`. */
  readonly openStream: (principal: Principal) => StreamShare
  /** A request begins to be read. Throws `too_many_requests`, as what comes of it does. */
  readonly holdRequest: (principal: Principal) => HeldRequest
}

/** Shares that are remembered at once; some 100 bytes each. */
const MAX_KEYS = 20_000
/** Sixteen of the longest requests. */
const MAX_HELD_BYTES = 64 * 1024 * 1024

export function createCallLimits(settings: LimitSettings, monotonicMs: () => number): CallLimits {
  const { rate, agentRate, maxStreams, maxHeldBytes = MAX_HELD_BYTES } = settings
  const held = createHeldRequests(maxHeldBytes)
  const streams = createStreamShares(maxStreams)
  const principals = rate && createBuckets(rate, { maxKeys: MAX_KEYS, monotonicMs })
  const agents = agentRate && createBuckets(agentRate, { maxKeys: MAX_KEYS, monotonicMs })
  return {
    openStream: (principal) => streams.enter(keyOf(principal)),
    holdRequest: (principal) => held.begin(keyOf(principal)),
    ...(principals !== undefined && {
      countCall: (principal: Principal, call: CallInProgress) =>
        count('principal', principals, callerKey(principal, call), call),
    }),
    ...(agents !== undefined && {
      countAgent: (agentId: string, call: CallInProgress) => count('agent', agents, agentId, call),
    }),
  }
}

const WHO = { principal: 'You call', agent: 'This agent is called' } as const

function count(policy: Spent['policy'], buckets: Buckets, key: string, call: CallInProgress): void {
  const { rate } = buckets
  const left = buckets.take(key)
  call.spent = [...(call.spent ?? []), { policy, rate, left }]
  if (left.refusedMs === undefined) return
  const retryAfterMs = Math.ceil(left.refusedMs)
  throw new ParleyError(
    'too_many_requests',
    `${WHO[policy]} more often than ${rate.perSecond} times a second (${rate.burst} at once): try again in ${retryAfterMs} ms`,
    { retryAfterMs, details: { policy, quota: String(rate.burst), perSecond: String(rate.perSecond) } },
  )
}

/** Tenants have no such character in their names. */
const keyOf = ({ tenant, subject }: Principal): string => `${tenant}\n${subject}`

const callerKey = (principal: Principal, { from = '' }: CallInProgress): string =>
  isAnonymous(principal) ? `\n${networkOf(from)}` : keyOf(principal)

/** Whoever has one IPv6 address has all 2^64 that begin alike. */
function networkOf(address: string): string {
  if (!address.includes(':')) return address
  const [head = '', tail] = address.split('::')
  const [before, after] = [groupsOf(head), groupsOf(tail ?? '')]
  const left = tail === undefined ? 0 : 8 - before.length - after.length
  return [...before, ...Array.from({ length: left }, () => '0'), ...after].slice(0, 4).join(':')
}

const groupsOf = (text: string): readonly string[] => (text === '' ? [] : text.split(':'))
