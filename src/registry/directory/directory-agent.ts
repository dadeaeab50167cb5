import { agentId } from '../../a2a/ids.ts'
import { textOf } from '../../a2a/json-text.ts'
import type { Agent } from '../agent.ts'

/** Id and slug of Parley's own agent, which knows the others. */
export const DIRECTORY = agentId('directory')

/** Where and how it is called is put in its place, as for every agent. */
const CARD = textOf({
  name: 'Directory',
  description: 'Finds agents of this gateway by what they can do, and answers with their cards.',
  version: '1.0.0',
  supportedInterfaces: [],
  capabilities: { streaming: true },
  defaultInputModes: ['text/plain', 'application/json'],
  defaultOutputModes: ['text/plain', 'application/a2a-agent-card+json'],
  skills: [
    {
      id: 'find-agents',
      name: 'Find agents',
      description:
        'Say in plain words what an agent should do, or send data with any of text, skill, tag and limit.',
      tags: ['directory', 'discovery', 'search'],
      examples: ['Which agents can plan a route?', '{"skill":"route-planner","limit":3}'],
    },
  ],
})

/** It is in every tenant, and nobody's to change: no store has it. */
export const directoryIn = (tenant: string): Agent => ({
  id: DIRECTORY,
  slug: DIRECTORY,
  tenant,
  owner: 'parley',
  visibility: 'public',
  redelivery: 'at-least-once',
  version: 1,
  createdAt: 0,
  updatedAt: 0,
  lifecycle: 'active',
  originalCard: CARD,
  card: CARD,
})
