import type { AuditRecord } from '../access/audit/audit-record.ts'
import type { StoredChannel } from './channel.ts'
import type { Notification } from './notification.ts'

/** A channel as it will stand. `expectedVersion` 0 creates it; `removed` deletes it. */
export type ChannelCommit = {
  readonly channel: StoredChannel
  readonly expectedVersion: number
  readonly removed?: boolean
  /** Appended to the audit log in the same atomic write. */
  readonly audit?: readonly AuditRecord[]
}

/** Where channels live, and what became of telling them of alerts; that goes with the alerts. */
export interface ChannelStore {
  /** False when the stored version is not `expectedVersion`. */
  commit(commit: ChannelCommit): Promise<boolean>
  find(id: string): Promise<StoredChannel | undefined>
  /** Those of a tenant, by id; they are few. */
  listOf(tenant: string): Promise<readonly StoredChannel[]>
  /** Those of all tenants, by id, strictly after `after`. */
  list(limit: number, after?: string): Promise<readonly StoredChannel[]>
  /** False when the stored version is not `expectedVersion`; 0 when there is none yet. */
  commitNotification(notification: Notification, expectedVersion: number): Promise<boolean>
  findNotification(alertId: string, channelId: string): Promise<Notification | undefined>
  /** Those of one alert, by channel, also of channels that are gone; they are few. */
  listNotifications(alertId: string): Promise<readonly Notification[]>
}
