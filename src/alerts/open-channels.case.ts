import { randomBytes } from 'node:crypto'
import { newUuid } from '../a2a/ids.ts'
import type { Call, Principal, Scope } from '../access/principal.ts'
import { createVault, masterKey, type Vault } from '../access/vault.ts'
import { openMemory } from '../storage/memory/open-memory.ts'
import { silentEvents } from '../telemetry/events.ts'
import type { Alert } from './alert.ts'
import type { AlertSender, ChannelTarget } from './alert-sender.ts'
import { createChannels } from './channels.ts'

export const NOW = Date.UTC(2026, 0, 1)

export const callBy = (
  subject: string,
  {
    scopes = ['agents:write'],
    ...more
  }: Partial<Omit<Principal, 'scopes'>> & { readonly scopes?: readonly Scope[] } = {},
): Call => ({
  principal: { tenant: 'default', subject, groups: [], ...more, scopes: new Set<Scope>(scopes) },
  requestId: 'request-1',
  signal: new AbortController().signal,
})

export const alice = callBy('key:alice')

export type Sent = { readonly target: ChannelTarget; readonly alert: Alert; readonly id: string }

/** The far side in a word: what came there, and how it answers. */
export type ScriptedSender = AlertSender & {
  readonly sent: Sent[]
  answer: (sent: Sent) => void | Promise<void>
  refusal: ReturnType<AlertSender['refusalOf']>
  repeat: number | undefined
}

function scriptedSender(): ScriptedSender {
  const sender: ScriptedSender = {
    sent: [],
    answer: () => {},
    refusal: undefined,
    repeat: undefined,
    refusalOf: () => sender.refusal,
    async send(target, alert, { id, signal }) {
      signal.throwIfAborted()
      const sent = { target, alert, id }
      sender.sent.push(sent)
      await sender.answer(sent)
    },
    repeatMs: () => sender.repeat,
    async [Symbol.asyncDispose]() {},
  }
  return sender
}

export const newVault = (): Vault => createVault({ keys: [masterKey(randomBytes(32))], randomBytes })

/** The channels of an empty memory backend, with a far side that takes everything and a clock that stands still. */
export async function openChannels(vault = newVault()) {
  const backend = await openMemory()
  const sender = scriptedSender()
  const clock = { now: NOW }
  const channels = createChannels({
    store: backend.channels,
    vault,
    sender,
    events: silentEvents,
    now: () => clock.now,
    newId: newUuid,
  })
  return { backend, channels, sender, clock, vault }
}

export const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
export const HOOK = {
  kind: 'webhook',
  name: 'Night shift',
  url: 'https://hooks.example/s3cret',
  secret: SECRET,
}
