import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { AgentCard as SdkCard } from '@a2a-js/sdk'
import {
  ClientFactory,
  ClientFactoryOptions,
  DefaultAgentCardResolver,
  JsonRpcTransportFactory,
} from '@a2a-js/sdk/client'
import { isLegacyAgentCard, parseLegacyAgentCard } from '@a2a-js/sdk/compat/v0_3/client'
import { agentCardCheck } from '../agent-card.ts'
import { violationsOf } from '../violations.case.ts'
import {
  decodeCard,
  encodeCard,
  encodeProtoCard,
  isLegacyCard,
  pointerIntoLegacy,
  supersetCard,
} from './agent-card.ts'
import { callSdk, meaningful } from './sdk.case.ts'

const json = (text: string): Record<string, unknown> => JSON.parse(text) as Record<string, unknown>

const SCHEMES = {
  key: { type: 'apiKey', in: 'header', name: 'X-Key', description: 'A key' },
  bearer: { type: 'http', scheme: 'Bearer', bearerFormat: 'JWT' },
  code: {
    type: 'oauth2',
    flows: {
      authorizationCode: {
        authorizationUrl: 'https://o.example/a',
        tokenUrl: 'https://o.example/t',
        scopes: { read: 'Read' },
      },
    },
    oauth2MetadataUrl: 'https://o.example/m',
  },
  oidc: { type: 'openIdConnect', openIdConnectUrl: 'https://o.example/d' },
  mtls: { type: 'mutualTLS' },
}

const CARD = {
  protocolVersion: '0.3.0',
  name: 'Echo',
  description: 'Echoes',
  version: '1.2.3',
  url: 'https://agent.example/rpc',
  preferredTransport: 'JSONRPC',
  additionalInterfaces: [
    { url: 'https://agent.example/rpc', transport: 'JSONRPC' },
    { url: 'https://agent.example/rest', transport: 'HTTP+JSON' },
    { url: 'agent.example:443', transport: 'GRPC' },
  ],
  provider: { organization: 'Example', url: 'https://example.com' },
  documentationUrl: 'https://example.com/docs',
  iconUrl: 'https://example.com/icon',
  capabilities: {
    streaming: true,
    pushNotifications: false,
    stateTransitionHistory: true,
    extensions: [{ uri: 'urn:x', required: true, params: { a: 1 } }],
  },
  securitySchemes: SCHEMES,
  security: [{ code: ['read'], key: [] }, { bearer: [] }, {}],
  defaultInputModes: ['text/plain'],
  defaultOutputModes: ['text/plain'],
  skills: [{ id: 's', name: 'S', description: 'Says', tags: ['t'], security: [{ oidc: ['openid'] }] }],
  supportsAuthenticatedExtendedCard: true,
}

const decoded = (card: object): Record<string, unknown> => json(decodeCard(JSON.stringify(card)))

const refused = (card: unknown): readonly string[] => violationsOf(() => decodeCard(JSON.stringify(card)))

describe('a card of 0.3', () => {
  it('is told by where it says the agent is', () => {
    assert.ok(isLegacyCard(CARD))
    assert.ok(isLegacyCard({ url: 'https://a.example' }))
    assert.ok(isLegacyCard({ protocolVersion: '0.3.0', supportedInterfaces: null }))
    for (const card of [{}, { name: 'x' }, { ...CARD, supportedInterfaces: [] }, null, [], 'card']) {
      assert.ok(!isLegacyCard(card))
    }
  })

  it('becomes one of 1.0 that says the same', () => {
    const card = decoded(CARD)

    assert.deepEqual(agentCardCheck.violations(card), [])
    assert.deepEqual(card, {
      name: 'Echo',
      description: 'Echoes',
      version: '1.2.3',
      provider: CARD.provider,
      documentationUrl: CARD.documentationUrl,
      iconUrl: CARD.iconUrl,
      defaultInputModes: ['text/plain'],
      defaultOutputModes: ['text/plain'],
      supportedInterfaces: [
        { url: 'https://agent.example/rpc', protocolBinding: 'JSONRPC', protocolVersion: '0.3' },
        { url: 'https://agent.example/rest', protocolBinding: 'HTTP+JSON', protocolVersion: '0.3' },
        { url: 'agent.example:443', protocolBinding: 'GRPC', protocolVersion: '0.3' },
      ],
      capabilities: {
        streaming: true,
        pushNotifications: false,
        extensions: [{ uri: 'urn:x', required: true, params: { a: 1 } }],
        extendedAgentCard: true,
      },
      securitySchemes: {
        key: { apiKeySecurityScheme: { location: 'header', name: 'X-Key', description: 'A key' } },
        bearer: { httpAuthSecurityScheme: { scheme: 'Bearer', bearerFormat: 'JWT' } },
        code: {
          oauth2SecurityScheme: { flows: SCHEMES.code.flows, oauth2MetadataUrl: 'https://o.example/m' },
        },
        oidc: { openIdConnectSecurityScheme: { openIdConnectUrl: 'https://o.example/d' } },
        mtls: { mtlsSecurityScheme: {} },
      },
      securityRequirements: [
        { schemes: { code: { list: ['read'] }, key: { list: [] } } },
        { schemes: { bearer: { list: [] } } },
        { schemes: {} },
      ],
      skills: [
        {
          id: 's',
          name: 'S',
          description: 'Says',
          tags: ['t'],
          securityRequirements: [{ schemes: { oidc: { list: ['openid'] } } }],
        },
      ],
    })
  })

  it('becomes what the official SDK makes of it', () => {
    const theirs = SdkCard.toJSON(parseLegacyAgentCard({ ...CARD, additionalInterfaces: [] })) as {
      supportedInterfaces: object
    }

    const ours = decoded({ ...CARD, additionalInterfaces: [] })

    assert.deepEqual(theirs.supportedInterfaces, [
      { url: 'https://agent.example/rpc', protocolBinding: 'JSONRPC', protocolVersion: '0.3.0' },
    ])
    const { supportedInterfaces: _ours, ...rest } = ours
    const { supportedInterfaces: _theirs, ...theirRest } = theirs
    assert.deepEqual(meaningful(rest), meaningful(theirRest))
  })

  it('may leave out its version and its transport, and speak another version', () => {
    const { protocolVersion: _version, preferredTransport: _transport, ...card } = CARD
    const first = (card: object): unknown => (decoded(card).supportedInterfaces as readonly unknown[])[0]

    assert.deepEqual(first(card), {
      url: CARD.url,
      protocolBinding: 'JSONRPC',
      protocolVersion: '0.3',
    })
    for (const [written, read] of [
      ['0.2.5', '0.2'],
      ['0.3', '0.3'],
      ['1.0.0', '1.0'],
      ['next', 'next'],
    ]) {
      assert.equal(Reflect.get(Object(first({ ...CARD, protocolVersion: written })), 'protocolVersion'), read)
    }
  })

  it('keeps members nobody knows, to the byte', () => {
    const text = JSON.stringify(CARD)
      .replace('{', '{"x-top": {"n" : 1.0},')
      .replace('"type":"mutualTLS"', '"type":"mutualTLS","x-scheme":1e2')
      .replace('"id":"s"', '"id":"s","x-skill":[ ]')

    const card = decodeCard(text)

    for (const kept of ['"x-top":{"n" : 1.0}', '"x-scheme":1e2', '"x-skill":[ ]'])
      assert.ok(card.includes(kept))
  })

  it('has several schemes of 1.0 for one of several OAuth flows, any of which satisfies', () => {
    const flow = { tokenUrl: 'https://o.example/t', scopes: {} }
    const card = decoded({
      ...CARD,
      securitySchemes: {
        o: {
          type: 'oauth2',
          flows: {
            password: flow,
            clientCredentials: flow,
            authorizationCode: { ...flow, authorizationUrl: 'https://o.example/a' },
          },
        },
        o_password: { type: 'http', scheme: 'Bearer' },
      },
      security: [{ o: ['read'], o_password: [] }],
    })

    const flowsOf = Object.entries(
      card.securitySchemes as Record<string, { oauth2SecurityScheme?: { flows: object } }>,
    ).map(([name, { oauth2SecurityScheme }]) => `${name}: ${Object.keys(oauth2SecurityScheme?.flows ?? {})}`)
    assert.deepEqual(flowsOf, [
      'o: authorizationCode',
      'o_clientCredentials: clientCredentials',
      'o_password_: password',
      'o_password: ',
    ])
    assert.deepEqual(card.securityRequirements, [
      { schemes: { o: { list: ['read'] }, o_password: { list: [] } } },
      { schemes: { o_clientCredentials: { list: ['read'] }, o_password: { list: [] } } },
      { schemes: { o_password_: { list: ['read'] }, o_password: { list: [] } } },
    ])
  })

  it('is refused when its flows allow more combinations than anybody would read', () => {
    const flow = { tokenUrl: 'https://o.example/t', scopes: {} }
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i']
    const securitySchemes = Object.fromEntries(
      names.map((name) => [name, { type: 'oauth2', flows: { password: flow, clientCredentials: flow } }]),
    )
    const all = Object.fromEntries(names.map((name) => [name, []]))

    assert.deepEqual(refused({ ...CARD, securitySchemes, security: [all], skills: [] }), [
      '/security too_many',
    ])
    assert.deepEqual(
      refused({
        ...CARD,
        securitySchemes,
        security: [],
        skills: [{ ...CARD.skills[0], security: [all] }],
      }),
      ['/skills/0/security too_many'],
    )
  })

  it('is told everything that is wrong with it, where it is', () => {
    const card = {
      ...CARD,
      name: '',
      url: undefined,
      additionalInterfaces: [{ url: 'https://a.example' }],
      capabilities: { streaming: 'yes' },
      securitySchemes: {
        'a/b': { type: 'magic' },
        key: { type: 'apiKey', in: 'body', name: 'X' },
        code: { type: 'oauth2', flows: { authorizationCode: { tokenUrl: 'https://o.example/t' } } },
        none: {},
      },
      security: [{ key: 'all' }],
      skills: [{ id: 's', name: 'S', description: 'Says' }],
    }

    assert.deepEqual(refused(card).toSorted(), [
      '/additionalInterfaces/0/transport required',
      '/capabilities/streaming type',
      '/name minLength',
      '/security/0/key type',
      '/securitySchemes/a~1b/type enum',
      '/securitySchemes/code/flows/authorizationCode/authorizationUrl required',
      '/securitySchemes/key/in enum',
      '/securitySchemes/none/type enum',
      '/skills/0/tags required',
      '/url required',
    ])
  })

  it('leads pointers of 1.0 back to what was written', () => {
    const pointers = {
      '/supportedInterfaces': '/url',
      '/supportedInterfaces/0/url': '/url',
      '/supportedInterfaces/0/protocolBinding': '/preferredTransport',
      '/supportedInterfaces/1/url': '/additionalInterfaces/1/url',
      '/supportedInterfaces/2/protocolBinding': '/additionalInterfaces/2/transport',
      '/supportedInterfaces/2/protocolVersion': '/protocolVersion',
      '/skills/0/securityRequirements/1': '/skills/0/security/1',
      '/securityRequirements/0': '/security/0',
      '/capabilities/extendedAgentCard': '/supportsAuthenticatedExtendedCard',
      '/skills/0/name': '/skills/0/name',
    }

    for (const [pointer, expected] of Object.entries(pointers)) {
      assert.equal(pointerIntoLegacy(CARD, pointer), expected)
    }
  })
})

describe('a card for 0.3', () => {
  const v1 = decodeCard(JSON.stringify(CARD))
  const { stateTransitionHistory: _dropped, ...capabilities } = CARD.capabilities

  it('says all that one of 0.3 said', () => {
    const legacy = json(encodeCard(v1))

    assert.deepEqual(legacy, { ...CARD, capabilities })
    assert.deepEqual(json(decodeCard(JSON.stringify(legacy))), json(v1))
  })

  it('is the one the official SDK makes', async () => {
    const theirs = await callSdk({ answer: json(v1) }, 'agent/getAuthenticatedExtendedCard', {})

    const ours = json(encodeCard(v1))

    // Theirs names the preferred interface only by `url`, and the version as 1.0 does.
    assert.deepEqual(meaningful({ ...ours, protocolVersion: '0.3' }), {
      ...(meaningful(theirs) as object),
      additionalInterfaces: CARD.additionalInterfaces,
    })
  })

  it('names no interface that a tenant would have to be told to', () => {
    const legacy = json(
      encodeCard(
        JSON.stringify({
          ...json(v1),
          supportedInterfaces: [
            { url: 'a.example:443', protocolBinding: 'GRPC', protocolVersion: '0.3', tenant: 't' },
            { url: 'https://b.example', protocolBinding: 'HTTP+JSON', protocolVersion: '0.3', tenant: '' },
          ],
        }),
      ),
    )

    assert.equal(legacy.url, 'https://b.example')
    assert.equal(legacy.preferredTransport, 'HTTP+JSON')
    assert.deepEqual(legacy.additionalInterfaces, [{ url: 'https://b.example', transport: 'HTTP+JSON' }])
  })

  it('has the schemes of 1.0 in the form of protobuf', () => {
    const legacy = json(encodeProtoCard(v1))

    assert.deepEqual(legacy.securitySchemes, json(v1).securitySchemes)
    assert.deepEqual(legacy.security, json(v1).securityRequirements)
    assert.deepEqual(json(decodeCard(JSON.stringify(legacy))), json(v1))
  })

  it('gives flows the scopes that 0.3 requires, and keeps a flow that only 1.0 has', () => {
    const flow = { deviceAuthorizationUrl: 'https://o.example/d', tokenUrl: 'https://o.example/t' }
    const card = JSON.stringify({
      ...json(v1),
      securitySchemes: { d: { oauth2SecurityScheme: { flows: { deviceCode: flow } } } },
    })

    assert.deepEqual(json(encodeCard(card)).securitySchemes, {
      d: { type: 'oauth2', flows: { deviceCode: { ...flow, scopes: {} } } },
    })
  })
})

describe('a card for both versions', () => {
  const interfaces = [
    { url: 'https://g.example/a2a/x', protocolBinding: 'JSONRPC', protocolVersion: '1.0' },
    { url: 'https://g.example/a2a/x', protocolBinding: 'JSONRPC', protocolVersion: '0.3' },
  ]
  const v1 = JSON.stringify({ ...json(decodeCard(JSON.stringify(CARD))), supportedInterfaces: interfaces })
  const legacy = encodeCard(v1)
  const both = supersetCard(v1)

  it('has every member of either, with its value', () => {
    const isWithin = (part: unknown, whole: unknown): boolean =>
      typeof part === 'object' && part !== null
        ? Object.entries(part).every(([name, member]) => isWithin(member, Reflect.get(Object(whole), name)))
        : part === whole

    assert.ok(isWithin(json(v1), json(both)))
    assert.ok(isWithin(json(legacy), json(both)))
    assert.deepEqual(agentCardCheck.violations(json(both)), [])
  })

  it('is read by the official SDK as one of 1.0, with all its security', async () => {
    for (const legacyCompat of [{ enabled: true }, { enabled: false }]) {
      const resolver = new DefaultAgentCardResolver({
        legacyCompat,
        fetchImpl: async () => new Response(both, { headers: { 'content-type': 'application/json' } }),
      })

      const read = await resolver.resolve('https://g.example')

      assert.ok(!isLegacyAgentCard(json(both)))
      assert.deepEqual(
        meaningful(SdkCard.toJSON(SdkCard.fromJSON(JSON.parse(JSON.stringify(read))))),
        meaningful(SdkCard.toJSON(SdkCard.fromJSON(json(v1)))),
      )
    }
  })

  it('leads the official SDK to the interface of its version', async () => {
    const transport = new JsonRpcTransportFactory({ legacyCompat: { enabled: true } })
    const factory = new ClientFactory(
      ClientFactoryOptions.createFrom(ClientFactoryOptions.default, { transports: [transport] }),
    )

    const client = await factory.createFromAgentCard(JSON.parse(both))

    assert.equal(client.protocolVersion, '1.0')
  })

  it('is read as one of 0.3 by a reader of that', () => {
    const { supportedInterfaces: _unknown, securityRequirements: _too, ...card } = json(both)

    assert.ok(isLegacyAgentCard(card))
    assert.deepEqual(
      meaningful(SdkCard.toJSON(parseLegacyAgentCard(card))),
      meaningful(SdkCard.toJSON(parseLegacyAgentCard(json(legacy)))),
    )
  })
})
