import { agentId } from '../a2a/ids.ts'
import type { Alert } from '../alerts/alert.ts'
import type { AlertSender, ChannelTarget } from '../alerts/alert-sender.ts'
import { SendFailure } from '../alerts/alert-sender.ts'
import { type AlertSenderDeps, createAlertSender } from './alert-sender.ts'
import { createGuard } from './guard.ts'
import { NOW } from './loopback-server.case.ts'

export const firing: Alert = {
  id: 'alert-1',
  tenant: 'default',
  ruleId: 'rule-1',
  ruleName: 'Shop is down',
  severity: 'critical',
  agentId: agentId('agent-1'),
  agentSlug: 'shop',
  summary: 'shop is down: it cannot be reached',
  startsAt: NOW - 60_000,
  victims: [],
}

export const resolved: Alert = { ...firing, endsAt: NOW }

/** A sender that reaches loopback only. */
export const openAlertSender = (deps: Partial<AlertSenderDeps> = {}): AlertSender =>
  createAlertSender({
    guard: createGuard({ policies: { alerts: 'loopbackOnly' } }),
    userAgent: 'parley/0.0.0',
    externalUrl: () => 'https://parley.example',
    now: () => NOW,
    ...deps,
  })

export const sending = { id: 'news-1', receiver: 'night shift', signal: new AbortController().signal }

/** Why the sender did not send; rejects when it did. */
export async function failureOf(
  sender: AlertSender,
  target: ChannelTarget,
  alert = firing,
): Promise<SendFailure> {
  try {
    await sender.send(target, alert, sending)
  } catch (error) {
    if (error instanceof SendFailure) return error
    throw error
  }
  throw new Error('it was sent')
}
