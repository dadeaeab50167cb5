import { newUuid } from '../../a2a/ids.ts'
import type { StoredChannel } from '../../alerts/channel.ts'
import type { Notification } from '../../alerts/notification.ts'
import { T0 } from './sample-task.ts'

export const sampleChannel = (changes: Partial<StoredChannel> = {}): StoredChannel => ({
  id: newUuid(),
  tenant: 'default',
  name: 'Night shift',
  kind: 'webhook',
  owner: 'key:alice',
  createdBy: 'key:alice',
  createdAt: T0,
  host: 'hooks.example',
  isSigned: true,
  sealed: 'v1.sealed',
  version: 1,
  ...changes,
})

export const sampleNotification = (changes: Partial<Notification> = {}): Notification => ({
  alertId: 'alert-1',
  channelId: 'channel-1',
  tenant: 'default',
  news: 1,
  state: 'firing',
  status: 'sent',
  mayKnow: true,
  attempts: 1,
  triedSince: T0,
  triedAt: T0,
  version: 1,
  ...changes,
})
