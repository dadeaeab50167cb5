import type { Vault } from '../access/vault.ts'
import type { ChannelTarget } from './alert-sender.ts'

export const CHANNEL_KINDS = ['webhook', 'slack', 'email'] as const
export type ChannelKind = (typeof CHANNEL_KINDS)[number]

/** Where alerts of a tenant go, without what is secret about it. Times are in milliseconds since the Unix epoch. */
export type Channel = {
  readonly id: string
  readonly tenant: string
  readonly name: string
  readonly kind: ChannelKind
  /** A subject or a group, as the owner of an agent is. */
  readonly owner: string
  /** The subject of whoever made it. */
  readonly createdBy: string
  readonly createdAt: number
  /** Of the URL, all that is shown of it; absent for mail. */
  readonly host?: string
  /** Whether what is sent there is signed. */
  readonly isSigned?: boolean
  /** Whom mail goes to. */
  readonly to?: readonly string[]
  /** When something was last taken there. */
  readonly lastSentAt?: number
  /** Why something last was not, unless something was taken since. */
  readonly lastFailure?: { readonly at: number; readonly message: string }
}

/** A channel as it lies in storage. */
export type StoredChannel = Channel & {
  /** A `ChannelTarget` as JSON, sealed by the vault for `contextOf` this channel. */
  readonly sealed: string
  /** Grows by one with every commit. */
  readonly version: number
}

/** What a target is sealed for, so that whoever can write to the database cannot give it to somebody else. */
export const contextOf = ({ tenant, id, kind, owner }: Channel): string =>
  JSON.stringify(['alert channel', tenant, id, kind, owner])

export const withoutSecret = ({ sealed: _, version: __, ...channel }: StoredChannel): Channel => channel

/** A target that only opens for this channel. */
export const sealTarget = (vault: Vault, channel: Channel, target: ChannelTarget): Promise<string> =>
  vault.seal(contextOf(channel), new TextEncoder().encode(JSON.stringify(target)))

/** Where a channel leads. Rejects with `internal` when that cannot be opened. */
export async function openTarget(vault: Vault, channel: StoredChannel): Promise<ChannelTarget> {
  const plain = await vault.open(contextOf(channel), channel.sealed)
  return JSON.parse(new TextDecoder().decode(plain))
}

/** A channel after something was taken there or, with a `failure`, was not. */
export function withOutcome(channel: StoredChannel, at: number, failure: string | undefined): StoredChannel {
  if (failure !== undefined) return { ...channel, lastFailure: { at, message: failure } }
  const { lastFailure: _, ...rest } = channel
  return { ...rest, lastSentAt: at }
}
