import type { CurrentHealth } from '../registry/health/current-health.ts'
import type { RuleCondition } from './rule.ts'

const MAX_LENGTH = 500

/** What is wrong with an agent, for people. It names no other agent: not everybody who reads it sees them all. */
export function summaryOf(
  condition: RuleCondition,
  slug: string,
  health: CurrentHealth,
  isCaused: boolean,
): string {
  const cause = isCaused && condition.kind !== 'dependency' ? '; an agent that it depends on is down' : ''
  return `${slug}${whatIsWrong(condition, health, isCaused)}${cause}`.slice(0, MAX_LENGTH)
}

function whatIsWrong(condition: RuleCondition, health: CurrentHealth, isCaused: boolean): string {
  switch (condition.kind) {
    case 'state':
      return ` is ${health.state}${reasonOf(health)}`
    case 'error_rate':
      return `: more than ${percent(condition.above)} of its calls fail`
    case 'latency':
      return `: its calls take ${Math.round(health.latencyMs ?? 0)} ms, more than ${condition.aboveMs} ms`
    case 'heartbeat':
      return ': its heartbeat is overdue'
    case 'dependency':
      return isCaused ? ': an agent that it depends on is down' : ' is down, and others depend on it'
  }
}

/** Of what others said, one line. */
function reasonOf(health: CurrentHealth): string {
  if (health.reason === undefined) return ''
  const { kind, outcome, message } = health.reason
  const said = message?.replace(/[\s\p{C}]+/gu, ' ').trim()
  return `: ${kind} ${outcome}${said ? `, ${said}` : ''}`
}

const percent = (share: number): string => `${Number((share * 100).toFixed(2))} %`
