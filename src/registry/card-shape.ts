import { mapElements, membersOf, objectText } from '../a2a/json-text.ts'

/**
 * What A2A 1.0 knows of a card: its members, and for each whether it is always written (`required`), written whenever it
 * is set (`explicit`), or left out when it is empty (`implicit`). From the field rules of `a2a.proto` (§5.7).
 */
type Member = {
  readonly presence: 'required' | 'explicit' | 'implicit'
  /** Shape of the value or, in a list or map, of each value in it. */
  readonly shape?: Shape
  readonly isMany?: boolean
}
type Shape = Readonly<Record<string, Member>>

const required: Member = { presence: 'required' }
const explicit: Member = { presence: 'explicit' }
const implicit: Member = { presence: 'implicit' }
const message = (shape: Shape, presence: Member['presence'] = 'explicit'): Member => ({ presence, shape })
const many = (shape: Shape, presence: Member['presence'] = 'implicit'): Member => ({
  presence,
  shape,
  isMany: true,
})

const REQUIREMENTS = many({ schemes: many({ list: implicit }) })

const TOKEN_FLOW: Shape = { tokenUrl: required, refreshUrl: implicit, scopes: required }

const FLOWS: Shape = {
  authorizationCode: message({ ...TOKEN_FLOW, authorizationUrl: required, pkceRequired: implicit }),
  clientCredentials: message(TOKEN_FLOW),
  deviceCode: message({ ...TOKEN_FLOW, deviceAuthorizationUrl: required }),
  implicit: message({ authorizationUrl: implicit, refreshUrl: implicit, scopes: implicit }),
  password: message({ tokenUrl: implicit, refreshUrl: implicit, scopes: implicit }),
}

const SECURITY_SCHEME: Shape = {
  apiKeySecurityScheme: message({ description: implicit, location: required, name: required }),
  httpAuthSecurityScheme: message({ description: implicit, scheme: required, bearerFormat: implicit }),
  oauth2SecurityScheme: message({
    description: implicit,
    flows: message(FLOWS, 'required'),
    oauth2MetadataUrl: implicit,
  }),
  openIdConnectSecurityScheme: message({ description: implicit, openIdConnectUrl: required }),
  mtlsSecurityScheme: message({ description: implicit }),
}

const CARD: Shape = {
  name: required,
  description: required,
  version: required,
  supportedInterfaces: many(
    { url: required, protocolBinding: required, protocolVersion: required, tenant: implicit },
    'required',
  ),
  provider: message({ url: required, organization: required }),
  documentationUrl: explicit,
  iconUrl: explicit,
  capabilities: message(
    {
      streaming: explicit,
      pushNotifications: explicit,
      extendedAgentCard: explicit,
      extensions: many({ uri: implicit, description: implicit, required: implicit, params: explicit }),
    },
    'required',
  ),
  securitySchemes: many(SECURITY_SCHEME),
  securityRequirements: REQUIREMENTS,
  defaultInputModes: required,
  defaultOutputModes: required,
  skills: many(
    {
      id: required,
      name: required,
      description: required,
      tags: required,
      examples: implicit,
      inputModes: implicit,
      outputModes: implicit,
      securityRequirements: REQUIREMENTS,
    },
    'required',
  ),
  signatures: many({ protected: required, signature: required, header: explicit }),
}

/**
 * A 1.0 card with each member written or left out as §5.7 says. Members that 1.0 does not know are kept in place or, for
 * readers that admit none, dropped at every level.
 *
 * `text` holds a JSON object.
 */
export const presentCard = (text: string, unknown: 'keep' | 'drop'): string =>
  present(text, CARD, unknown === 'keep')

function present(text: string, shape: Shape, keepsUnknown: boolean): string {
  const members = [...membersOf(text)].flatMap(([name, value]): [string, string][] => {
    const member = Object.hasOwn(shape, name) ? shape[name] : undefined
    if (member === undefined) return keepsUnknown ? [[name, value]] : []
    const inside = presentValue(value, member, keepsUnknown)
    return isLeftOut(inside, member) ? [] : [[name, inside]]
  })
  return objectText(members)
}

function presentValue(text: string, { shape, isMany }: Member, keepsUnknown: boolean): string {
  if (shape === undefined) return text
  const each = (value: string) => (value[0] === '{' ? present(value, shape, keepsUnknown) : value)
  if (isMany !== true) return each(text)
  if (text[0] === '[') return mapElements(text, each)
  if (text[0] !== '{') return text
  return objectText([...membersOf(text)].map(([name, value]) => [name, each(value)]))
}

const EMPTY = /^(?:null|false|""|\[\s*\]|\{\s*\})$/

const isLeftOut = (text: string, { presence }: Member): boolean =>
  presence === 'implicit' ? EMPTY.test(text) : presence === 'explicit' && text === 'null'
