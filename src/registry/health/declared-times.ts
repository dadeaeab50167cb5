import Type from 'typebox'
import { ParleyError } from '../../errors.ts'
import type { Agent } from '../agent.ts'
import {
  type HeartbeatTimes,
  INTERVAL_BOUNDS,
  intervalOf,
  TTL_BOUNDS,
  timesViolations,
  ttlOf,
} from './heartbeat-times.ts'

/** What an owner may say of an agent's heartbeats. Whoever says any of it declares that the agent beats. */
export const HeartbeatTimesOptions = {
  heartbeatIntervalMs: Type.Optional(
    Type.Integer({
      ...INTERVAL_BOUNDS,
      description: 'How often the agent beats; a third of the TTL when absent',
    }),
  ),
  heartbeatTtlMs: Type.Optional(
    Type.Integer({
      ...TTL_BOUNDS,
      description: 'How long a heartbeat counts; three intervals, or 5 minutes, when absent',
    }),
  ),
}

type Declared = Pick<Agent, 'heartbeatIntervalMs' | 'heartbeatTtlMs' | 'heartbeatsDeclaredAt'>

/**
 * What is declared of an agent's heartbeats once its owner said `said` at `at`: what is left open stays. Throws `code` when
 * heartbeats would not count until the next.
 */
export function declaredTimes(
  known: Declared,
  said: HeartbeatTimes,
  at: number,
  code: 'invalid_registration' | 'invalid_params',
): Declared {
  const { heartbeatIntervalMs, heartbeatTtlMs } = said
  if (heartbeatIntervalMs === undefined && heartbeatTtlMs === undefined) return {}
  const next = {
    ...(known.heartbeatIntervalMs === undefined ? {} : { heartbeatIntervalMs: known.heartbeatIntervalMs }),
    ...(known.heartbeatTtlMs === undefined ? {} : { heartbeatTtlMs: known.heartbeatTtlMs }),
    ...(heartbeatIntervalMs === undefined ? {} : { heartbeatIntervalMs }),
    ...(heartbeatTtlMs === undefined ? {} : { heartbeatTtlMs }),
  }
  const violations = timesViolations(next)
  const [first] = violations
  if (first !== undefined) {
    const message = `The heartbeats cannot be as declared: ${first.pointer} ${first.message}`
    throw new ParleyError(code, message, { violations })
  }
  const { heartbeatsDeclaredAt } = known
  const isSame =
    next.heartbeatIntervalMs === known.heartbeatIntervalMs && next.heartbeatTtlMs === known.heartbeatTtlMs
  return {
    ...next,
    heartbeatsDeclaredAt: isSame && heartbeatsDeclaredAt !== undefined ? heartbeatsDeclaredAt : at,
  }
}

/** What the audit log says of it; `undefined` when nothing changed. */
export function timesDetails(
  before: Declared,
  times: Declared,
): Readonly<Record<string, string>> | undefined {
  const after = { ...before, ...times }
  if (after.heartbeatsDeclaredAt === before.heartbeatsDeclaredAt) return undefined
  return { heartbeatIntervalMs: String(intervalOf(after)), heartbeatTtlMs: String(ttlOf(after)) }
}
