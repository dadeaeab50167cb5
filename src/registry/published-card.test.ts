import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { agentCardCheck } from '../a2a/agent-card.ts'
import type { Agent } from './agent.ts'
import { as, cardText, cardValue, openRegistry } from './open-registry.case.ts'
import { publishedCard } from './published-card.ts'
import { invokeUrlView } from './views.ts'

describe('publishedCard', () => {
  let agent: Agent
  before(async () => {
    const card = cardText({
      'x-kept': { deep: ['unchanged'] },
      provider: { organization: 'Ada & Co', url: 'https://ada.example' },
      capabilities: {
        pushNotifications: true,
        extendedAgentCard: true,
        extensions: [{ uri: 'https://ext.example/v1', required: true, params: { n: 1 } }],
      },
      securitySchemes: { theirs: { mtlsSecurityScheme: {} } },
      securityRequirements: [{ schemes: { theirs: { list: [] } } }],
      signatures: [{ protected: 'x', signature: 'y' }],
      skills: [
        {
          ...cardValue.skills[0],
          'x-skill': 1,
          securityRequirements: [{ schemes: { theirs: { list: [] } } }],
        },
      ],
      url: 'https://agent.example/v03',
      preferredTransport: 'JSONRPC',
      protocolVersion: '0.3.0',
      additionalInterfaces: [{ url: 'https://agent.example/v03', transport: 'JSONRPC' }],
      security: [{ theirs: [] }],
      supportsAuthenticatedExtendedCard: true,
    })
    const room = await openRegistry()
    agent = (await room.registry.register(as('key:ada'), { card })).agent
  })

  it('says what the agent is as its publisher does, and the rest as the gateway does', () => {
    const { supportedInterfaces: _, capabilities: __, ...said } = cardValue

    assert.deepEqual(JSON.parse(publishedCard(agent, 'https://gw.example/')), {
      ...said,
      'x-kept': { deep: ['unchanged'] },
      provider: { organization: 'Ada & Co', url: 'https://ada.example' },
      skills: [{ ...cardValue.skills[0], 'x-skill': 1 }],
      supportedInterfaces: [
        { url: `https://gw.example/a2a/${agent.id}`, protocolBinding: 'JSONRPC', protocolVersion: '1.0' },
      ],
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
      securityRequirements: [{ schemes: { parley: { list: [] } } }, { schemes: { parleyKey: { list: [] } } }],
    })
  })

  it('is a valid card that names neither the agent’s address nor its credentials', () => {
    const card = publishedCard(agent, 'https://gw.example')

    assert.deepEqual(agentCardCheck.violations(JSON.parse(card)), [])
    assert.ok(!card.includes('agent.example'))
    assert.ok(!card.includes('theirs'))
  })

  it('keeps the publisher’s bytes of what it passes on', () => {
    const exact = { ...agent, card: agent.card.replace('{"n":1}', '{"n": 12345678901234567890}') }

    assert.ok(publishedCard(exact, 'https://gw.example').includes('{"n": 12345678901234567890}'))
  })

  it('is where invoke_url says', () => {
    const { invokeUrl, cardUrl } = invokeUrlView(agent, 'https://gw.example/')

    assert.equal(invokeUrl, JSON.parse(publishedCard(agent, 'https://gw.example')).supportedInterfaces[0].url)
    assert.equal(cardUrl, `https://gw.example/a2a/${agent.id}/.well-known/agent-card.json`)
  })
})
