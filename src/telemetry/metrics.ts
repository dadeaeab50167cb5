import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus'
import { MeterProvider } from '@opentelemetry/sdk-metrics'

/** Labels of a metric. Values come from closed sets: never ids, never text from outside. */
export type Labels = Readonly<Record<string, string>>

/** What is counted and timed, by name of what happened. */
export type Metrics = {
  readonly callEnded: (labels: Labels, durationMs: number) => void
  readonly messageAccepted: () => void
  readonly taskSettled: (labels: Labels, durationMs: number) => void
  readonly deliveryStarted: (labels: Labels) => void
  readonly deliveryEnded: (labels: Labels) => void
  readonly deliveryFailed: (labels: Labels) => void
  readonly agentsChanged: (labels: Labels) => void
  readonly healthChanged: (labels: Labels) => void
  readonly keysChanged: (labels: Labels) => void
  readonly alertTold: (labels: Labels) => void
  readonly tokenRefused: (labels: Labels) => void
  readonly issuerUnreachable: (labels: Labels) => void
  readonly agentChecked: (labels: Labels) => void
  readonly alertsChanged: (labels: Labels) => void
  readonly unexpected: (labels: Labels) => void
  /** Everything so far in Prometheus text format. */
  readonly scrape: () => Promise<string>
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

const CALL_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]
const TASK_SECONDS = [0.01, 0.05, 0.25, 1, 5, 15, 60, 300, 1800, 7200, 86_400]

export function createMetrics(): Metrics {
  const reader = new PrometheusExporter({ preventServerStart: true })
  const provider = new MeterProvider({ readers: [reader] })
  const serializer = new PrometheusSerializer('', false, undefined, true, true)
  const meter = provider.getMeter('parley')

  const seconds = (name: string, description: string, explicitBucketBoundaries: number[]) =>
    meter.createHistogram(name, { description, unit: 's', advice: { explicitBucketBoundaries } })
  const counter = (name: string, description: string) => meter.createCounter(name, { description })

  const calls = seconds(
    'parley_call_duration_seconds',
    'Calls through an edge, and how long they took',
    CALL_SECONDS,
  )
  const settled = seconds(
    'parley_task_duration_seconds',
    'Tasks that settled, and how long they took',
    TASK_SECONDS,
  )
  const accepted = counter('parley_messages_accepted', 'Messages made durable')
  const running = meter.createUpDownCounter('parley_deliveries_running', {
    description: 'Deliveries in progress',
  })
  const ended = counter('parley_deliveries_ended', 'Deliveries that ended')
  const failed = counter('parley_deliveries_failed', 'Attempts to deliver that failed')
  const agents = counter('parley_agent_changes', 'Agents registered, updated and removed')
  const health = counter('parley_agent_health_changes', 'Changes of the health of agents, by state and why')
  const keys = counter('parley_key_changes', 'API keys made and revoked')
  const told = counter('parley_alert_notifications', 'Attempts to tell channels of alerts')
  const tokens = counter('parley_tokens_refused', 'Tokens of identity providers that were refused, by reason')
  const unreachable = counter('parley_issuer_failures', 'Attempts to fetch the keys of an issuer that failed')
  const checks = counter('parley_agent_checks', 'Looks at agents, by what was looked at and what came of it')
  const alerts = counter('parley_alert_changes', 'Alerts that began to fire, and that ended')
  const unexpected = counter('parley_unexpected', 'Things that went wrong and that no caller heard of')

  return {
    callEnded: (labels, durationMs) => calls.record(durationMs / 1000, labels),
    messageAccepted: () => accepted.add(1),
    taskSettled: (labels, durationMs) => settled.record(durationMs / 1000, labels),
    deliveryStarted: (labels) => running.add(1, labels),
    deliveryEnded({ kind, ...labels }) {
      running.add(-1, { kind: kind ?? '' })
      ended.add(1, { kind: kind ?? '', ...labels })
    },
    deliveryFailed: (labels) => failed.add(1, labels),
    agentsChanged: (labels) => agents.add(1, labels),
    healthChanged: (labels) => health.add(1, labels),
    keysChanged: (labels) => keys.add(1, labels),
    alertTold: (labels) => told.add(1, labels),
    tokenRefused: (labels) => tokens.add(1, labels),
    issuerUnreachable: (labels) => unreachable.add(1, labels),
    agentChecked: (labels) => checks.add(1, labels),
    alertsChanged: (labels) => alerts.add(1, labels),
    unexpected: (labels) => unexpected.add(1, labels),
    async scrape() {
      const { resourceMetrics } = await reader.collect()
      return serializer.serialize(resourceMetrics)
    },
    [Symbol.asyncDispose]: () => provider.shutdown(),
  }
}
