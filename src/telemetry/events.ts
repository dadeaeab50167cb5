/**
 * What happened, one function per business event: each writes a log record and moves the metrics that count it.
 * Metrics stay low-cardinality; ids go into the record only. No event carries message content or a secret.
 */
export interface Events {
  ready(facts: {
    readonly url: string
    readonly role: string
    readonly backend: string
    /** `host:port` of each gRPC listener. */
    readonly grpc?: readonly string[]
  }): void
  stopping(facts: { readonly reason: string }): void
  /** A call through an edge ended. `operation` is a route template or an operation of A2A, never a URL. */
  callFinished(facts: CallFacts): void
  agentRegistered(facts: {
    readonly agentId: string
    readonly slug: string
    readonly principal: string
    readonly created: boolean
  }): void
  /** A card at the URL that an agent was registered by waits to become the agent's. */
  cardProposed(facts: { readonly agentId: string; readonly verdict: string }): void
  cardRejected(facts: { readonly agentId: string; readonly principal: string }): void
  agentUnregistered(facts: { readonly agentId: string; readonly principal: string }): void
  /** An agent's health changed to `state`; `outcome` is that of the check that decided, `ok` where all is well. */
  agentHealthChanged(facts: {
    readonly agentId: string
    readonly slug: string
    readonly state: string
    readonly before: string
    readonly outcome: string
  }): void
  grantCreated(facts: {
    readonly agentId: string
    readonly grantId: string
    readonly right: string
    readonly principal: string
  }): void
  grantDeleted(facts: {
    readonly agentId: string
    readonly grantId: string
    readonly principal: string
  }): void
  /** A key set that a signature names, and that is trusted, could not be had; the signature counts as untrusted. */
  cardKeysUnreachable(facts: { readonly url: string; readonly cause: unknown }): void
  /** Where a chain of the audit log stands. Kept elsewhere, it proves that no entry up to there was cut off. */
  auditHead(facts: {
    readonly tenant: string
    readonly writer: string
    readonly n: number
    readonly hash: string
  }): void
  keyCreated(facts: { readonly keyId: string; readonly subject: string; readonly principal: string }): void
  /** `keyId` ends soon, and `replacedBy` took its place. */
  keyRotated(facts: { readonly keyId: string; readonly replacedBy: string; readonly principal: string }): void
  keyRevoked(facts: { readonly keyId: string; readonly principal: string }): void
  /** `scheme` is the name of a security scheme in the agent's card. */
  credentialStored(facts: {
    readonly agentId: string
    readonly scheme: string
    readonly principal: string
    readonly created: boolean
  }): void
  credentialDeleted(facts: {
    readonly agentId: string
    readonly scheme: string
    readonly principal: string
  }): void
  /** An alert channel was created, updated or deleted. */
  channelChanged(facts: {
    readonly channelId: string
    readonly kind: string
    readonly change: 'created' | 'updated' | 'deleted'
    readonly principal: string
  }): void
  /** A channel was told that an alert fires, or no longer does. */
  alertSent(facts: NotificationFacts): void
  /** It was not. Without `again` it is not tried any more. */
  alertNotSent(
    facts: NotificationFacts & {
      readonly failure: string
      readonly again: boolean
      readonly cause?: unknown
    },
  ): void
  /** A token was refused. `reason` is for the operator: its bearer is told nothing of it. */
  tokenRefused(facts: {
    readonly reason: string
    readonly issuer?: string
    readonly requestId?: string
  }): void
  /** An issuer's keys came for the first time, became others, or came again after they could not be had. */
  issuerKeysFetched(facts: { readonly issuer: string; readonly keys: number }): void
  /** An issuer's keys could not be had. `usable`: those fetched before still serve; otherwise its tokens are refused. */
  issuerUnreachable(facts: {
    readonly issuer: string
    readonly usable: boolean
    readonly cause: unknown
  }): void
  /**
   * Parley has another key to sign with. `use`: what it signs; `signsFrom`: from when on, in milliseconds since the
   * Unix epoch.
   */
  signingKeyMade(facts: { readonly use: string; readonly keyId: string; readonly signsFrom: number }): void
  /** Files that the gateway follows have changed, and count from now on: `tls` or `client_certificates`. */
  filesRenewed(facts: { readonly what: string }): void
  /** They have changed into something that is no good; what was there before goes on. */
  filesRefused(facts: { readonly what: string; readonly cause: unknown }): void
  messageAccepted(facts: TaskFacts & { readonly principal: string; readonly requestId: string }): void
  /** A task reached a terminal or interrupted state. */
  taskSettled(facts: TaskFacts & { readonly state: string; readonly durationMs: number }): void
  deliveryStarted(facts: DeliveryFacts): void
  deliveryEnded(facts: DeliveryFacts & { readonly outcome: DeliveryOutcome }): void
  deliveryFailed(facts: DeliveryFacts & { readonly failure: string; readonly cause?: unknown }): void
  /** An agent's extended card could not be had. */
  extendedCardFailed(facts: {
    readonly agentId: string
    readonly failure: string
    readonly cause?: unknown
  }): void
  /** An agent was looked at, by itself or in passing: `kind` says how, `outcome` what came of it. */
  agentChecked(facts: {
    readonly agentId: string
    readonly kind: string
    readonly outcome: string
    readonly latencyMs?: number
  }): void
  /** An alert began. `victims`: how many other agents it stands for. */
  alertFired(facts: AlertFacts & { readonly victims: number }): void
  /** It is over. */
  alertResolved(facts: AlertFacts & { readonly reason: string; readonly durationMs: number }): void
  /** Something went wrong that no caller will hear of. */
  unexpected(facts: { readonly where: string; readonly cause: unknown }): void
}

export type NotificationFacts = {
  readonly alertId: string
  readonly channelId: string
  readonly kind: string
  readonly state: 'firing' | 'resolved'
  readonly attempts: number
}

export type CallFacts = {
  readonly requestId: string
  readonly binding: string
  readonly operation: string
  readonly principal: string
  readonly durationMs: number
  readonly status: number
  readonly traceparent?: string
  /** Present when the call failed: the closed error code, and the operator's cause. */
  readonly error?: { readonly code: string; readonly cause?: unknown }
}

export type AlertFacts = {
  readonly alertId: string
  readonly ruleId: string
  readonly ruleName: string
  readonly severity: string
  readonly agentId: string
  readonly agentSlug: string
}

export type TaskFacts = {
  readonly taskId: string
  readonly agentId: string
  readonly tenant: string
  readonly traceparent?: string
}

/** Off the queue, due again later, given to another worker, or already taken by one. */
export type DeliveryOutcome = 'done' | 'again' | 'handed_back' | 'lost'

export type DeliveryFacts = Omit<TaskFacts, 'tenant'> & { readonly kind: string; readonly attempt: number }

/** Ignores everything; for tests of rooms. */
export const silentEvents: Events = {
  ready() {},
  stopping() {},
  callFinished() {},
  agentRegistered() {},
  agentUnregistered() {},
  agentHealthChanged() {},
  cardProposed() {},
  cardRejected() {},
  grantCreated() {},
  grantDeleted() {},
  cardKeysUnreachable() {},
  auditHead() {},
  keyCreated() {},
  keyRotated() {},
  keyRevoked() {},
  credentialStored() {},
  credentialDeleted() {},
  channelChanged() {},
  alertSent() {},
  alertNotSent() {},
  tokenRefused() {},
  issuerKeysFetched() {},
  issuerUnreachable() {},
  signingKeyMade() {},
  filesRenewed() {},
  filesRefused() {},
  messageAccepted() {},
  taskSettled() {},
  deliveryStarted() {},
  deliveryEnded() {},
  deliveryFailed() {},
  extendedCardFailed() {},
  agentChecked() {},
  alertFired() {},
  alertResolved() {},
  unexpected() {},
}
