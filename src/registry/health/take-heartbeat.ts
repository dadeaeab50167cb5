import type { Call } from '../../access/principal.ts'
import type { Events } from '../../telemetry/events.ts'
import { type Agent, beatenAt } from '../agent.ts'
import { agentNotFound, type FindDeps, getAgent } from '../find-agent.ts'
import type { AgentHealth, SelfReport } from './agent-health.ts'
import { type CurrentHealth, currentHealth, isMissing } from './current-health.ts'
import type { Health } from './health.ts'
import type { NewReport } from './heartbeat-body.ts'

export type HeartbeatDeps = FindDeps & {
  readonly health: Health
  readonly now: () => number
  readonly events: Pick<Events, 'unexpected'>
}

/** An agent that just beat, and how it is. */
export type Beaten = {
  readonly agent: Agent
  readonly lastHeartbeatAt: number
  readonly health: CurrentHealth
}

/** How often a load is written down of which nothing else changes. */
const LOAD_EVERY_MS = 60_000
/**
 * How often it is written down that nothing changes, so that the time counts as watched and what was said is not
 * forgotten.
 */
const SAME_EVERY_MS = 1_800_000

/**
 * As `Registry.heartbeat`. Most that say nothing new write when they came and no more: agents beat often, and of a
 * thousand that do each second none may wait for its history.
 */
export async function takeHeartbeat(
  deps: HeartbeatDeps,
  call: Call,
  ref: string,
  { status = 'ok', ...said }: NewReport = {},
): Promise<Beaten> {
  const known = await getAgent(deps, call, ref, 'beat')
  const at = deps.now()
  if (!(await deps.agents.beat(known.id, at))) throw agentNotFound()
  const lastHeartbeatAt = Math.max(at, known.lastHeartbeatAt ?? 0)
  const agent = beatenAt(known, lastHeartbeatAt)
  const health = await noted(deps, agent, { at, status, ...said })
  return { agent, lastHeartbeatAt, health: currentHealth(health, agent, deps.now()) }
}

/** What is known of the agent's health once its report is. */
async function noted(
  { health, events }: HeartbeatDeps,
  agent: Agent,
  report: SelfReport,
): Promise<AgentHealth | undefined> {
  const known = await health.find(agent.id)
  if (known !== undefined && !isNews(known, report)) return known
  const { at, status, reason } = report
  const outcome = status === 'ok' ? 'ok' : 'degraded'
  const check = {
    kind: 'heartbeat',
    outcome,
    at,
    ...(reason === undefined ? {} : { message: reason }),
    report,
  } as const
  try {
    const recorded = await health.record(agent, [check])
    if (recorded !== undefined) return recorded
  } catch (cause) {
    // That it lives is written down; the next heartbeat finds what it says still missing.
    events.unexpected({ where: 'report of a heartbeat', cause })
    return known
  }
  throw agentNotFound()
}

/** Whether a report says something else than what is known, may end that heartbeats were missing, or is one of a row that counts. */
function isNews(known: AgentHealth, report: SelfReport): boolean {
  const { checks, report: last, streak } = known
  if (isMissing(known) || streak > 0) return true
  const beat = checks.findLast(({ kind }) => kind === 'heartbeat')
  if (beat === undefined || report.at - beat.at >= SAME_EVERY_MS) return true
  if (beat.outcome !== (report.status === 'ok' ? 'ok' : 'degraded')) return true
  if (last === undefined || summaryOf(last) !== summaryOf(report)) return true
  return last.load !== report.load && report.at - last.at >= LOAD_EVERY_MS
}

const summaryOf = ({ status, reason, dependencies = {} }: SelfReport): string =>
  JSON.stringify([status, reason, Object.entries(dependencies).sort(([a], [b]) => (a < b ? -1 : 1))])
