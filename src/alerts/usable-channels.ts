import type { Call } from '../access/principal.ts'
import type { ChannelStore } from './channel-store.ts'
import { isTheirs } from './channels.ts'

/** As `ManageRulesDeps.unusableChannels`. */
export const createUnusableChannels =
  (channels: Pick<ChannelStore, 'find'>) =>
  async ({ principal }: Call, ids: readonly string[]): Promise<readonly string[]> => {
    const found = await Promise.all(ids.map((id) => channels.find(id)))
    return ids.filter((_, index) => {
      const channel = found[index]
      return channel === undefined || !isTheirs(principal, channel)
    })
  }
