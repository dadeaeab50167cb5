import type { Alert } from './alert.ts'

/** Where a channel leads, with its secrets in clear: never logged, never returned. */
export type ChannelTarget =
  /** Alertmanager's webhook format, signed. */
  | { readonly kind: 'webhook'; readonly url: string; readonly secret?: string }
  /** What Slack and those who follow it take. */
  | { readonly kind: 'slack'; readonly url: string }
  | { readonly kind: 'email'; readonly to: readonly string[] }

/** Why a channel did not take an alert. `message` names no secret, and of a URL nothing but its host. */
export class SendFailure extends Error {
  override readonly name = 'SendFailure'
  /** Trying again later may help. */
  readonly isTemporary: boolean
  readonly retryAfterMs: number | undefined

  constructor(
    message: string,
    options: { readonly isTemporary: boolean; readonly retryAfterMs?: number; readonly cause?: unknown },
  ) {
    super(message, { cause: options.cause })
    this.isTemporary = options.isTemporary
    this.retryAfterMs = options.retryAfterMs
  }
}

/** Tells people and their systems of alerts. Rejects with `SendFailure`, or with the signal's reason. */
export interface AlertSender extends AsyncDisposable {
  /** `id` is the same whenever this news is sent again. */
  send(
    target: ChannelTarget,
    alert: Alert,
    options: { readonly id: string; readonly signal: AbortSignal },
  ): Promise<void>
}
