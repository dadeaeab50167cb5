import type { SendFailure } from './alert-sender.ts'
import { withOutcome } from './channel.ts'
import type { ChannelStore } from './channel-store.ts'

/** After so many others who were faster, theirs is as good. */
const MAX_ATTEMPTS = 10

/** Shows on a channel what came of sending something there, unless it is gone. */
export async function noteOutcome(
  channels: Pick<ChannelStore, 'find' | 'commit'>,
  id: string,
  { at, failure }: { readonly at: number; readonly failure: SendFailure | undefined },
): Promise<void> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const before = await channels.find(id)
    if (before === undefined) return
    const channel = { ...withOutcome(before, at, failure?.message), version: before.version + 1 }
    if (await channels.commit({ channel, expectedVersion: before.version })) return
  }
}
