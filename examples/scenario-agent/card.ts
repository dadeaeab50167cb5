import type { Skill } from './skill.ts'

/**
 * The agent's card as wire JSON of A2A 1.0 (§4.4).
 *
 * @param url where the agent listens, without a trailing slash.
 */
export const createCard = (url: string, skills: readonly Skill[], streaming: boolean) => ({
  name: 'Scenario agent',
  description: 'Shows every behaviour an A2A agent can have. The first word of a message chooses the skill.',
  version: '1.0.0',
  provider: { organization: 'Parley', url: 'https://example.com/parley' },
  supportedInterfaces: [
    { url: `${url}/`, protocolBinding: 'JSONRPC', protocolVersion: '1.0' },
    { url: `${url}/rest`, protocolBinding: 'HTTP+JSON', protocolVersion: '1.0' },
  ],
  capabilities: { streaming, pushNotifications: false },
  defaultInputModes: ['text/plain'],
  defaultOutputModes: ['text/plain', 'application/json'],
  skills: skills.map(({ id, description, tags, example }) => ({
    id,
    name: id,
    description,
    tags,
    examples: [example],
  })),
})

export type ScenarioCard = ReturnType<typeof createCard>
