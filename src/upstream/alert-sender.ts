import type { Alert } from '../alerts/alert.ts'
import { type AlertSender, type ChannelTarget, SendFailure } from '../alerts/alert-sender.ts'
import type { Violation } from '../errors.ts'
import { API_REPEAT_MS, apiBody, isAlertmanagerApi, webhookBody } from './alertmanager-body.ts'
import { type Guard, refusalOf } from './guard.ts'
import { createHttpClient } from './http.ts'
import { mailText } from './mail-text.ts'
import { postAlert } from './post-alert.ts'
import { type MailServer, sendMail } from './send-mail.ts'
import { slackBody } from './slack-body.ts'
import { DEFAULT_UPSTREAM_LIMITS } from './upstream-limits.ts'
import { signatureHeaders } from './webhook-signature.ts'

export type AlertSenderDeps = {
  readonly guard: Guard
  /** Tells servers who asks, as `parley/1.2.3`. */
  readonly userAgent: string
  /** Without it no mail can be sent. */
  readonly mailServer?: MailServer
  /** How the world reaches the gateway. */
  readonly externalUrl: () => string
  readonly now: () => number
}

export function createAlertSender(deps: AlertSenderDeps): AlertSender {
  const { guard, mailServer, externalUrl, now } = deps
  const { connectTimeoutMs } = DEFAULT_UPSTREAM_LIMITS
  const http = createHttpClient({ guard, purpose: 'alerts', connectTimeoutMs })
  const { trust } = guard.egress

  const postToWebhook = (
    { url, secret }: ChannelTarget & { readonly kind: 'webhook' },
    alert: Alert,
    { id, receiver, signal }: Parameters<AlertSender['send']>[2],
  ): Promise<void> => {
    const at = now()
    const options = { receiver, externalUrl: externalUrl(), now: at }
    const body = isAlertmanagerApi(url) ? apiBody(alert, options) : webhookBody(alert, options)
    const headers = secret === undefined ? {} : signatureHeaders(secret, { id, body, now: at })
    return postAlert({ ...deps, http }, { url, body, headers }, signal)
  }

  return {
    refusalOf(target) {
      if (target.kind === 'email') return mailServer === undefined ? NO_MAIL_SERVER : undefined
      const message = refusalOf(guard, target.url, 'alerts')
      return message === undefined ? undefined : { pointer: '/url', code: 'forbidden', message }
    },

    async send(target, alert, options) {
      switch (target.kind) {
        case 'webhook':
          return postToWebhook(target, alert, options)
        case 'slack': {
          const body = slackBody(alert, externalUrl())
          return postAlert({ ...deps, http }, { url: target.url, body }, options.signal)
        }
        case 'email': {
          if (mailServer === undefined) throw noMailServer()
          const mail = { ...mailText(alert, externalUrl()), to: target.to, id: options.id }
          return sendMail(mailServer, mail, { signal: options.signal, ...(trust && { trust }) })
        }
      }
    },

    repeatMs: (target) =>
      target.kind === 'webhook' && isAlertmanagerApi(target.url) ? API_REPEAT_MS : undefined,

    [Symbol.asyncDispose]: () => http[Symbol.asyncDispose](),
  }
}

const NO_MAIL_SERVER: Violation = {
  pointer: '/kind',
  code: 'no_mail_server',
  message: 'cannot be email: there is no mail server to send with',
  hint: 'Whoever runs Parley names one in PARLEY_SMTP_URL or PARLEY_SMTP_URL_FILE, and in PARLEY_SMTP_FROM whom mail comes from',
}

/** The setting was taken away since the channel was made, and may come back. */
const noMailServer = (): SendFailure =>
  new SendFailure('There is no mail server to send with: PARLEY_SMTP_URL is not set', { isTemporary: true })
