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
  'access' | 'registry' | 'tasks' | 'shutdown' | 'now' | 'events' | 'settings'
>

/** The checks of a moment are spread over the interval, in so many parts; the end of a credential is met as exactly as that. */
const PARTS = 60
const CHECKS_AT_ONCE = 16
/** So many checks in a row without an answer end a call. */
const MAX_UNANSWERED = 5

const REFUSALS: readonly ErrorCode[] = ['unauthenticated', 'forbidden', 'agent_not_found', 'task_not_found']

/**
 * Every call is checked once in `recheckMs`, and when its credential ends; what it would be refused with now ends it. While
 * the check finds no answer (the store is down) the call goes on, for five checks: then it ends as `unavailable`.
 *
 * There are thousands of these calls: they have one timer, and those of one credential that do the same share a check.
 */
export function createRechecks(deps: RechecksDeps): Rechecks {
  const { now, events } = deps
  const { recheckMs } = deps.settings
  const watched = new Map<string, Watched>()
  const due: Watched[] = []
  let timer: NodeJS.Timeout | undefined
  let part = 0
  let running = 0
  let isFailing = false

  const tick = (): void => {
    const at = now()
    for (const entry of watched.values()) {
      if (at < entry.dueAt) continue
      entry.dueAt = Number.POSITIVE_INFINITY
      due.push(entry)
    }
    while (running < CHECKS_AT_ONCE && due.length > 0) void checkDue()
  }

  async function checkDue(): Promise<void> {
    running++
    for (let entry = due.shift(); entry !== undefined; entry = due.shift()) await check(entry)
    running--
  }

  async function check(entry: Watched): Promise<void> {
    if (entry.calls.size === 0) return
    try {
      const { expiresAt } = await assertEntitled(deps, entry.entitlement)
      entry.expiresAt = expiresAt
      entry.unanswered = 0
      isFailing = false
    } catch (reason) {
      const refusal = refusalOf(entry, ParleyError.from(reason))
      if (refusal !== undefined) return entry.end(refusal)
    }
    entry.dueAt = Math.min(now() + recheckMs, entry.expiresAt ?? Number.POSITIVE_INFINITY)
  }

  /** The error that ends the calls, if they must end. What others will meet too is reported once. */
  function refusalOf(entry: Watched, error: ParleyError): ParleyError | undefined {
    if (REFUSALS.includes(error.code)) return error
    if (!isFailing)
      events.unexpected({ where: 'checking what streams go on by', cause: error.cause ?? error })
    isFailing = true
    if (entry.expiresAt !== undefined && now() >= entry.expiresAt) return unauthenticated()
    if (++entry.unanswered < MAX_UNANSWERED) return undefined
    return new ParleyError(
      'unavailable',
      'Whether you may go on with this cannot be checked; try again later',
    )
  }

  const forget = (entry: Watched): void => {
    if (watched.get(entry.key) === entry) watched.delete(entry.key)
    if (watched.size > 0) return
    clearInterval(timer)
    timer = undefined
  }

  const begin = (key: string, entitlement: Entitlement): Watched => {
    part = (part % PARTS) + 1
    const entry = new Watched(key, entitlement, now() + (recheckMs * part) / PARTS, forget)
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

/** Calls that one check answers for. */
class Watched implements Watch {
  readonly key: string
  readonly entitlement: Entitlement
  readonly calls = new Set<Lasting>()
  expiresAt: number | undefined
  dueAt: number
  unanswered = 0
  readonly #forget: (entry: Watched) => void

  constructor(key: string, entitlement: Entitlement, dueAt: number, forget: (entry: Watched) => void) {
    this.key = key
    this.entitlement = entitlement
    this.expiresAt = entitlement.principal.expiresAt
    this.dueAt = Math.min(dueAt, this.expiresAt ?? dueAt)
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
