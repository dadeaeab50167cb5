import type { Alert } from '../alerts/alert.ts'
import { agentUrl } from '../registry/public-urls.ts'
import { alertText } from './alert-text.ts'

const MAX_SUBJECT_CHARS = 200

/** An alert as mail in plain text. */
export function mailText(
  alert: Alert,
  externalUrl: string,
): { readonly subject: string; readonly text: string } {
  const { state, severity, rule, agent, summary, cause, victims, moreVictims } = alertText(alert)
  const subject = `[${state}] ${severity}: ${agent}: ${rule}`
  const lines = [
    ...(alert.isTest === true ? ['This is a test of an alert channel. Nothing is wrong.', ''] : []),
    `Agent:    ${agent}`,
    `Rule:     ${rule}`,
    `Severity: ${severity}`,
    `Since:    ${instant(alert.startsAt)}`,
    ...(alert.endsAt === undefined ? [] : [`Until:    ${instant(alert.endsAt)}`]),
    '',
    summary,
    ...(cause === undefined ? [] : ['', `Because this one is down: ${cause}`]),
    ...(victims.length === 0 ? [] : ['', 'Not well because of it:', ...victims.map((slug) => `- ${slug}`)]),
    ...(moreVictims === 0 ? [] : [`- and ${moreVictims} more`]),
    '',
    agentUrl(externalUrl, alert.agentId),
  ]
  return { subject: [...subject].slice(0, MAX_SUBJECT_CHARS).join(''), text: `${lines.join('\n')}\n` }
}

const instant = (at: number): string => new Date(at).toISOString()
