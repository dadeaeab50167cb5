/**
 * Where alerts go: channels, each of which belongs to whoever made it or to a group of theirs. They are seen and used
 * by their owner and by admins of the tenant; for anybody else there are none.
 *
 * What is secret about a channel is sealed, opened only to send something, and never shown again.
 */
import { invalidParams } from '../a2a/wire.ts'
import { assertScope } from '../access/assert-scope.ts'
import { type AuditAction, type AuditRecord, auditOf } from '../access/audit/audit-record.ts'
import { RefusalError } from '../access/audit/refusal.ts'
import { ownsAgent } from '../access/owner.ts'
import { type Call, hasScope, type Principal } from '../access/principal.ts'
import { untilCommitted } from '../access/until-committed.ts'
import type { Vault } from '../access/vault.ts'
import { ParleyError } from '../errors.ts'
import type { Events } from '../telemetry/events.ts'
import { type AlertSender, type ChannelTarget, failureIn } from './alert-sender.ts'
import { type Channel, openTarget, type StoredChannel, sealTarget, withoutSecret } from './channel.ts'
import type { ChannelStore } from './channel-store.ts'
import { noteOutcome } from './note-outcome.ts'
import type { Notification } from './notification.ts'
import { parseChannel, type WantedChannel } from './parse-channel.ts'
import { testAlert } from './test-alert.ts'

/** Everything here takes `agents:write`. What is not the caller's to see is `not_found`. */
export interface Channels {
  /** Throws `invalid_params` naming everything wrong, and `forbidden` for an owner that the caller is not. */
  create(call: Call, text: string): Promise<Channel>
  /** Those that the caller sees, by id. */
  list(call: Call): Promise<readonly Channel[]>
  get(call: Call, id: string): Promise<Channel>
  /** Throws as `create` does. Without a URL, that and its secret stay. */
  replace(call: Call, id: string, text: string): Promise<Channel>
  delete(call: Call, id: string): Promise<void>
  /** Sends a test there. Throws `channel_unavailable`, saying why, when it is not taken. */
  test(call: Call, id: string): Promise<void>
  /** What became of telling the caller's channels of an alert, by channel; to an admin also those that are gone. */
  listNotifications(call: Call, alertId: string): Promise<readonly ToldChannel[]>
}

/** A notification and the channel it is for, unless that is gone. */
export type ToldChannel = Notification & { readonly channel?: Channel }

export type ChannelsDeps = {
  readonly store: ChannelStore
  readonly vault: Vault
  readonly sender: AlertSender
  readonly events: Events
  readonly now: () => number
  readonly newId: () => string
}

/** In one tenant; the queue of what is to be told goes through all of them. */
const MAX_CHANNELS = 100
/** Of these, those of one maker, so that nobody takes the place of all others; admins make as many as there may be. */
const MAX_CHANNELS_OF_MAKER = 20

/** Whether somebody may see a channel, change it and send alerts there. */
export const isTheirs = (
  principal: Principal,
  { tenant, owner }: Pick<Channel, 'tenant' | 'owner'>,
): boolean => principal.tenant === tenant && (hasScope(principal, 'admin') || ownsAgent(principal, owner))

export function createChannels({ store, vault, sender, events, now, newId }: ChannelsDeps): Channels {
  const find = async (call: Call, id: string): Promise<StoredChannel> => {
    assertScope(call.principal, 'agents:write')
    const channel = await store.find(id)
    if (channel !== undefined && isTheirs(call.principal, channel)) return channel
    const cause = channel && new RefusalError(channel.tenant, { kind: 'channel', id }, 'hidden')
    throw new ParleyError('not_found', 'Channel not found', { cause })
  }

  const record = (call: Call, action: AuditAction, { id, kind, owner }: Channel): readonly AuditRecord[] => [
    auditOf(call, action, { kind: 'channel', id }, now(), { details: { kind }, subjects: { owner } }),
  ]

  const change = (
    call: Call,
    id: string,
    action: AuditAction,
    next: (channel: StoredChannel) => StoredChannel | Promise<StoredChannel>,
  ): Promise<StoredChannel> =>
    untilCommitted('The channel', async () => {
      const before = await find(call, id)
      const channel = { ...(await next(before)), version: before.version + 1 }
      const audit = record(call, action, channel)
      return (await store.commit({ channel, expectedVersion: before.version, audit })) ? channel : undefined
    })

  const told = (call: Call, done: 'created' | 'updated' | 'deleted', { id, kind }: Channel): void =>
    events.channelChanged({ channelId: id, kind, change: done, principal: call.principal.subject })

  return {
    async create(call, text) {
      const { principal } = call
      assertScope(principal, 'agents:write')
      const wanted = parseChannel(text)
      const target = targetOf(wanted)
      assertSendable(sender, target)
      const owner = ownerOf(principal, wanted)
      assertRoom(principal, await store.listOf(principal.tenant))
      const bare = {
        id: newId(),
        tenant: principal.tenant,
        name: wanted.name,
        owner,
        createdBy: principal.subject,
        createdAt: now(),
        ...shownOf(target),
      }
      const channel = { ...bare, sealed: await sealTarget(vault, bare, target), version: 1 }
      const audit = record(call, 'channel.create', channel)
      if (!(await store.commit({ channel, expectedVersion: 0, audit }))) {
        throw new ParleyError('conflict', 'The channel could not be made; try again')
      }
      told(call, 'created', channel)
      return withoutSecret(channel)
    },

    async list({ principal }) {
      assertScope(principal, 'agents:write')
      const all = await store.listOf(principal.tenant)
      return all.filter((channel) => isTheirs(principal, channel)).map(withoutSecret)
    },

    get: async (call, id) => withoutSecret(await find(call, id)),

    async replace(call, id, text) {
      await find(call, id)
      const wanted = parseChannel(text)
      if (wanted.target !== undefined) assertSendable(sender, wanted.target)
      const channel = await change(call, id, 'channel.update', async (before) => {
        const target =
          wanted.target === undefined && wanted.kind === before.kind
            ? await openTarget(vault, before)
            : targetOf(wanted)
        const { owner: given = before.owner } = wanted
        const owner = given === before.owner ? given : ownerOf(call.principal, wanted)
        const { tenant, createdBy, createdAt, version, lastSentAt } = before
        const bare = {
          id,
          tenant,
          name: wanted.name,
          owner,
          createdBy,
          createdAt,
          ...shownOf(target),
          ...(lastSentAt !== undefined && { lastSentAt }),
        }
        return { ...bare, sealed: await sealTarget(vault, bare, target), version }
      })
      told(call, 'updated', channel)
      return withoutSecret(channel)
    },

    async delete(call, id) {
      const gone = await untilCommitted('The channel', async () => {
        const channel = await find(call, id)
        const audit = record(call, 'channel.delete', channel)
        const expectedVersion = channel.version
        return (await store.commit({ channel, expectedVersion, removed: true, audit })) ? channel : undefined
      })
      told(call, 'deleted', gone)
    },

    async test(call, id) {
      // Whoever sends something is on record, whatever comes of it.
      const channel = await change(call, id, 'channel.test', (before) => before)
      const alert = testAlert(newId(), channel, now())
      const target = await openTarget(vault, channel)
      const failure = await failureIn(
        sender.send(target, alert, { id: `test_${alert.id}`, receiver: channel.name, signal: call.signal }),
      )
      await noteOutcome(store, id, { at: now(), failure })
      if (failure === undefined) return
      const message = `The channel did not take the test: ${failure.message}`
      throw new ParleyError('channel_unavailable', message, { cause: failure })
    },

    async listNotifications({ principal }, alertId) {
      assertScope(principal, 'agents:write')
      const told: ToldChannel[] = []
      for (const notification of await store.listNotifications(alertId)) {
        const channel = await store.find(notification.channelId)
        // Nobody owns what is gone.
        const { tenant, owner } = channel ?? { tenant: notification.tenant, owner: '' }
        if (!isTheirs(principal, { tenant, owner })) continue
        told.push({ ...notification, ...(channel && { channel: withoutSecret(channel) }) })
      }
      return told
    },
  }
}

function targetOf({ target }: WantedChannel): ChannelTarget {
  if (target !== undefined) return target
  throw invalidParams([{ pointer: '/url', code: 'required', message: 'is required' }])
}

function assertSendable(sender: AlertSender, target: ChannelTarget): void {
  const refusal = sender.refusalOf(target)
  if (refusal !== undefined) throw invalidParams([refusal])
}

/** The caller, unless somebody else is wanted whose things are the caller's to manage. */
function ownerOf(principal: Principal, { owner = principal.subject }: WantedChannel): string {
  if (isTheirs(principal, { tenant: principal.tenant, owner })) return owner
  const message = 'must be you or one of your groups, written group:<issuer alias>:<group>'
  throw new ParleyError('forbidden', `The owner of a channel ${message}`, {
    violations: [{ pointer: '/owner', code: 'owner', message }],
  })
}

/** All of a target that is shown. */
function shownOf(target: ChannelTarget): Pick<Channel, 'kind' | 'host' | 'isSigned' | 'to'> {
  const { kind } = target
  if (kind === 'email') return { kind, to: target.to }
  const host = URL.parse(target.url)?.host ?? ''
  return kind === 'webhook' ? { kind, host, isSigned: target.secret !== undefined } : { kind, host }
}

function assertRoom(principal: Principal, channels: readonly Channel[]): void {
  const own = channels.filter(({ createdBy }) => createdBy === principal.subject)
  if (own.length >= MAX_CHANNELS_OF_MAKER && !hasScope(principal, 'admin')) {
    const message = `You have made ${MAX_CHANNELS_OF_MAKER} alert channels, and may make no more; delete some first`
    throw new ParleyError('conflict', message)
  }
  if (channels.length < MAX_CHANNELS) return
  throw new ParleyError('conflict', `A tenant has at most ${MAX_CHANNELS} alert channels; delete some first`)
}
