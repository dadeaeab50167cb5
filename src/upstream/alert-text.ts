import type { Alert } from '../alerts/alert.ts'

/** Controls, whatever changes the direction or hides, separators of lines; what is no character at all. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}\s]+/gu

/**
 * Somebody else's text as one line of at most `maxChars` characters, so that it can pass itself off as nothing but text.
 */
export function oneLine(text: string, maxChars: number): string {
  // Of more, no character could be left.
  const line = text
    .slice(0, 8 * maxChars)
    .replace(INVISIBLE, ' ')
    .trim()
  const chars = [...line]
  return chars.length <= maxChars ? line : `${chars.slice(0, maxChars - 1).join('')}…`
}

const MAX_NAME_CHARS = 200
const MAX_SUMMARY_CHARS = 1000
/** More are counted. */
const MAX_VICTIMS = 20

/** What people read of an alert, whatever the channel. Each text is one line. */
export type AlertText = {
  readonly state: 'TEST' | 'FIRING' | 'RESOLVED'
  readonly severity: string
  readonly rule: string
  readonly agent: string
  readonly summary: string
  /** An agent that is down, and for want of which this one is not well. */
  readonly cause?: string
  readonly victims: readonly string[]
  readonly moreVictims: number
}

export function alertText(alert: Alert): AlertText {
  const { severity, ruleName, agentSlug, summary, victims, cause, endsAt, isTest } = alert
  const state = endsAt === undefined ? 'FIRING' : 'RESOLVED'
  return {
    state: isTest === true ? 'TEST' : state,
    severity,
    rule: oneLine(ruleName, MAX_NAME_CHARS),
    agent: oneLine(agentSlug, MAX_NAME_CHARS),
    summary: oneLine(summary, MAX_SUMMARY_CHARS),
    ...(cause !== undefined && { cause: oneLine(cause.agentSlug, MAX_NAME_CHARS) }),
    victims: victims.slice(0, MAX_VICTIMS).map(({ agentSlug: slug }) => oneLine(slug, MAX_NAME_CHARS)),
    moreVictims: Math.max(0, victims.length - MAX_VICTIMS),
  }
}
