import Type, { type Static } from 'typebox'
import { END_REASONS, SEVERITIES } from './alert.ts'
import type { StoredAlert } from './alert-store.ts'
import type { AlertRule, RuleCondition, RuleTarget } from './rule.ts'
import { RuleBody } from './rule-body.ts'

const Time = Type.String({ format: 'date-time' })

const { name, target, condition } = RuleBody.properties

/** A rule as the native API shows it. */
export const RuleView = Type.Object({
  id: Type.String(),
  name,
  severity: Type.Enum([...SEVERITIES]),
  target,
  condition,
  channels: Type.Array(Type.String()),
  repeatMs: Type.Integer(),
  muted: Type.Boolean(),
  maker: Type.String({ description: 'Who wrote it: it watches agents that they may manage' }),
  createdAt: Time,
  updatedAt: Time,
})
export type RuleView = Static<typeof RuleView>

const AgentName = Type.Object({ id: Type.String(), slug: Type.String() })

/** An alert as the native API shows it. */
export const AlertView = Type.Object({
  id: Type.String(),
  state: Type.Enum(['firing', 'resolved']),
  severity: Type.Enum([...SEVERITIES]),
  rule: Type.Object({ id: Type.String(), name: Type.String() }),
  agent: AgentName,
  summary: Type.String({
    description: 'For people; in part in the words of the agent, which are not to be trusted',
  }),
  startsAt: Time,
  endsAt: Type.Optional(Time),
  endReason: Type.Optional(Type.Enum([...END_REASONS])),
  victims: Type.Array(AgentName, {
    description:
      'Agents that depend on this one, and for whose alerts this one stands, as far as you see them',
  }),
  cause: Type.Optional(
    Type.Object(AgentName.properties, {
      description: 'An agent that it depends on and that was down, if you see it',
    }),
  ),
})
export type AlertView = Static<typeof AlertView>

export const ruleView = (rule: AlertRule): RuleView => ({
  id: rule.id,
  name: rule.name,
  severity: rule.severity,
  target: targetView(rule.target),
  condition: conditionView(rule.condition),
  channels: [...rule.channels],
  repeatMs: rule.repeatMs,
  muted: rule.isMuted === true,
  maker: rule.maker.subject,
  createdAt: isoOf(rule.createdAt),
  updatedAt: isoOf(rule.updatedAt),
})

export const alertView = (alert: StoredAlert): AlertView => ({
  id: alert.id,
  state: alert.endsAt === undefined ? 'firing' : 'resolved',
  severity: alert.severity,
  rule: { id: alert.ruleId, name: alert.ruleName },
  agent: { id: alert.agentId, slug: alert.agentSlug },
  summary: alert.summary,
  startsAt: isoOf(alert.startsAt),
  ...(alert.endsAt === undefined ? {} : { endsAt: isoOf(alert.endsAt) }),
  ...(alert.endReason === undefined ? {} : { endReason: alert.endReason }),
  victims: alert.victims.map(({ agentId: id, agentSlug: slug }) => ({ id, slug })),
  ...(alert.cause === undefined ? {} : { cause: { id: alert.cause.agentId, slug: alert.cause.agentSlug } }),
})

function targetView(of: RuleTarget): RuleView['target'] {
  switch (of.kind) {
    case 'agent':
      return { agent: of.agent }
    case 'tag':
      return { tag: of.tag }
    case 'owner':
      return { owner: of.owner }
    case 'all':
      return { all: true }
  }
}

function conditionView(of: RuleCondition): RuleView['condition'] {
  switch (of.kind) {
    case 'state':
      return { state: of.state, forMs: of.forMs }
    case 'error_rate':
      return { errorRate: of.above, windowMs: of.windowMs, minCalls: of.minCalls }
    case 'latency':
      return { latencyMs: of.aboveMs, forMs: of.forMs }
    case 'heartbeat':
      return { heartbeatMissing: true, forMs: of.forMs }
    case 'dependency':
      return { dependencyDown: true, forMs: of.forMs }
  }
}

const isoOf = (at: number): string => new Date(at).toISOString()
