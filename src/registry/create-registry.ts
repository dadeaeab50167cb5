import { createCursors } from '../access/page-cursor.ts'
import { ParleyError } from '../errors.ts'
import { agentNotFound, getAgent } from './find-agent.ts'
import { publishedCard } from './published-card.ts'
import { createRegister, type RegisterDeps } from './register-agent.ts'
import type { Registry } from './registry.ts'
import { createSearch } from './search-agents.ts'

/** A stale version is read again this often before giving up. */
const MAX_COMMIT_ATTEMPTS = 10

export type RegistryDeps = RegisterDeps & {
  /** Signs page cursors; the same in every process of the installation. */
  readonly cursorKey: Uint8Array
}

export function createRegistry(deps: RegistryDeps): Registry {
  const { agents, access, now, events, addresses, cursorKey } = deps
  return {
    register: createRegister(deps),
    search: createSearch({ agents, access, now, cursors: createCursors(cursorKey) }),
    get: (call, ref, action) => getAgent(deps, call, ref, action),
    find: (id) => agents.find(id),
    publishedCard: (agent) => publishedCard(agent, addresses().http),

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
