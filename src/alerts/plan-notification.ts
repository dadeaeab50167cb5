import type { StoredAlert } from './alert-store.ts'
import { type Notification, stateOf } from './notification.ts'

/** What to do about telling a channel of an alert: something, nothing until later, or nothing ever again. */
export type NotificationPlan =
  | { readonly kind: 'tell' }
  | { readonly kind: 'wait'; readonly dueAt: number }
  | { readonly kind: 'over' }

/** However it goes, an alert that fires is looked at again after this long: a hint of news may be lost. */
const LOOK_AGAIN_MS = 3_600_000

/**
 * Tells each news once, and that an alert ended only to a channel that may know of it. `repeatMs`: how often the
 * channel wants to hear that it still fires.
 */
export function planNotification(
  alert: StoredAlert,
  before: Notification | undefined,
  {
    channelId,
    repeatMs,
    now,
  }: {
    readonly channelId: string
    readonly repeatMs: number | undefined
    readonly now: number
  },
): NotificationPlan {
  const isFiring = stateOf(alert) === 'firing'
  const wait = (dueAt: number) => ({ kind: 'wait', dueAt: Math.min(dueAt, now + LOOK_AGAIN_MS) }) as const
  const later = wait(Number.POSITIVE_INFINITY)
  if (before === undefined || before.news < alert.news) {
    if (isFiring) return alert.channels.includes(channelId) ? { kind: 'tell' } : later
    return before !== undefined && mayKnow(before) ? { kind: 'tell' } : { kind: 'over' }
  }
  if (before.status === 'trying' || before.status === 'retrying') return { kind: 'tell' }
  if (!isFiring) return { kind: 'over' }
  if (before.status === 'given_up' || repeatMs === undefined) return later
  const dueAt = before.triedAt + repeatMs
  return dueAt <= now ? { kind: 'tell' } : wait(dueAt)
}

/** An attempt that ended without a word may have arrived. */
export const mayKnow = ({ mayKnow: knows, status }: Notification): boolean => knows || status === 'trying'

/** Attempts go on for this long, counted from the first that failed. */
export const GIVE_UP_MS = 24 * 3_600_000

const FIRST_PAUSE_MS = 10_000
const MAX_PAUSE_MS = 30 * 60_000
/** Servers that ask for more patience get this much. */
const MAX_ASKED_PAUSE_MS = 3_600_000

/** How long to leave a channel alone that did not take something: twice as long each time, spread, and as it asked. */
export function pauseAfter(attempts: number, askedMs: number | undefined, random: () => number): number {
  const pause = Math.min(FIRST_PAUSE_MS * 2 ** Math.min(attempts - 1, 20), MAX_PAUSE_MS)
  return Math.max(Math.ceil(pause * (0.5 + random() / 2)), Math.min(askedMs ?? 0, MAX_ASKED_PAUSE_MS))
}
