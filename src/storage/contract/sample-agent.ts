import { agentId, newUuid } from '../../a2a/ids.ts'
import type { Agent } from '../../registry/agent.ts'
import { T0 } from './sample-task.ts'

export const sampleCard = (parts: {
  readonly name?: string
  readonly skills?: readonly string[]
  readonly capabilities?: Readonly<Record<string, unknown>>
}): string =>
  JSON.stringify({
    name: parts.name ?? 'Sample',
    description: 'A sample',
    version: '1',
    supportedInterfaces: [],
    capabilities: parts.capabilities ?? {},
    defaultInputModes: [],
    defaultOutputModes: [],
    skills: (parts.skills ?? []).map((id) => ({ id, name: id, description: id, tags: [] })),
  })

export function sampleAgent(changes: Partial<Agent> = {}): Agent {
  const id = changes.id ?? agentId(newUuid())
  return {
    id,
    slug: `agent-${id}`,
    tenant: 'default',
    owner: 'key:alice',
    visibility: 'tenant',
    redelivery: 'at-most-once',
    version: 1,
    createdAt: T0,
    updatedAt: T0,
    lastHeartbeatAt: T0,
    heartbeatTtlMs: 300_000,
    lifecycle: 'active',
    originalCard: '{}',
    card: sampleCard({}),
    ...changes,
  }
}
