import type { StoredAlert } from './alert-store.ts'

/** What became of telling one channel of one alert. Times are in milliseconds since the Unix epoch. */
export type Notification = {
  readonly alertId: string
  readonly channelId: string
  readonly tenant: string
  /** Which news of the alert the channel is, or was last, told: as `StoredAlert.news` counts them. */
  readonly news: number
  /** What the alert was then. */
  readonly state: 'firing' | 'resolved'
  /**
   * - `trying`: an attempt is under way, or ended without a word
   * - `retrying`: the last attempt failed, and there will be another
   * - `sent`: the channel took it
   * - `given_up`: it did not, and is not tried any more
   */
  readonly status: 'trying' | 'retrying' | 'sent' | 'given_up'
  /** The channel may know that the alert fired, so that it wants to know that it does no more. */
  readonly mayKnow: boolean
  /** Attempts since the channel last took something, or was given up. */
  readonly attempts: number
  /** When the first of them began. */
  readonly triedSince: number
  /** When the last of them began. */
  readonly triedAt: number
  /** Why the last of them failed. */
  readonly failure?: string
  /** Grows by one with every commit. */
  readonly version: number
}

/**
 * Names one piece of news for one channel: the same whenever it is sent again. Without a full stop, which ends the id
 * in what is signed.
 */
export const newsId = ({
  alertId,
  channelId,
  news,
}: Pick<Notification, 'alertId' | 'channelId' | 'news'>): string => `alert_${alertId}_${channelId}_${news}`

export const stateOf = ({ endsAt }: Pick<StoredAlert, 'endsAt'>): Notification['state'] =>
  endsAt === undefined ? 'firing' : 'resolved'

/** The key of the work that tells a channel of an alert. */
export const notifyKey = (alertId: string, channelId: string): string => `${alertId}:${channelId}`

export function idsIn(key: string): { readonly alertId: string; readonly channelId: string } {
  const colon = key.lastIndexOf(':')
  return { alertId: key.slice(0, colon), channelId: key.slice(colon + 1) }
}
