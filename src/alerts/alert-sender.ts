import type { Violation } from '../errors.ts'
import type { Alert } from './alert.ts'

/** Where a channel leads, with its secrets in clear: never logged, never returned. */
export type ChannelTarget =
  /** Alertmanager's webhook format or, where the URL is that of its API, its own; signed when there is a secret. */
  | { readonly kind: 'webhook'; readonly url: string; readonly secret?: string }
  /** What Slack and those who follow it take. */
  | { readonly kind: 'slack'; readonly url: string }
  | { readonly kind: 'email'; readonly to: readonly string[] }

/** Why a channel did not take an alert. `message` names no secret, and of a URL nothing but its host. */
export class SendFailure extends Error {
  override readonly name = 'SendFailure'
  /** Trying again later may help. */
  readonly isTemporary: boolean
  /** The other side may have read it all the same. */
  readonly mayHaveArrived: boolean
  readonly retryAfterMs: number | undefined

  constructor(
    message: string,
    options: {
      readonly isTemporary: boolean
      readonly mayHaveArrived?: boolean
      readonly retryAfterMs?: number
      readonly cause?: unknown
    },
  ) {
    super(message, { cause: options.cause })
    this.isTemporary = options.isTemporary
    this.mayHaveArrived = options.mayHaveArrived ?? false
    this.retryAfterMs = options.retryAfterMs
  }
}

/** Tells people and their systems of alerts. */
export interface AlertSender extends AsyncDisposable {
  /**
   * Why nothing can be sent there, as far as that is known without asking anybody; the pointer is that of a channel's
   * body.
   */
  refusalOf(target: ChannelTarget): Violation | undefined
  /**
   * Tells what the alert is now. `id` is the same whenever this news is sent again, `receiver` the channel's name.
   * Rejects with `SendFailure`, or with the signal's reason.
   */
  send(
    target: ChannelTarget,
    alert: Alert,
    options: { readonly id: string; readonly receiver: string; readonly signal: AbortSignal },
  ): Promise<void>
  /** How often the other side wants to hear that an alert still fires, in milliseconds; `undefined` for once. */
  repeatMs(target: ChannelTarget): number | undefined
}

/** Why something was not sent; `undefined` when it was. Rejects with what is no `SendFailure`. */
export async function failureIn(sent: Promise<void>): Promise<SendFailure | undefined> {
  try {
    await sent
    return undefined
  } catch (error) {
    if (error instanceof SendFailure) return error
    throw error
  }
}
