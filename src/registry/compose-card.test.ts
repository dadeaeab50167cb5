import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { agentCardCheck } from '../a2a/agent-card.ts'
import type { Agent } from './agent.ts'
import { composeCard } from './compose-card.ts'
import { as, cardText, cardValue, openRegistry } from './open-registry.case.ts'
import { publishedInterfaces } from './published-interfaces.ts'
import { invokeUrlView } from './views.ts'

const addresses = { http: 'https://gw.example/', grpc: [{ url: 'gw.example:50051' }] }

describe('composeCard', () => {
  let agent: Agent
  before(async () => {
    const card = cardText({
      'x-kept': { deep: ['unchanged'] },
      provider: { organization: 'Ada & Co', url: 'https://ada.example' },
      capabilities: {
        pushNotifications: true,
        stateTransitionHistory: true,
        extensions: [{ uri: 'https://ext.example/v1', required: true, params: { n: 1 } }],
      },
      securitySchemes: { theirs: { mtlsSecurityScheme: {} } },
      security_schemes: { theirs: { mtls_security_scheme: {} } },
      securityRequirements: [{ schemes: { theirs: { list: [] } } }],
      signatures: [{ protected: 'x', signature: 'y' }],
      skills: [
        {
          ...cardValue.skills[0],
          'x-skill': 1,
          examples: [],
          securityRequirements: [{ schemes: { theirs: { list: [] } } }],
          security: [{ theirs: [] }],
          Security_Requirements: [{ theirs: [] }],
        },
      ],
      url: 'https://agent.example/v03',
      preferredTransport: 'JSONRPC',
      protocolVersion: '0.3.0',
      additionalInterfaces: [{ url: 'https://agent.example/v03', transport: 'JSONRPC' }],
      additional_interfaces: [{ url: 'https://agent.example/v03', transport: 'JSONRPC' }],
      supported_interfaces: [{ url: 'https://agent.example/', protocol_binding: 'JSONRPC' }],
      SupportedInterfaces: [{ url: 'https://agent.example/', protocolBinding: 'JSONRPC' }],
      URL: 'https://agent.example/v03',
      '\u017fecurity\u017fchemes': { theirs: {} },
      ['__proto__']: { url: 'https://agent.example/' },
      security: [{ theirs: [] }],
      supportsAuthenticatedExtendedCard: true,
    })
    const room = await openRegistry()
    agent = (await room.registry.register(as('key:ada'), { card })).agent
  })

  it('says what the agent is as its publisher does, and the rest as the gateway does', () => {
    const { supportedInterfaces: _, capabilities: __, ...said } = cardValue

    assert.deepEqual(JSON.parse(composeCard(agent, addresses)), {
      ...said,
      'x-kept': { deep: ['unchanged'] },
      provider: { organization: 'Ada & Co', url: 'https://ada.example' },
      skills: [{ ...cardValue.skills[0], 'x-skill': 1 }],
      supportedInterfaces: publishedInterfaces(agent, addresses),
      capabilities: {
        streaming: true,
        pushNotifications: false,
        extendedAgentCard: false,
        extensions: [{ uri: 'https://ext.example/v1', required: true, params: { n: 1 } }],
      },
      securitySchemes: {
        parley: { httpAuthSecurityScheme: { scheme: 'Bearer' } },
        parleyKey: { apiKeySecurityScheme: { location: 'header', name: 'X-API-Key' } },
      },
      securityRequirements: [
        { schemes: { parley: { list: ['tasks:submit'] } } },
        { schemes: { parleyKey: { list: ['tasks:submit'] } } },
      ],
    })
  })

  it('names the identity providers whose tokens are taken, where it is known how to find them', () => {
    const issuers = [
      {
        alias: 'corp',
        issuer: 'https://id.example/corp',
        scopes: ['tasks:submit'],
        submitScope: 'parley/call',
        openIdUrl: 'https://id.example/corp/.well-known/openid-configuration',
      },
      { alias: 'lab', issuer: 'https://id.example/lab', scopes: [], submitScope: 'tasks:submit' },
    ] as const
    const card = JSON.parse(composeCard(agent, { ...addresses, issuers }))

    assert.deepEqual(agentCardCheck.violations(card), [])
    assert.deepEqual(Object.keys(card.securitySchemes), ['parley', 'parleyKey', 'oidc-corp'])
    assert.deepEqual(card.securitySchemes['oidc-corp'], {
      openIdConnectSecurityScheme: {
        openIdConnectUrl: 'https://id.example/corp/.well-known/openid-configuration',
      },
    })
    assert.deepEqual(card.securityRequirements[2], { schemes: { 'oidc-corp': { list: ['parley/call'] } } })
  })

  it('is a valid card that names neither the agent’s address nor its credentials', () => {
    const card = composeCard(agent, addresses)

    assert.deepEqual(agentCardCheck.violations(JSON.parse(card)), [])
    assert.ok(!card.includes('agent.example'))
    assert.ok(!card.includes('theirs'))
  })

  it('declares an extended card where the agent does', () => {
    const card = cardText({ capabilities: { extendedAgentCard: true } })

    assert.equal(JSON.parse(composeCard({ ...agent, card }, addresses)).capabilities.extendedAgentCard, true)
  })

  it('keeps the publisher’s bytes of what it passes on', () => {
    const exact = { ...agent, card: agent.card.replace('{"n":1}', '{"n": 12345678901234567890}') }

    assert.ok(composeCard(exact, addresses).includes('{"n": 12345678901234567890}'))
  })

  it('says of interfaces what invoke_url says', () => {
    const view = invokeUrlView(agent, addresses)

    assert.deepEqual(view.interfaces, JSON.parse(composeCard(agent, addresses)).supportedInterfaces)
    assert.equal(view.invokeUrl, `https://gw.example/a2a/${agent.id}`)
    assert.equal(view.cardUrl, `https://gw.example/a2a/${agent.id}/.well-known/agent-card.json`)
  })
})
