import type { StoredChannel } from '../../alerts/channel.ts'
import type { ChannelStore } from '../../alerts/channel-store.ts'
import type { Notification } from '../../alerts/notification.ts'
import type { AuditRows } from './audit-store.ts'
import { compareText } from './compare-text.ts'
import { frozenCopy } from './frozen-copy.ts'

/** Notifications by alert and channel. The alert store takes those of an alert away with it. */
export type NotificationRows = Map<string, Map<string, Notification>>

export function createMemoryChannelStore(
  auditRows: AuditRows,
  notifications: NotificationRows,
): ChannelStore {
  const channels = new Map<string, StoredChannel>()
  const inOrder = () => [...channels.values()].sort((a, b) => compareText(a.id, b.id))

  return {
    async commit({ channel, expectedVersion, removed, audit }) {
      if ((channels.get(channel.id)?.version ?? 0) !== expectedVersion) return false
      auditRows.append(audit)
      if (removed === true) channels.delete(channel.id)
      else channels.set(channel.id, frozenCopy(channel))
      return true
    },
    async find(id) {
      return channels.get(id)
    },
    async listOf(tenant) {
      return inOrder().filter((channel) => channel.tenant === tenant)
    },
    async list(limit, after = '') {
      return inOrder()
        .filter(({ id }) => compareText(id, after) > 0)
        .slice(0, limit)
    },
    async commitNotification(notification, expectedVersion) {
      const { alertId, channelId } = notification
      const ofAlert = notifications.get(alertId) ?? new Map<string, Notification>()
      if ((ofAlert.get(channelId)?.version ?? 0) !== expectedVersion) return false
      notifications.set(alertId, ofAlert.set(channelId, frozenCopy(notification)))
      return true
    },
    async findNotification(alertId, channelId) {
      return notifications.get(alertId)?.get(channelId)
    },
    async listNotifications(alertId) {
      return [...(notifications.get(alertId)?.values() ?? [])].sort((a, b) =>
        compareText(a.channelId, b.channelId),
      )
    },
  }
}
