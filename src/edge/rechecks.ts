import { type ErrorCode, ParleyError } from '../errors.ts'
import type { AppDeps } from './app-deps.ts'
import { unauthenticated } from './authenticate.ts'
import { assertEntitled, type Entitlement, textOfEntitlement } from './entitlement.ts'

/** A call that may last. */
export interface Lasting {
  /** What it goes on by is gone, as `error` says. Told once. */
  endFor(error: ParleyError): void
}

/** A call's place among those that are checked again. */
export interface Watch {
  /** The call has ended. */
  leave(call: Lasting): void
}

/** Checks again, for as long as calls last, that they may go on. */
export type Rechecks = { readonly watch: (call: Lasting, entitlement: Entitlement) => Watch }

export type RechecksDeps = Pick<
  AppDeps,
  'access' | 'registry' | 'tasks' | 'shutdown' | 'now' | 'monotonicMs' | 'events' | 'settings'
>

/** The checks of a moment are spread over the interval, in so many parts; the end of a credential is met as exactly as that. */
const PARTS = 60
const CHECKS_AT_ONCE = 16
/** No call goes on for longer than this, in intervals, after a check without an answer. */
const MAX_UNANSWERED = 5

const REFUSALS: readonly ErrorCode[] = ['unauthenticated', 'forbidden', 'agent_not_found', 'task_not_found']

/**
 * Every call is checked once in `recheckMs`, and when its credential ends; what it would be refused with now ends it. While
 * the check finds no answer (the store is down, or hangs) the call goes on, for five intervals: then it ends as `unavailable`.
 *
 * There are thousands of these calls: they have one timer, and those of one credential that do the same share a check.
 */
export function createRechecks(deps: RechecksDeps): Rechecks {
  const { now, monotonicMs, events } = deps
  const { recheckMs } = deps.settings
  const watched = new Map<string, Watched>()
  const due: Watched[] = []
  let timer: NodeJS.Timeout | undefined
  let part = 0
  let running = 0
  let isFailing = false

  const tick = (): void => {
    // A clock that is set back must not put checks off.
    const at = monotonicMs()
    for (const entry of watched.values()) {
      if (at - (entry.unansweredSince ?? at) >= MAX_UNANSWERED * recheckMs) entry.end(unanswered())
      if (entry.isQueued || (at < entry.dueAt && !hasExpired(entry))) continue
      entry.isQueued = true
      entry.unansweredSince ??= at
      due.push(entry)
    }
    while (running < CHECKS_AT_ONCE && due.length > 0) void checkDue()
  }

  async function checkDue(): Promise<void> {
    running++
    for (let entry = due.shift(); entry !== undefined; entry = due.shift()) await check(entry)
    running--
  }

  const hasExpired = ({ expiresAt }: Watched): boolean => expiresAt !== undefined && now() >= expiresAt

  async function check(entry: Watched): Promise<void> {
    if (entry.calls.size === 0) return
    try {
      const { expiresAt } = await assertEntitled(deps, entry.entitlement)
      entry.expiresAt = expiresAt
      entry.unansweredSince = undefined
      isFailing = false
    } catch (reason) {
      const refusal = refusalOf(entry, ParleyError.from(reason))
      if (refusal !== undefined) return entry.end(refusal)
    }
    entry.dueAt = monotonicMs() + recheckMs
    entry.isQueued = false
  }

  /** The error that ends the calls, if they must end. What others will meet too is reported once. */
  function refusalOf(entry: Watched, error: ParleyError): ParleyError | undefined {
    if (REFUSALS.includes(error.code)) return error
    if (!isFailing)
      events.unexpected({ where: 'checking what streams go on by', cause: error.cause ?? error })
    isFailing = true
    return hasExpired(entry) ? unauthenticated() : undefined
  }

  const forget = (entry: Watched): void => {
    if (watched.get(entry.key) === entry) watched.delete(entry.key)
    if (watched.size > 0) return
    clearInterval(timer)
    timer = undefined
  }

  const begin = (key: string, entitlement: Entitlement): Watched => {
    part = (part % PARTS) + 1
    const entry = new Watched(key, entitlement, monotonicMs() + (recheckMs * part) / PARTS, forget)
    watched.set(key, entry)
    timer ??= setInterval(tick, recheckMs / PARTS).unref()
    return entry
  }

  return {
    watch(call, entitlement) {
      const key = textOfEntitlement(entitlement)
      const entry = watched.get(key) ?? begin(key, entitlement)
      entry.calls.add(call)
      return entry
    },
  }
}

const unanswered = (): ParleyError =>
  new ParleyError('unavailable', 'Whether you may go on with this cannot be checked; try again later')

/** Calls that one check answers for. */
class Watched implements Watch {
  readonly key: string
  readonly entitlement: Entitlement
  readonly calls = new Set<Lasting>()
  expiresAt: number | undefined
  /** Of a clock that never goes back. */
  dueAt: number
  isQueued = false
  /** When the first check was due that has no answer yet. */
  unansweredSince: number | undefined
  readonly #forget: (entry: Watched) => void

  constructor(key: string, entitlement: Entitlement, dueAt: number, forget: (entry: Watched) => void) {
    this.key = key
    this.entitlement = entitlement
    this.expiresAt = entitlement.principal.expiresAt
    this.dueAt = dueAt
    this.#forget = forget
  }

  leave(call: Lasting): void {
    if (this.calls.delete(call) && this.calls.size === 0) this.#forget(this)
  }

  end(error: ParleyError): void {
    const calls = [...this.calls]
    this.calls.clear()
    this.#forget(this)
    for (const call of calls) call.endFor(error)
  }
}
