import { type SealedSecrets, sealedSecrets } from '../access/sealed-secrets.ts'
import type { Vault } from '../access/vault.ts'
import { openTarget, type StoredChannel, sealTarget } from './channel.ts'
import type { ChannelStore } from './channel-store.ts'

const PER_PAGE = 100

/** Where the channels lead, for whoever replaces the master key. */
export const sealedChannels = (store: ChannelStore, vault: Vault): SealedSecrets =>
  sealedSecrets<StoredChannel>(vault, {
    kind: 'alert channels',
    page: (last) => store.list(PER_PAGE, last?.id),
    async reseal(channel) {
      const sealed = await sealTarget(vault, channel, await openTarget(vault, channel))
      const next = { ...channel, sealed, version: channel.version + 1 }
      return store.commit({ channel: next, expectedVersion: channel.version })
    },
  })
