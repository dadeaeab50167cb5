import Type, { type Static } from 'typebox'
import { CHECK_KINDS, CHECK_OUTCOMES, HEALTH_STATES } from './agent-health.ts'
import type { CurrentHealth } from './current-health.ts'

const Time = Type.String({ format: 'date-time' })

/** How an agent is, for everybody who sees it: nothing of what was asked of it, and none of its own words. */
export const HealthSummary = Type.Object({
  state: Type.Enum([...HEALTH_STATES]),
  since: Type.Optional(Time),
  reason: Type.Optional(
    Type.Object(
      { kind: Type.Enum([...CHECK_KINDS]), outcome: Type.Enum([...CHECK_OUTCOMES]) },
      { description: 'Why it is not up: the check that decided' },
    ),
  ),
  latencyMs: Type.Optional(Type.Number({ description: 'Of calls, smoothed' })),
  verifiedAt: Type.Optional(
    Type.String({
      format: 'date-time',
      description: "When its owner's probe, or a delivery, last succeeded",
    }),
  ),
})
export type HealthSummary = Static<typeof HealthSummary>

export const healthSummary = ({
  state,
  since,
  reason,
  latencyMs,
  verifiedAt,
}: CurrentHealth): HealthSummary => ({
  state,
  ...(since === undefined ? {} : { since: isoOf(since) }),
  ...(reason === undefined ? {} : { reason: { kind: reason.kind, outcome: reason.outcome } }),
  ...(latencyMs === undefined ? {} : { latencyMs }),
  ...(verifiedAt === undefined ? {} : { verifiedAt: isoOf(verifiedAt) }),
})

const isoOf = (at: number): string => new Date(at).toISOString()
