import type { SealedSecrets } from '../access/sealed-secrets.ts'
import type { Vault } from '../access/vault.ts'
import { openTarget, type StoredChannel, sealTarget } from './channel.ts'
import type { ChannelStore } from './channel-store.ts'

const PER_PAGE = 100

/** Where the channels lead, for whoever replaces the master key. */
export function sealedChannels(store: ChannelStore, vault: Vault): SealedSecrets {
  async function* all(): AsyncGenerator<StoredChannel> {
    let page = await store.list(PER_PAGE)
    while (page.length > 0) {
      yield* page
      page = await store.list(PER_PAGE, page.at(-1)?.id)
    }
  }
  return {
    kind: 'alert channels',
    async masterKeyIds() {
      const ids = new Set<string>()
      for await (const { sealed } of all()) ids.add(vault.keyIdOf(sealed))
      return [...ids]
    },
    async resealAll() {
      let count = 0
      for await (const channel of all()) {
        if (vault.keyIdOf(channel.sealed) === vault.keyId) continue
        const sealed = await sealTarget(vault, channel, await openTarget(vault, channel))
        const next = { ...channel, sealed, version: channel.version + 1 }
        // One that was changed meanwhile is found again by another pass.
        if (await store.commit({ channel: next, expectedVersion: channel.version })) count++
      }
      return count
    },
  }
}
