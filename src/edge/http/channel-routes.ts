import Type, { type Static } from 'typebox'
import { CHANNEL_KINDS, type Channel } from '../../alerts/channel.ts'
import type { ToldChannel } from '../../alerts/channels.ts'
import { ChannelBody } from '../../alerts/parse-channel.ts'
import { emptyResponse, jsonResponse } from './json-response.ts'
import { listResponse, listSchema } from './list-response.ts'
import { defineRoute, json, NO_QUERY, type Route } from './route.ts'

const instant = Type.String({ format: 'date-time' })

/** A channel without its secrets, which no answer ever holds. */
const ChannelView = Type.Object({
  id: Type.String(),
  name: Type.String(),
  kind: Type.Enum([...CHANNEL_KINDS]),
  owner: Type.String(),
  host: Type.Optional(Type.String({ description: 'Of the URL, all that is shown' })),
  signed: Type.Optional(Type.Boolean()),
  to: Type.Optional(Type.Array(Type.String())),
  createdAt: instant,
  createdBy: Type.String({ description: 'Subject of who made it' }),
  lastSentAt: Type.Optional(
    Type.String({ format: 'date-time', description: 'When something was last taken there' }),
  ),
  lastFailure: Type.Optional(
    Type.Object({ at: instant, message: Type.String() }, { description: 'Unless something was taken since' }),
  ),
})

const Sent = Type.Object({ sent: Type.Literal(true) })

const channelView = (channel: Channel) => ({
  id: channel.id,
  name: channel.name,
  kind: channel.kind,
  owner: channel.owner,
  ...(channel.host !== undefined && { host: channel.host }),
  ...(channel.isSigned !== undefined && { signed: channel.isSigned }),
  ...(channel.to !== undefined && { to: channel.to }),
  createdAt: new Date(channel.createdAt).toISOString(),
  createdBy: channel.createdBy,
  ...(channel.lastSentAt !== undefined && { lastSentAt: new Date(channel.lastSentAt).toISOString() }),
  ...(channel.lastFailure !== undefined && {
    lastFailure: { ...channel.lastFailure, at: new Date(channel.lastFailure.at).toISOString() },
  }),
})

/** What became of telling a channel of an alert. */
const NotificationView = Type.Object({
  channel: Type.String({ description: 'Its id' }),
  name: Type.Optional(Type.String({ description: "The channel's; absent once that is gone" })),
  state: Type.Enum(['firing', 'resolved'], { description: 'What it was last told' }),
  status: Type.Enum(['sending', 'retrying', 'sent', 'given_up']),
  attempts: Type.Integer({ minimum: 1 }),
  triedAt: instant,
  failure: Type.Optional(Type.String()),
})

const notificationView = (told: ToldChannel): Static<typeof NotificationView> => ({
  channel: told.channelId,
  ...(told.channel !== undefined && { name: told.channel.name }),
  state: told.state,
  status: told.status === 'trying' ? 'sending' : told.status,
  attempts: told.attempts,
  triedAt: new Date(told.triedAt).toISOString(),
  ...(told.failure !== undefined && { failure: told.failure }),
})

const textOf = (channel: Channel): string => JSON.stringify(channelView(channel))

/** Channels are for whatever a tenant watches, so no credential that is limited to agents has any. */
const shared = { scope: 'agents:write', isTenantWide: true, query: NO_QUERY } as const

export const CHANNEL_ROUTES: readonly Route[] = [
  defineRoute({
    ...shared,
    method: 'GET',
    path: '/alerts/channels',
    summary: 'Where alerts can go: your channels and those of your groups, to an admin all of the tenant',
    responses: { 200: json('Channels', listSchema(ChannelView)) },
    async handle({ deps, call }) {
      const items = (await deps.channels.list(call)).map(textOf)
      return listResponse({ items, total: items.length, totalCapped: false }, call.requestId)
    },
  }),
  defineRoute({
    ...shared,
    method: 'POST',
    path: '/alerts/channels',
    summary: 'Make a channel: a webhook, a Slack webhook, or mail. Nobody can read its URL or secret again',
    body: ChannelBody,
    responses: { 201: json('Made', ChannelView) },
    async handle({ deps, call, body }) {
      const channel = await deps.channels.create(call, body.text)
      const location = `/alerts/channels/${channel.id}`
      return jsonResponse(textOf(channel), call.requestId, 201, { location })
    },
  }),
  defineRoute({
    ...shared,
    method: 'GET',
    path: '/alerts/channels/{id}',
    summary: 'One channel, without its secrets',
    responses: { 200: json('The channel', ChannelView) },
    async handle({ deps, call, params }) {
      return jsonResponse(textOf(await deps.channels.get(call, params.id ?? '')), call.requestId)
    },
  }),
  defineRoute({
    ...shared,
    method: 'PUT',
    path: '/alerts/channels/{id}',
    summary: 'Replace a channel; without a url, that and its secret stay',
    body: ChannelBody,
    responses: { 200: json('Replaced', ChannelView) },
    async handle({ deps, call, params, body }) {
      const channel = await deps.channels.replace(call, params.id ?? '', body.text)
      return jsonResponse(textOf(channel), call.requestId)
    },
  }),
  defineRoute({
    ...shared,
    method: 'DELETE',
    path: '/alerts/channels/{id}',
    summary: 'Delete a channel; what was still to be told there is not',
    responses: { 204: { description: 'Deleted' } },
    async handle({ deps, call, params }) {
      await deps.channels.delete(call, params.id ?? '')
      return emptyResponse(call.requestId)
    },
  }),
  defineRoute({
    ...shared,
    method: 'POST',
    path: '/alerts/channels/{id}/test',
    summary: 'Send a test alert to a channel, now, and say whether it was taken',
    responses: { 200: json('It was taken', Sent) },
    async handle({ deps, call, params }) {
      await deps.channels.test(call, params.id ?? '')
      return jsonResponse(JSON.stringify({ sent: true }), call.requestId)
    },
  }),
  defineRoute({
    ...shared,
    method: 'GET',
    path: '/alerts/{id}/notifications',
    summary: 'What became of telling your channels of an alert',
    responses: { 200: json('By channel', listSchema(NotificationView)) },
    async handle({ deps, call, params }) {
      const { id } = await deps.alerts.getAlert(call, params.id ?? '')
      const told = await deps.channels.listNotifications(call, id)
      const items = told.map((one) => JSON.stringify(notificationView(one)))
      return listResponse({ items, total: items.length, totalCapped: false }, call.requestId)
    },
  }),
]
