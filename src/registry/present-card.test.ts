import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { AgentCard } from '@a2a-js/sdk'
import fc from 'fast-check'
import { presentCard } from './present-card.ts'

const everything = {
  name: 'Echo',
  description: 'Echoes',
  version: '1',
  supportedInterfaces: [
    { url: 'https://a.example', protocolBinding: 'JSONRPC', protocolVersion: '1.0', tenant: 't' },
  ],
  provider: { url: 'https://p.example', organization: 'P' },
  documentationUrl: '',
  iconUrl: 'https://i.example',
  capabilities: {
    streaming: false,
    pushNotifications: true,
    extendedAgentCard: false,
    extensions: [{ uri: 'urn:x', description: 'd', required: true, params: { a: [], b: '' } }],
  },
  securitySchemes: {
    key: { apiKeySecurityScheme: { description: 'd', location: 'header', name: 'X' } },
    http: { httpAuthSecurityScheme: { description: 'd', scheme: 'Bearer', bearerFormat: 'JWT' } },
    code: {
      oauth2SecurityScheme: {
        description: 'd',
        flows: {
          authorizationCode: {
            authorizationUrl: 'https://o.example/a',
            tokenUrl: 'https://o.example/t',
            refreshUrl: 'https://o.example/r',
            scopes: { s: 'd' },
            pkceRequired: true,
          },
        },
        oauth2MetadataUrl: 'https://o.example/m',
      },
    },
    device: {
      oauth2SecurityScheme: {
        flows: {
          deviceCode: { deviceAuthorizationUrl: 'https://d', tokenUrl: 'https://t', scopes: { s: 'd' } },
        },
      },
    },
    client: {
      oauth2SecurityScheme: { flows: { clientCredentials: { tokenUrl: 'https://t', scopes: { s: 'd' } } } },
    },
    implicit: {
      oauth2SecurityScheme: { flows: { implicit: { authorizationUrl: 'https://a', scopes: { s: 'd' } } } },
    },
    password: {
      oauth2SecurityScheme: { flows: { password: { tokenUrl: 'https://t', scopes: { s: 'd' } } } },
    },
    oidc: { openIdConnectSecurityScheme: { description: 'd', openIdConnectUrl: 'https://o.example' } },
    mtls: { mtlsSecurityScheme: { description: 'd' } },
  },
  securityRequirements: [{ schemes: { key: { list: ['s'] } } }],
  defaultInputModes: ['text/plain'],
  defaultOutputModes: ['text/plain'],
  skills: [
    {
      id: 'a',
      name: 'A',
      description: 'd',
      tags: ['t'],
      examples: ['e'],
      inputModes: ['i'],
      outputModes: ['o'],
      securityRequirements: [{ schemes: { key: { list: ['s'] } } }],
    },
  ],
  signatures: [{ protected: 'p', signature: 's', header: { x: 1 } }],
}

const presentValue = (card: unknown, unknown: 'keep' | 'drop' = 'drop'): unknown =>
  JSON.parse(presentCard(JSON.stringify(card), unknown))

/** The same value with a member nobody knows in every object. */
function strange(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(strange)
  if (typeof value !== 'object' || value === null) return value
  const members = Object.entries(value).map(([name, member]) => [name, strange(member)])
  return { ...Object.fromEntries(members), 'x-strange': 1 }
}

describe('presentCard', () => {
  it('knows every member of a card', () => {
    assert.deepEqual(presentValue(everything), everything)
    assert.deepEqual(presentValue(everything, 'keep'), everything)
  })

  it('knows no member that the official SDK does not', () => {
    const read = AgentCard.toJSON(AgentCard.fromJSON(everything))

    assert.deepEqual(presentValue(read), presentValue(everything))
  })

  it('leaves out what is empty, unless it is required or says something by being there', () => {
    // The example of A2A 1.0 §8.4.1.
    const fragment = {
      name: 'Example Agent',
      description: '',
      capabilities: { streaming: false, pushNotifications: false, extensions: [] },
      skills: [],
    }
    assert.deepEqual(presentValue(fragment), {
      ...fragment,
      capabilities: { streaming: false, pushNotifications: false },
    })

    const empty = {
      ...everything,
      description: '',
      defaultInputModes: [],
      provider: null,
      documentationUrl: null,
      capabilities: { extensions: [{ uri: 'urn:x', description: '', required: false, params: {} }] },
      securitySchemes: {},
      securityRequirements: [{ schemes: { key: { list: [] } } }],
      skills: [{ id: 'a', name: 'A', description: '', tags: [], examples: [], inputModes: [] }],
      signatures: [],
    }
    const { provider, documentationUrl, securitySchemes, signatures, ...rest } = empty
    assert.deepEqual(presentValue(empty), {
      ...rest,
      capabilities: { extensions: [{ uri: 'urn:x', params: {} }] },
      securityRequirements: [{ schemes: { key: {} } }],
      skills: [{ id: 'a', name: 'A', description: '', tags: [] }],
    })
  })

  it('drops what 1.0 does not know at every level, or keeps it', () => {
    const { capabilities, ...card } = everything
    const [extension] = capabilities.extensions
    const known = JSON.parse(presentCard(JSON.stringify(strange(everything)), 'drop'))

    assert.deepEqual(known, {
      ...card,
      // What is the publisher's own to fill keeps what it holds.
      capabilities: {
        ...capabilities,
        extensions: [{ ...extension, params: { ...extension?.params, 'x-strange': 1 } }],
      },
      securitySchemes: { ...strangeScopes(), 'x-strange': 1 },
      securityRequirements: [{ schemes: { key: { list: ['s'] }, 'x-strange': 1 } }],
      skills: [
        {
          ...card.skills[0],
          securityRequirements: [{ schemes: { key: { list: ['s'] }, 'x-strange': 1 } }],
        },
      ],
      signatures: [{ protected: 'p', signature: 's', header: { x: 1, 'x-strange': 1 } }],
    })
    assert.deepEqual(presentValue(strange(everything), 'keep'), strange(everything))
  })

  it('keeps the bytes of what it passes on', () => {
    const card = '{"capabilities":{"extensions":[{"params":{"n": 12345678901234567890}}]}}'

    assert.equal(presentCard(card, 'drop'), card)
  })

  it('takes any JSON object', () => {
    const member = fc.constantFrom(...Object.keys(everything))
    fc.assert(
      fc.property(fc.dictionary(member, fc.jsonValue()), (card) => {
        JSON.parse(presentCard(JSON.stringify(card), 'drop'))
      }),
    )
  })
})

/** The schemes with a scope named `x-strange`: names of scopes are the publisher's. */
function strangeScopes(): Record<string, unknown> {
  const schemes = JSON.stringify(everything.securitySchemes)
  return JSON.parse(schemes.replaceAll('{"s":"d"}', '{"s":"d","x-strange":1}'))
}
