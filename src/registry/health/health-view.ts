import Type, { type Static } from 'typebox'
import { CHECK_KINDS, CHECK_OUTCOMES, type Check, HEALTH_STATES, type SelfReport } from './agent-health.ts'
import type { HealthBucket } from './health-store.ts'
import { HealthSummary, healthSummary } from './health-summary.ts'
import type { HealthReport } from './read-health.ts'
import { uptimeOf } from './uptime.ts'

const Time = Type.String({ format: 'date-time' })
const Ms = Type.Number({ minimum: 0 })
const Share = (description: string) =>
  Type.Union([Type.Number({ minimum: 0, maximum: 1 }), Type.Null()], { description })

const MANAGED = 'Only for those who may manage the agent'

const ReasonView = Type.Object(
  {
    kind: Type.Enum([...CHECK_KINDS]),
    outcome: Type.Enum([...CHECK_OUTCOMES]),
    message: Type.Optional(
      Type.String({ description: `${MANAGED}. What the agent said in it is untrusted` }),
    ),
    url: Type.Optional(Type.String({ description: `${MANAGED}: the interface that was asked` })),
  },
  { description: 'Why it is not up: the check that decided' },
)

export const CheckView = Type.Object({
  ...ReasonView.properties,
  at: Time,
  latencyMs: Type.Optional(Ms),
})
export type CheckView = Static<typeof CheckView>

const ReportView = Type.Object(
  {
    at: Time,
    status: Type.Enum(['ok', 'degraded']),
    reason: Type.Optional(Type.String()),
    load: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
    dependencies: Type.Optional(Type.Record(Type.String(), Type.Enum(['up', 'degraded', 'down']))),
  },
  { description: `What it last said of itself with a heartbeat, which is untrusted. ${MANAGED}` },
)

export const HealthView = Type.Object({
  id: Type.String(),
  ...HealthSummary.properties,
  reason: Type.Optional(ReasonView),
  uptime: Type.Object(
    { '24h': Share('Of the last 24 hours'), '7d': Share('Of a week'), '30d': Share('Of 30 days') },
    {
      description: 'The share of the time watched in which it was up or degraded; null where nobody watched',
    },
  ),
  checks: Type.Array(CheckView, { description: 'The last of each kind and interface' }),
  report: Type.Optional(ReportView),
})
export type HealthView = Static<typeof HealthView>

export const HealthBucketView = Type.Object({
  from: Time,
  ms: Type.Object(Object.fromEntries(HEALTH_STATES.map((state) => [state, Type.Integer({ minimum: 0 })])), {
    description: 'Time in each state, in milliseconds; the rest was not watched',
  }),
  uptime: Share('As that of the agent'),
  checks: Type.Integer({ minimum: 0 }),
  failures: Type.Integer({ minimum: 0 }),
  latency: Type.Optional(
    Type.Object({ meanMs: Ms, maxMs: Ms }, { description: 'Of calls that did what they should' }),
  ),
})
export type HealthBucketView = Static<typeof HealthBucketView>

export function healthView({ id, current, uptime, checks, report }: HealthReport): HealthView {
  const { reason } = current
  return {
    id,
    ...healthSummary(current),
    ...(reason === undefined ? {} : { reason: { ...reason } }),
    uptime,
    checks: checks.map(checkView),
    ...(report === undefined ? {} : { report: reportView(report) }),
  }
}

export const checkView = ({ kind, outcome, at, latencyMs, url, message }: Check): CheckView => ({
  kind,
  outcome,
  at: isoOf(at),
  ...(latencyMs === undefined ? {} : { latencyMs }),
  ...(url === undefined ? {} : { url }),
  ...(message === undefined ? {} : { message }),
})

const reportView = ({ at, dependencies, ...report }: SelfReport): Static<typeof ReportView> => ({
  at: isoOf(at),
  ...report,
  ...(dependencies === undefined ? {} : { dependencies: { ...dependencies } }),
})

export function healthBucketView({ from, ms, checks, failures, latencies }: HealthBucket): HealthBucketView {
  const { count, sumMs, maxMs } = latencies
  return {
    from: isoOf(from),
    ms: Object.fromEntries(HEALTH_STATES.map((state) => [state, ms[state] ?? 0])),
    uptime: uptimeOf([{ ms }]),
    checks,
    failures,
    ...(count === 0 ? {} : { latency: { meanMs: Math.round((sumMs / count) * 10) / 10, maxMs } }),
  }
}

const isoOf = (at: number): string => new Date(at).toISOString()
