import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { check } from '../a2a/wire.ts'
import { as, cardText, cardValue, openRegistry } from './open-registry.case.ts'
import {
  AgentView,
  agentView,
  HeartbeatView,
  heartbeatView,
  InvokeUrlView,
  invokeUrlView,
  RegistrationBody,
} from './views.ts'

const addresses = { http: 'https://gw.example', grpc: [] }
const UNKNOWN = { state: 'unknown' } as const

describe('views', () => {
  it('show an agent with its times in ISO and its card in short', async () => {
    const { registry, clock } = await openRegistry()
    const extensions = [{ uri: 'https://ext.example/v1' }]
    const card = cardText({ capabilities: { streaming: true, extensions } })
    const { agent } = await registry.register(as('key:ada'), { card, visibility: 'public' })

    const around = { now: clock.now, addresses, health: UNKNOWN, mayManage: false }
    assert.deepEqual(agentView(agent, around), {
      id: agent.id,
      slug: 'echo-agent',
      name: 'Echo agent',
      description: 'Echoes',
      version: '1.2.3',
      owner: 'key:ada',
      visibility: 'public',
      redelivery: 'at-most-once',
      cardProfile: 'superset',
      lifecycle: 'active',
      health: { state: 'unknown' },
      alive: false,
      verified: false,
      heartbeatIntervalMs: 100_000,
      heartbeatTtlMs: 300_000,
      createdAt: '2023-11-14T22:13:20.000Z',
      updatedAt: '2023-11-14T22:13:20.000Z',
      skills: cardValue.skills,
      capabilities: {
        streaming: true,
        pushNotifications: false,
        extendedAgentCard: false,
        extensions: ['https://ext.example/v1'],
      },
      signatures: [],
      cardVersion: 1,
      invokeUrl: `https://gw.example/a2a/${agent.id}`,
      securityRequirements: [
        { schemes: { parley: { list: ['tasks:submit'] } } },
        { schemes: { parleyKey: { list: ['tasks:submit'] } } },
      ],
      security: ['none'],
    })
    const signatures = [{ status: 'verified', keyId: 'k', algorithm: 'ES256', form: 'wire' }] as const
    const signed = agentView({ ...agent, cardProfile: 'v1', signatures }, around)
    assert.deepEqual([signed.cardProfile, signed.signatures], ['v1', signatures])
    assert.equal(agentView({ ...agent, lifecycle: 'disabled' }, around).lifecycle, 'disabled')
  })

  it('show to who may manage an agent alone that a card waits, and what becomes of such cards', async () => {
    const { registry, clock, served } = await openRegistry()
    served.set('https://agent.example/', cardText())
    const { agent } = await registry.register(as('key:ada'), { cardUrl: 'https://agent.example/' })
    const proposal = { verdict: 'text', at: clock.now, hash: 'h' } as const
    const shown = (mayManage: boolean) =>
      agentView({ ...agent, proposal }, { now: clock.now, addresses, health: UNKNOWN, mayManage })

    assert.deepEqual(shown(true), {
      ...shown(false),
      cardUpdates: 'compatible',
      proposedCard: { verdict: 'text', at: '2023-11-14T22:13:20.000Z' },
    })
    const byCard = await registry.register(as('key:ada'), { card: cardText(), slug: 'by-card' })
    const around = { now: clock.now, addresses, health: UNKNOWN, mayManage: true }
    assert.equal('cardUpdates' in agentView(byCard.agent, around), false)
  })

  it('hold what their schemas say', async () => {
    const { registry, clock, served } = await openRegistry()
    served.set('https://agent.example/', cardText())
    const { agent } = await registry.register(as('key:ada'), { cardUrl: 'https://agent.example/' })
    const reason = { kind: 'interface', outcome: 'timeout', message: 'told to its owner' } as const
    const health = { state: 'degraded', since: 1, reason, latencyMs: 2.5, verifiedAt: clock.now } as const

    const shown = [
      [AgentView, agentView(agent, { now: clock.now, addresses, health, mayManage: true })],
      [HeartbeatView, heartbeatView({ agent, lastHeartbeatAt: clock.now, health })],
      [InvokeUrlView, invokeUrlView(agent, addresses)],
    ] as const
    for (const [schema, view] of shown) assert.deepEqual(check(schema).violations(view), [])
  })

  it('describe every form of a registration', () => {
    const { violations } = check(RegistrationBody)
    const bodies = [
      cardValue,
      { card: cardValue, slug: 'echo' },
      { cardUrl: 'https://a.example' },
      { url: 'https://a.example' },
    ]

    for (const body of bodies) assert.deepEqual(violations(body), [])
    assert.ok(violations({ slug: 'echo' }).length > 0)
  })
})
