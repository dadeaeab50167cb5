import { newUuid } from '../a2a/ids.ts'
import type { Access } from '../access/access.ts'
import type { Cursors } from '../access/page-cursor.ts'
import type { Vault } from '../access/vault.ts'
import type { AlertSender } from '../alerts/alert-sender.ts'
import type { Alerts } from '../alerts/alerts.ts'
import { type Channels, createChannels } from '../alerts/channels.ts'
import { createAlerts } from '../alerts/create-alerts.ts'
import { startAlerts } from '../alerts/start-alerts.ts'
import { startNotifier } from '../alerts/start-notifier.ts'
import type { Config } from '../config/config.ts'
import type { Backend } from '../storage/backend.ts'
import type { Events } from '../telemetry/events.ts'
import { removeOld } from './remove-old.ts'

export type OpenAlertsDeps = {
  readonly config: Pick<Config, 'role' | 'alertsRetentionMs'>
  readonly backend: Backend
  readonly access: Access
  readonly cursors: Cursors
  readonly vault: Vault
  readonly sender: AlertSender
  readonly events: Events
  readonly now: () => number
}

export type OpenAlerts = AsyncDisposable & { readonly alerts: Alerts; readonly channels: Channels }

/** Rules, alerts and channels, with workers that judge and tell where this process has them. Disposing stops these. */
export function openAlerts({ config, backend, ...rooms }: OpenAlertsDeps): OpenAlerts {
  const { events, now } = rooms
  const opened = new AsyncDisposableStack()
  opened.use(
    removeOld({
      what: 'alerts',
      store: backend.alerts,
      retentionMs: config.alertsRetentionMs,
      events,
      now,
    }),
  )
  const deps = { ...backend, ...rooms, queue: backend.work, newId: newUuid, random: Math.random }
  if (config.role !== 'api') {
    opened.use(startAlerts(deps))
    opened.use(startNotifier(deps))
  }
  return {
    alerts: createAlerts(deps),
    channels: createChannels({ ...deps, store: backend.channels }),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}
