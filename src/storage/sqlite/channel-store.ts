import type { StoredChannel } from '../../alerts/channel.ts'
import type { ChannelCommit, ChannelStore } from '../../alerts/channel-store.ts'
import type { Notification } from '../../alerts/notification.ts'
import type { AuditRows } from './audit-rows.ts'
import { textIn, versionIn } from './columns.ts'
import type { Connection, Row } from './connection.ts'
import type { Decision, GroupCommit } from './group-commit.ts'
import { retryBusy } from './retry-busy.ts'

export type SqliteChannelOptions = {
  readonly connection: Connection
  readonly commits: GroupCommit
  readonly audit: AuditRows
  readonly random: () => number
}

const PUT = `
  INSERT INTO channels (id, version, tenant, channel) VALUES (?, ?, ?, ?)
  ON CONFLICT (id) DO UPDATE SET
    version = excluded.version, tenant = excluded.tenant, channel = excluded.channel`

const PUT_NOTIFICATION = `
  INSERT INTO notifications (alert_id, channel_id, version, notification) VALUES (?, ?, ?, ?)
  ON CONFLICT (alert_id, channel_id) DO UPDATE SET
    version = excluded.version, notification = excluded.notification`

const FIND_NOTIFICATION = `
  SELECT version, notification FROM notifications WHERE alert_id = ? AND channel_id = ?`

export function createSqliteChannelStore(options: SqliteChannelOptions): ChannelStore {
  const { connection, commits, audit, random } = options

  function decide({ channel, expectedVersion, removed, audit: records }: ChannelCommit): Decision<boolean> {
    const { id, version, tenant } = channel
    const stored = connection.get('SELECT version FROM channels WHERE id = ?', id)
    if (versionIn(stored) !== expectedVersion) return { result: false }
    return {
      result: true,
      apply() {
        if (removed === true) connection.run('DELETE FROM channels WHERE id = ?', id)
        else connection.run(PUT, id, version, tenant, JSON.stringify(channel))
        audit.append(records)
      },
    }
  }

  function decideNotification(notification: Notification, expectedVersion: number): Decision<boolean> {
    const { alertId, channelId, version } = notification
    const stored = connection.get(FIND_NOTIFICATION, alertId, channelId)
    if (versionIn(stored) !== expectedVersion) return { result: false }
    return {
      result: true,
      apply: () =>
        void connection.run(PUT_NOTIFICATION, alertId, channelId, version, JSON.stringify(notification)),
    }
  }

  const read = <T>(work: () => T): Promise<T> => retryBusy(work, random)

  return {
    commit: (commit) => commits.write(() => decide(commit)),
    find: (id) =>
      read(() => {
        const row = connection.get('SELECT channel FROM channels WHERE id = ?', id)
        return row === undefined ? undefined : channelIn(row)
      }),
    listOf: (tenant) =>
      read(() =>
        connection.all('SELECT channel FROM channels WHERE tenant = ? ORDER BY id', tenant).map(channelIn),
      ),
    list: (limit, after = '') =>
      read(() =>
        connection
          .all('SELECT channel FROM channels WHERE id > ? ORDER BY id LIMIT ?', after, limit)
          .map(channelIn),
      ),
    commitNotification: (notification, expectedVersion) =>
      commits.write(() => decideNotification(notification, expectedVersion)),
    findNotification: (alertId, channelId) =>
      read(() => {
        const row = connection.get(FIND_NOTIFICATION, alertId, channelId)
        return row === undefined ? undefined : notificationIn(row)
      }),
    listNotifications: (alertId) =>
      read(() =>
        connection
          .all('SELECT notification FROM notifications WHERE alert_id = ? ORDER BY channel_id', alertId)
          .map(notificationIn),
      ),
  }
}

const channelIn = (row: Row): StoredChannel => JSON.parse(textIn(row, 'channel'))

const notificationIn = (row: Row): Notification => JSON.parse(textIn(row, 'notification'))
