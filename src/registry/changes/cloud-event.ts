import Type, { type Static } from 'typebox'
import { CHANGE_KINDS as CARD_CHANGE_KINDS } from '../compare-cards.ts'
import { CHECK_KINDS, CHECK_OUTCOMES, HEALTH_STATES } from '../health/agent-health.ts'
import { agentUrl } from '../public-urls.ts'
import { CHANGE_KINDS, type ChangeKind } from './change.ts'
import type { ToldChange } from './changes.ts'

export const EVENT_TYPES = CHANGE_KINDS.map((kind) => `dev.parley.agent.${kind}` as const)
export type EventType = (typeof EVENT_TYPES)[number]

const Data = Type.Object({
  agentId: Type.String(),
  slug: Type.String(),
  url: Type.Optional(
    Type.String({ format: 'uri', description: 'The agent as it is now; absent once it is gone' }),
  ),
  cardVersion: Type.Optional(Type.Integer({ minimum: 1, description: 'Of a card that is new' })),
  verdict: Type.Optional(
    Type.Enum([...CARD_CHANGE_KINDS], { description: 'What the new card means to who relied on the old' }),
  ),
  state: Type.Optional(Type.Enum([...HEALTH_STATES])),
  before: Type.Optional(Type.Enum([...HEALTH_STATES])),
  reason: Type.Optional(
    Type.Object(
      { kind: Type.Enum([...CHECK_KINDS]), outcome: Type.Enum([...CHECK_OUTCOMES]) },
      { description: 'The check that decided' },
    ),
  ),
})

/**
 * A change as CloudEvents 1.0 has events, in its JSON format. No text of it is the publisher's:
 * https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
 */
export const CloudEvent = Type.Object({
  specversion: Type.Literal('1.0'),
  id: Type.String({ description: 'The same when the feed is read again' }),
  source: Type.String({ format: 'uri', description: 'This gateway' }),
  type: Type.Enum([...EVENT_TYPES]),
  subject: Type.String({ description: "The agent's id" }),
  time: Type.String({ format: 'date-time' }),
  datacontenttype: Type.Literal('application/json'),
  data: Data,
})
export type CloudEvent = Static<typeof CloudEvent>

export const kindOfEvent = (type: EventType): ChangeKind | undefined =>
  CHANGE_KINDS.find((kind) => type === `dev.parley.agent.${kind}`)

export function cloudEvent(change: ToldChange, publicUrl: string): CloudEvent {
  const { id, agentId, slug, at, kind } = change
  return {
    specversion: '1.0',
    id,
    source: publicUrl,
    type: `dev.parley.agent.${kind}`,
    subject: agentId,
    time: new Date(at).toISOString(),
    datacontenttype: 'application/json',
    data: { agentId, slug, ...dataOf(change, publicUrl) },
  }
}

function dataOf(change: ToldChange, publicUrl: string): Partial<CloudEvent['data']> {
  if (change.kind === 'unregistered') return {}
  const url = agentUrl(publicUrl, change.agentId)
  switch (change.kind) {
    case 'registered':
      return { url }
    case 'updated': {
      const { cardVersion, verdict } = change
      return { url, ...(cardVersion && { cardVersion }), ...(verdict && { verdict }) }
    }
    case 'health': {
      const { state, before, reason } = change
      return {
        url,
        state,
        before,
        ...(reason && { reason: { kind: reason.kind, outcome: reason.outcome } }),
      }
    }
  }
}
