import type { Logger } from 'pino'
import type { CallFacts, Events } from './events.ts'
import type { Metrics } from './metrics.ts'

/** Operations that change nothing; their successes are recorded at `debug`. */
const READS = new Set([
  'GetTask',
  'ListTasks',
  'SubscribeToTask',
  'GetTaskPushNotificationConfig',
  'ListTaskPushNotificationConfigs',
  'GetExtendedAgentCard',
])

const isRead = (operation: string): boolean => operation.startsWith('GET ') || READS.has(operation)

/** Each event as one log record, named by `event`, and as the metrics that count it. */
export function createEvents({
  logger,
  metrics,
}: {
  readonly logger: Logger
  readonly metrics: Metrics
}): Events {
  return {
    ready(facts) {
      logger.info({ event: 'ready', ...facts })
      // Whoever started the process waits for this line.
      logger.flush()
    },
    stopping: (facts) => logger.info({ event: 'stopping', ...facts }),
    callFinished(facts) {
      const { binding, operation, error } = facts
      metrics.callEnded({ binding, operation, outcome: outcomeOf(facts) }, facts.durationMs)
      if (error?.code === 'internal') logger.error(callRecord(facts))
      else if (isRead(operation)) {
        if (logger.isLevelEnabled('debug')) logger.debug(callRecord(facts))
      } else if (logger.isLevelEnabled('info')) logger.info(callRecord(facts))
    },
    agentRegistered(facts) {
      metrics.agentsChanged({ change: facts.created ? 'registered' : 'updated' })
      logger.info({ event: 'agent_registered', ...facts })
    },
    agentUnregistered(facts) {
      metrics.agentsChanged({ change: 'removed' })
      logger.info({ event: 'agent_unregistered', ...facts })
    },
    agentHealthChanged(facts) {
      metrics.healthChanged({ state: facts.state, outcome: facts.outcome })
      logger.info({ event: 'agent_health_changed', ...facts })
    },
    cardProposed: (facts) => logger.info({ event: 'card_proposed', ...facts }),
    cardRejected: (facts) => logger.info({ event: 'card_rejected', ...facts }),
    grantCreated: (facts) => logger.info({ event: 'grant_created', ...facts }),
    grantDeleted: (facts) => logger.info({ event: 'grant_deleted', ...facts }),
    cardKeysUnreachable: (facts) => logger.warn({ event: 'card_keys_unreachable', ...facts }),
    auditHead: (facts) => logger.info({ event: 'audit_head', ...facts }),
    keyCreated(facts) {
      metrics.keysChanged({ change: 'made' })
      logger.info({ event: 'key_created', ...facts })
    },
    keyRotated(facts) {
      metrics.keysChanged({ change: 'rotated' })
      logger.info({ event: 'key_rotated', ...facts })
    },
    keyRevoked(facts) {
      metrics.keysChanged({ change: 'revoked' })
      logger.info({ event: 'key_revoked', ...facts })
    },
    credentialStored: (facts) => logger.info({ event: 'credential_stored', ...facts }),
    credentialDeleted: (facts) => logger.info({ event: 'credential_deleted', ...facts }),
    channelChanged: (facts) => logger.info({ event: 'channel_changed', ...facts }),
    alertSent(facts) {
      metrics.alertTold({ kind: facts.kind, outcome: 'sent' })
      logger.info({ event: 'alert_sent', ...facts })
    },
    alertNotSent(facts) {
      metrics.alertTold({ kind: facts.kind, outcome: facts.again ? 'again' : 'given_up' })
      logger.warn({ event: 'alert_not_sent', ...facts })
    },
    tokenRefused(facts) {
      metrics.tokenRefused({ reason: facts.reason })
      logger.warn({ event: 'token_refused', ...facts })
    },
    issuerKeysFetched: (facts) => logger.info({ event: 'issuer_keys_fetched', ...facts }),
    issuerUnreachable(facts) {
      metrics.issuerUnreachable({ issuer: facts.issuer })
      if (facts.usable) logger.warn({ event: 'issuer_unreachable', ...facts })
      else logger.error({ event: 'issuer_unreachable', ...facts })
    },
    signingKeyMade: ({ signsFrom, ...facts }) =>
      logger.info({ event: 'signing_key_made', ...facts, signsFrom: new Date(signsFrom).toISOString() }),
    filesRenewed: (facts) => logger.info({ event: 'files_renewed', ...facts }),
    filesRefused: (facts) => logger.error({ event: 'files_refused', ...facts }),
    messageAccepted(facts) {
      metrics.messageAccepted()
      logger.info({ event: 'message_accepted', ...traced(facts) })
    },
    taskSettled(facts) {
      metrics.taskSettled({ state: facts.state }, facts.durationMs)
      logger.info({ event: 'task_settled', ...traced(facts) })
    },
    deliveryStarted(facts) {
      metrics.deliveryStarted({ kind: facts.kind })
      logger.info({ event: 'delivery_started', ...traced(facts) })
    },
    deliveryEnded(facts) {
      metrics.deliveryEnded({ kind: facts.kind, outcome: facts.outcome })
      logger.info({ event: 'delivery_ended', ...traced(facts) })
    },
    deliveryFailed(facts) {
      metrics.deliveryFailed({ kind: facts.kind })
      logger.warn({ event: 'delivery_failed', ...traced(facts) })
    },
    extendedCardFailed: (facts) => logger.warn({ event: 'extended_card_failed', ...facts }),
    agentChecked({ agentId, kind, outcome, latencyMs }) {
      metrics.agentChecked({ kind, outcome })
      logger.debug({ event: 'agent_checked', agentId, kind, outcome, latencyMs })
    },
    alertFired(facts) {
      metrics.alertsChanged({ change: 'fired', severity: facts.severity })
      logger.warn({ event: 'alert_fired', ...facts })
    },
    alertResolved(facts) {
      metrics.alertsChanged({ change: 'resolved', severity: facts.severity })
      logger.info({ event: 'alert_resolved', ...facts })
    },
    unexpected(facts) {
      metrics.unexpected({ where: facts.where })
      logger.error({ event: 'unexpected', ...facts })
    },
  }
}

/** `ok`, the error's code, or `left` for a client that was gone before its answer. */
function outcomeOf({ error, status }: CallFacts): string {
  if (error !== undefined) return error.code
  return status < 400 ? 'ok' : status === 499 ? 'left' : 'refused'
}

/** Built member by member: it is on the path of every call. */
function callRecord(facts: CallFacts): object {
  const { requestId, binding, operation, principal, status, traceparent, error } = facts
  return {
    event: 'call_finished',
    requestId,
    binding,
    operation,
    principal,
    status,
    durationMs: Math.round(facts.durationMs * 1000) / 1000,
    ...(traceparent !== undefined && { traceId: traceIdOf(traceparent) }),
    ...(error !== undefined && {
      error: error.code,
      ...(error.code === 'internal' && { cause: error.cause }),
    }),
  }
}

/** The same facts with the trace's id in place of the whole context. */
function traced<F extends { readonly traceparent?: string }>({ traceparent, ...facts }: F): object {
  return traceparent === undefined ? facts : { ...facts, traceId: traceIdOf(traceparent) }
}

const traceIdOf = (traceparent: string): string => traceparent.slice(3, 35)
