import type { Vault } from '../access/vault.ts'
import type { Events } from '../telemetry/events.ts'
import { LeaseLost } from '../work/work.ts'
import type { WorkQueue } from '../work/work-queue.ts'
import type { Run, RunResult } from '../work/worker.ts'
import { type AlertSender, failureIn, type SendFailure } from './alert-sender.ts'
import type { AlertStore, StoredAlert } from './alert-store.ts'
import { openTarget, type StoredChannel } from './channel.ts'
import type { ChannelStore } from './channel-store.ts'
import { noteOutcome } from './note-outcome.ts'
import { idsIn, type Notification, newsId, stateOf } from './notification.ts'
import { GIVE_UP_MS, mayKnow, pauseAfter, planNotification } from './plan-notification.ts'

export type NotifyDeps = {
  readonly alerts: Pick<AlertStore, 'findAlert'>
  readonly channels: ChannelStore
  readonly queue: WorkQueue
  readonly vault: Vault
  readonly sender: AlertSender
  readonly events: Events
  readonly now: () => number
  readonly random: () => number
}

/**
 * Tells one channel what one alert is now. An attempt is written down before it is made and after, so that whoever
 * comes after a crash sends the same news under the same id. While the alert fires the work stays on the queue: news
 * may come at any moment, also while some is being sent.
 */
export async function notifyChannel(
  deps: NotifyDeps,
  { work, signal, setResumable }: Run,
): Promise<RunResult> {
  const { queue, sender, now } = deps
  const over = async (): Promise<RunResult> => {
    await queue.finish(work)
    return { kind: 'done' }
  }
  const { alertId, channelId } = idsIn(work.key)
  const alert = await deps.alerts.findAlert(alertId)
  const channel = await deps.channels.find(channelId)
  if (alert === undefined || channel === undefined) return over()
  const target = await openTarget(deps.vault, channel)
  const before = await deps.channels.findNotification(alertId, channelId)
  const plan = planNotification(alert, before, {
    channelId,
    repeatMs: sender.repeatMs(target),
    now: now(),
  })
  if (plan.kind === 'over') return over()
  if (plan.kind === 'wait') return { kind: 'postponed', dueAt: plan.dueAt }

  const trying = await begin(deps, alert, channelId, before)
  setResumable(true)
  const failure = await failureIn(
    sender.send(target, alert, { id: newsId(trying), receiver: channel.name, signal }),
  )
  const ended = endOf(trying, failure, now())
  await commit(deps, ended)
  await noteOutcome(deps.channels, channelId, { at: now(), failure })
  tell(deps, channel, ended, failure)
  if (ended.status !== 'retrying') {
    // What comes next is found by looking again.
    return { kind: 'postponed', dueAt: now() }
  }
  return { kind: 'postponed', dueAt: now() + pauseAfter(ended.attempts, failure?.retryAfterMs, deps.random) }
}

/** An attempt, as it is written down before it is made. */
async function begin(
  deps: NotifyDeps,
  alert: StoredAlert,
  channelId: string,
  before: Notification | undefined,
): Promise<Notification> {
  const isGoingOn = before?.status === 'trying' || before?.status === 'retrying'
  const now = deps.now()
  const trying: Notification = {
    alertId: alert.id,
    channelId,
    tenant: alert.tenant,
    news: alert.news,
    state: stateOf(alert),
    status: 'trying',
    mayKnow: before !== undefined && mayKnow(before),
    attempts: (isGoingOn ? before.attempts : 0) + 1,
    triedSince: isGoingOn ? before.triedSince : now,
    triedAt: now,
    version: (before?.version ?? 0) + 1,
  }
  await commit(deps, trying)
  return trying
}

async function commit({ channels }: NotifyDeps, notification: Notification): Promise<void> {
  if (!(await channels.commitNotification(notification, notification.version - 1))) throw new LeaseLost()
}

function endOf(trying: Notification, failure: SendFailure | undefined, now: number): Notification {
  const version = trying.version + 1
  if (failure === undefined) return { ...trying, status: 'sent', mayKnow: true, version }
  const isAgain = failure.isTemporary && now - trying.triedSince < GIVE_UP_MS
  return {
    ...trying,
    status: isAgain ? 'retrying' : 'given_up',
    mayKnow: trying.mayKnow || failure.mayHaveArrived,
    failure: failure.message,
    version,
  }
}

function tell(
  { events }: NotifyDeps,
  { kind }: StoredChannel,
  { alertId, channelId, state, attempts, status }: Notification,
  failure: SendFailure | undefined,
): void {
  const facts = { alertId, channelId, kind, state, attempts }
  if (failure === undefined) events.alertSent(facts)
  else {
    const { message, cause } = failure
    events.alertNotSent({ ...facts, failure: message, again: status === 'retrying', cause })
  }
}
