import { hash } from 'node:crypto'
import type { Alert } from '../alerts/alert.ts'
import { agentUrl } from '../registry/public-urls.ts'
import { alertText, oneLine } from './alert-text.ts'

/** What Alertmanager has for an alert that has not ended. */
const NO_END = '0001-01-01T00:00:00Z'
const FINGERPRINT_LENGTH = 16
const MAX_LABEL_CHARS = 200

/** Alerts given to the API are taken for resolved so long after they were last given. */
const API_LIFE_MS = 10 * 60_000
/** So a repetition that is lost is none that is missed. */
export const API_REPEAT_MS = 3 * 60_000

/** Whether alerts are given to Alertmanager itself here, instead of to one who takes what it would send. */
export const isAlertmanagerApi = (url: string): boolean =>
  URL.parse(url)?.pathname.endsWith('/api/v2/alerts') === true

export type BodyOptions = {
  /** The channel's name. */
  readonly receiver: string
  /** How the world reaches the gateway. */
  readonly externalUrl: string
  readonly now: number
}

/**
 * The body that Alertmanager sends to webhooks (version 4 of it), with one alert:
 * https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
 */
export function webhookBody(alert: Alert, { receiver, externalUrl }: BodyOptions): string {
  const status = alert.endsAt === undefined ? 'firing' : 'resolved'
  const labels = labelsOf(alert)
  const annotations = annotationsOf(alert)
  const { rule, agent_id } = labels
  const groupLabels = { rule, agent_id }
  return JSON.stringify({
    receiver: oneLine(receiver, MAX_LABEL_CHARS),
    status,
    alerts: [
      {
        status,
        labels,
        annotations,
        startsAt: instant(alert.startsAt),
        endsAt: alert.endsAt === undefined ? NO_END : instant(alert.endsAt),
        generatorURL: agentUrl(externalUrl, alert.agentId),
        fingerprint: fingerprintOf(labels),
      },
    ],
    groupLabels,
    commonLabels: labels,
    commonAnnotations: annotations,
    externalURL: externalUrl,
    version: '4',
    groupKey: `{}:{agent_id=${JSON.stringify(agent_id)}, rule=${JSON.stringify(rule)}}`,
    truncatedAlerts: 0,
  })
}

/**
 * The body of a `POST /api/v2/alerts` to Alertmanager. Grouping, silencing and telling people are left to it:
 * https://prometheus.io/docs/alerting/latest/alerts_api/
 */
export function apiBody(alert: Alert, { externalUrl, now }: BodyOptions): string {
  return JSON.stringify([
    {
      labels: labelsOf(alert),
      annotations: annotationsOf(alert),
      startsAt: instant(alert.startsAt),
      endsAt: instant(alert.endsAt ?? Math.max(now, alert.startsAt) + API_LIFE_MS),
      generatorURL: agentUrl(externalUrl, alert.agentId),
    },
  ])
}

/** What tells this alert from others, as long as it lasts. */
const labelsOf = (alert: Alert) => ({
  alertname: oneLine(alert.ruleName, MAX_LABEL_CHARS),
  severity: alert.severity,
  agent: oneLine(alert.agentSlug, MAX_LABEL_CHARS),
  agent_id: oneLine(alert.agentId, MAX_LABEL_CHARS),
  tenant: oneLine(alert.tenant, MAX_LABEL_CHARS),
  rule: oneLine(alert.ruleId, MAX_LABEL_CHARS),
  ...(alert.isTest === true && { test: 'true' }),
})

function annotationsOf(alert: Alert) {
  const { summary, cause, victims, moreVictims } = alertText(alert)
  const more = moreVictims === 0 ? [] : [`and ${moreVictims} more`]
  return {
    summary,
    ...(cause !== undefined && { cause }),
    ...(victims.length > 0 && { victims: [...victims, ...more].join(', ') }),
  }
}

const fingerprintOf = (labels: Readonly<Record<string, string>>): string =>
  hash('sha256', JSON.stringify(Object.entries(labels).sort()), 'hex').slice(0, FINGERPRINT_LENGTH)

const instant = (at: number): string => new Date(at).toISOString()
