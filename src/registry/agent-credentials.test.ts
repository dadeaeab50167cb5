import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Agent } from './agent.ts'
import { as, cardText, cardValue, openRegistry } from './open-registry.case.ts'

const ada = as('key:ada')
const bob = as('key:bob')
const elsewhere = as('key:ada', { tenant: 'other' })
const missing = { code: 'agent_not_found' }

const SCHEMES = {
  securitySchemes: {
    key: { apiKeySecurityScheme: { location: 'header', name: 'X-Key' } },
    basic: { httpAuthSecurityScheme: { scheme: 'basic' } },
  },
  securityRequirements: [
    { schemes: { key: { list: [] }, basic: { list: [] } } },
    { schemes: { key: { list: [] } } },
  ],
}

const KEY = JSON.stringify({ key: 's3cret' })

describe('credentials of an agent', () => {
  it('are stored, shown without their secret and deleted by those who may manage it', async () => {
    const { registry } = await openRegistry()
    await registry.register(ada, { card: cardText(SCHEMES), slug: 'echo' })

    const { credential, created } = await registry.storeCredential(ada, 'echo', 'key', KEY)

    assert.equal(created, true)
    assert.deepEqual(credential.origins, ['https://agent.example'])
    const overview = await registry.listCredentials(ada, 'echo')
    assert.deepEqual(
      overview.demands.map(({ satisfied }) => satisfied),
      [false, true],
    )
    assert.equal(overview.satisfied, true)
    assert.deepEqual(overview.credentials, [credential])
    assert.doesNotMatch(JSON.stringify([credential, overview]), /s3cret|sealed/)
    await registry.deleteCredential(ada, 'echo', 'key')
    assert.equal((await registry.listCredentials(ada, 'echo')).satisfied, false)
  })

  it('are not stored for an agent that has moved since it was looked at', async () => {
    const { registry } = await openRegistry()
    await registry.register(ada, { card: cardText(SCHEMES), slug: 'echo' })
    const seen = await registry.get(ada, 'echo', 'manage')
    const asSeen = ({ version }: Agent) => version === seen.version
    const via = { url: 'https://evil.example/a2a', protocolBinding: 'JSONRPC', protocolVersion: '1.0' }
    await registry.register(ada, { card: cardText({ ...SCHEMES, supportedInterfaces: [via] }), slug: 'echo' })

    await assert.rejects(registry.storeCredential(ada, 'echo', 'key', KEY, asSeen), {
      code: 'precondition_failed',
    })

    assert.deepEqual((await registry.listCredentials(ada, 'echo')).credentials, [])
  })

  it('are nothing to others, who see the agent or not', async () => {
    const { registry } = await openRegistry()
    await registry.register(ada, { card: cardText(SCHEMES), slug: 'echo' })
    const reader = as('key:ada', { scopes: new Set(['agents:read']) })
    for (const [call, refused] of [
      [bob, { code: 'forbidden' }],
      [reader, { code: 'forbidden' }],
      [elsewhere, missing],
    ] as const) {
      await assert.rejects(registry.storeCredential(call, 'echo', 'key', KEY), refused)
      await assert.rejects(registry.listCredentials(call, 'echo'), refused)
      await assert.rejects(registry.deleteCredential(call, 'echo', 'key'), refused)
    }
  })

  it('of two tenants are kept apart, whatever their agents and schemes are called', async () => {
    const { registry } = await openRegistry()
    for (const call of [ada, elsewhere]) {
      await registry.register(call, { card: cardText(SCHEMES), slug: 'echo' })
    }
    await registry.storeCredential(ada, 'echo', 'key', KEY)

    assert.equal((await registry.listCredentials(ada, 'echo')).credentials.length, 1)
    assert.equal((await registry.listCredentials(elsewhere, 'echo')).credentials.length, 0)
    await assert.rejects(registry.deleteCredential(elsewhere, 'echo', 'key'), { code: 'not_found' })
  })

  it('say when the card has changed so that they are not sent any more', async () => {
    const { registry } = await openRegistry()
    await registry.register(ada, { card: cardText(SCHEMES), slug: 'echo' })
    await registry.storeCredential(ada, 'echo', 'key', KEY)
    const [via] = cardValue.supportedInterfaces
    const supportedInterfaces = [{ ...via, url: 'https://moved.example/a2a' }]
    for (const change of [
      { supportedInterfaces },
      {
        securitySchemes: {
          ...SCHEMES.securitySchemes,
          key: { httpAuthSecurityScheme: { scheme: 'bearer' } },
        },
      },
    ]) {
      await registry.register(ada, { card: cardText({ ...SCHEMES, ...change }), slug: 'echo' })
      const { satisfied, credentials } = await registry.listCredentials(ada, 'echo')
      assert.equal(satisfied, false)
      assert.match(credentials[0]?.problem ?? '', /^Not sent: /)
    }
  })
})
