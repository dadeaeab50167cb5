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

const publicUrl = 'https://gw.example'

describe('views', () => {
  it('show an agent with its times in ISO and its card in short', async () => {
    const { registry, clock } = await openRegistry()
    const extensions = [{ uri: 'https://ext.example/v1' }]
    const card = cardText({ capabilities: { streaming: true, extensions } })
    const { agent } = await registry.register(as('key:ada'), { card, visibility: 'public' })

    assert.deepEqual(agentView(agent, clock.now + 300_001, publicUrl), {
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
      alive: false,
      lastHeartbeatAt: '2023-11-14T22:13:20.000Z',
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
    })
    const signatures = [{ status: 'verified', keyId: 'k', algorithm: 'ES256', form: 'wire' }] as const
    const signed = agentView({ ...agent, cardProfile: 'v1', signatures }, clock.now, publicUrl)
    assert.deepEqual([signed.cardProfile, signed.signatures], ['v1', signatures])
    assert.equal(agentView({ ...agent, lifecycle: 'disabled' }, clock.now, publicUrl).lifecycle, 'disabled')
  })

  it('hold what their schemas say', async () => {
    const { registry, clock, served } = await openRegistry()
    served.set('https://agent.example/', cardText())
    const { agent } = await registry.register(as('key:ada'), { cardUrl: 'https://agent.example/' })

    const shown = [
      [AgentView, agentView(agent, clock.now, publicUrl)],
      [HeartbeatView, heartbeatView(agent, clock.now)],
      [InvokeUrlView, invokeUrlView(agent, { http: publicUrl, grpc: [] })],
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
