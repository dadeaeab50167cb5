import type { Alert } from '../alerts/alert.ts'
import { agentUrl } from '../registry/public-urls.ts'
import { type AlertText, alertText } from './alert-text.ts'

/** What Slack's incoming webhooks take, and those that were made after them. */
export function slackBody(alert: Alert, externalUrl: string): string {
  const text = alertText(alert)
  const lines = [
    `*${headline(text)}* ${code(text.rule)} · agent ${code(text.agent)}`,
    code(text.summary),
    ...(text.cause === undefined ? [] : [`Because this one is down: ${code(text.cause)}`]),
    ...victimLines(text),
    escaped(agentUrl(externalUrl, alert.agentId)),
  ]
  return JSON.stringify({ text: lines.join('\n') })
}

const headline = ({ state, severity }: AlertText): string =>
  state === 'TEST' ? 'TEST, nothing is wrong' : `${state} ${severity}`

function victimLines({ victims, moreVictims }: AlertText): readonly string[] {
  if (victims.length === 0) return []
  const more = moreVictims === 0 ? '' : ` and ${moreVictims} more`
  return [`Not well because of it: ${victims.map(code).join(', ')}${more}`]
}

/**
 * Somebody else's text, where nobody is mentioned, nothing is linked and nothing is formatted: in Slack because of the
 * characters that are escaped, and in those who know other mentions and Markdown because it is code.
 */
const code = (text: string): string => `\`${escaped(text.replaceAll('`', "'")) || '-'}\``

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
