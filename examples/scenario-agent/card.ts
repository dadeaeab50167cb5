import { SHOUT } from './extension.ts'
import { type Addresses, FORMS, type Form, formUrl } from './forms.ts'
import type { Skill } from './skill.ts'

export type CardParts = {
  readonly addresses: Addresses
  readonly skills: readonly Skill[]
  readonly streaming: boolean
}

/** The agent's card as wire JSON of A2A 1.0 (§4.4): the forms it offers, most preferred first. */
export const createCard = ({ addresses, skills, streaming }: CardParts, forms: readonly Form[] = FORMS) => ({
  ...ABOUT,
  supportedInterfaces: forms.map((form) => ({
    url: formUrl(addresses, form),
    protocolBinding: form.binding,
    protocolVersion: form.version,
  })),
  capabilities: { ...capabilities(streaming), extendedAgentCard: true },
  skills: listed(skills),
})

export type ScenarioCard = ReturnType<typeof createCard>

/** The card of A2A 0.3 (§5.5) for one of its forms: what a server that knows no later version publishes. */
const createLegacyCard = ({ addresses, skills, streaming }: CardParts, form: Form) => ({
  ...ABOUT,
  protocolVersion: '0.3.0',
  url: formUrl(addresses, form),
  preferredTransport: form.binding,
  capabilities: capabilities(streaming),
  supportsAuthenticatedExtendedCard: true,
  skills: listed(skills),
})

/** The card of an agent that has this form and no other. */
export const createFormCard = (parts: CardParts, form: Form): object =>
  form.version === '0.3' ? createLegacyCard(parts, form) : createCard(parts, [form])

const ABOUT = {
  name: 'Scenario agent',
  description: 'Shows every behaviour an A2A agent can have. The first word of a message chooses the skill.',
  version: '1.0.0',
  provider: { organization: 'Parley', url: 'https://example.com/parley' },
  defaultInputModes: ['text/plain'],
  defaultOutputModes: ['text/plain', 'application/json'],
}

const capabilities = (streaming: boolean) => ({
  streaming,
  pushNotifications: false,
  extensions: [{ uri: SHOUT, description: 'Lets the skill shout answer in capitals.', required: false }],
})

const listed = (skills: readonly Skill[]) =>
  skills.map(({ id, description, tags, example }) => ({
    id,
    name: id,
    description,
    tags,
    examples: [example],
  }))
