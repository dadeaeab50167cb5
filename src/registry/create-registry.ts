import { createCursors } from '../access/page-cursor.ts'
import { ParleyError } from '../errors.ts'
import type { ExtendedCardSource } from './extended-card-source.ts'
import { agentNotFound, getAgent } from './find-agent.ts'
import { createExtendedCard } from './get-extended-card.ts'
import { createPublisher } from './publish-card.ts'
import { createRegister, type RegisterDeps } from './register-agent.ts'
import type { Registry } from './registry.ts'
import { createSearch } from './search-agents.ts'
import type { CardSigner } from './signatures/card-signer.ts'

/** A stale version is read again this often before giving up. */
const MAX_COMMIT_ATTEMPTS = 10

export type RegistryDeps = RegisterDeps & {
  /** Signs page cursors; the same in every process of the installation. */
  readonly cursorKey: Uint8Array
  readonly cardSigner: CardSigner
  /** Without one, no agent's extended card can be had. */
  readonly extendedCards?: ExtendedCardSource
}

export function createRegistry(deps: RegistryDeps): Registry {
  const { agents, access, now, events, addresses, cursorKey, cardSigner } = deps
  const publisher = createPublisher({ addresses, signer: cardSigner, now })
  return {
    register: createRegister(deps),
    search: createSearch({ agents, access, now, cursors: createCursors(cursorKey) }),
    get: (call, ref, action, operation) => getAgent(deps, call, ref, action, operation),
    find: (id) => agents.find(id),
    publishedCard: publisher.publish,
    extendedCard: createExtendedCard({ ...deps, publisher }),
    cardKeys: cardSigner.keys,

    async unregister(call, ref) {
      for (let attempt = 0; attempt < MAX_COMMIT_ATTEMPTS; attempt++) {
        const agent = await getAgent(deps, call, ref, 'manage')
        const removal = { ...agent, version: agent.version + 1, updatedAt: now() }
        const result = await agents.commit({ agent: removal, expectedVersion: agent.version, removed: true })
        if (result.kind !== 'committed') continue
        events.agentUnregistered({ agentId: agent.id, principal: call.principal.subject })
        return
      }
      throw new ParleyError('unavailable', 'The agent is being changed by others; try again')
    },

    async heartbeat(call, ref) {
      const agent = await getAgent(deps, call, ref, 'beat')
      const at = now()
      if (!(await agents.beat(agent.id, at))) throw agentNotFound()
      return { ...agent, lastHeartbeatAt: Math.max(at, agent.lastHeartbeatAt) }
    },
  }
}
