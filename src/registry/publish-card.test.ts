import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { decodeProtectedHeader } from 'jose'
import { agentCardCheck } from '../a2a/agent-card.ts'
import { isLegacyCard } from '../a2a/v0_3/agent-card.ts'
import { legacyCardViolations } from '../a2a/v0_3/card-schema.ts'
import type { Signer } from '../access/service-identity/signer.ts'
import { type Agent, CARD_PROFILES } from './agent.ts'
import { cardDeps } from './card-deps.case.ts'
import { as, cardText, openRegistry } from './open-registry.case.ts'
import { presentCard } from './present-card.ts'
import { createPublisher, type Publisher } from './publish-card.ts'

const STARTED_AT = 1_700_000_000_000

describe('a published card', () => {
  let agent: Agent
  before(async () => {
    const room = await openRegistry()
    agent = (await room.registry.register(as('key:ada'), { card: cardText({ 'x-new': 1 }) })).agent
  })

  const open = (changes: Partial<Signer> = {}) => {
    const addresses = { http: 'https://gw.example', grpc: [{ url: 'gw.example:50051' }] }
    const current = { addresses, changes }
    const publisher = createPublisher({
      addresses: () => current.addresses,
      cardSigner: async () => ({ ...(await cardDeps.cardSigner()), signsFrom: 0, ...current.changes }),
      now: () => STARTED_AT,
    })
    return { publisher, current }
  }

  const membersOf = async (publisher: Publisher, form: (typeof CARD_PROFILES)[number]) =>
    JSON.parse((await publisher.publish(agent, form)).text)

  it('is exactly of 1.0, exactly of 0.3, or one document that is both', async () => {
    const { publisher } = open()
    const v1 = await membersOf(publisher, 'v1')
    const legacy = await membersOf(publisher, 'v0.3')
    const both = await membersOf(publisher, 'superset')

    assert.deepEqual(agentCardCheck.violations(v1), [])
    assert.deepEqual(JSON.parse(presentCard(JSON.stringify(v1), 'drop')), v1)
    assert.ok(isLegacyCard(legacy))
    assert.deepEqual(legacyCardViolations(legacy), [])
    assert.ok(!('supportedInterfaces' in legacy) && !('x-new' in legacy))
    assert.deepEqual(agentCardCheck.violations(both), [])
    assert.deepEqual(legacyCardViolations(both), [])
    assert.equal(both['x-new'], 1)

    const url = `https://gw.example/a2a/${agent.id}`
    for (const card of [legacy, both]) {
      assert.deepEqual([card.url, card.preferredTransport, card.protocolVersion], [url, 'JSONRPC', '0.3.0'])
      assert.deepEqual(card.additionalInterfaces, [
        { url, transport: 'JSONRPC' },
        { url, transport: 'HTTP+JSON' },
      ])
    }
    assert.deepEqual(both.supportedInterfaces, v1.supportedInterfaces)
  })

  it('is signed in every form, and says nothing empty', async () => {
    const { publisher } = open()
    for (const form of CARD_PROFILES) {
      const card = await membersOf(publisher, form)
      assert.ok(card.signatures.length > 0, form)
      assert.doesNotMatch(JSON.stringify(card), /:(?:\[\]|\{\}|"")/, form)
      for (const signature of card.signatures) {
        assert.equal(decodeProtectedHeader(signature).jku, 'https://gw.example/.well-known/jwks.json')
      }
    }
  })

  it('is made once for as long as nothing changes', async () => {
    const { publisher, current } = open()
    const first = await publisher.publish(agent, 'v1')
    const again = await publisher.publish({ ...agent, lastHeartbeatAt: STARTED_AT + 5 }, 'v1')
    assert.equal(again, first)

    const renamed = { ...agent, version: 2, card: cardText({ name: 'Renamed' }) }
    assert.notEqual((await publisher.publish(renamed, 'v1')).digest, first.digest)
    current.addresses = { http: 'https://other.example', grpc: [] }
    assert.match((await publisher.publish(agent, 'v1')).text, /https:\/\/other\.example\/a2a/)
  })

  it('has one digest wherever and whenever it is signed, and another under another key', async () => {
    const one = await open().publisher.publish(agent, 'v1')
    const other = await open().publisher.publish(agent, 'v1')
    const rekeyed = await open({ keyId: 'another' }).publisher.publish(agent, 'v1')
    const older = await open().publisher.publish(agent, 'v0.3')

    assert.notEqual(one.text, other.text)
    assert.equal(one.digest, other.digest)
    assert.equal(new Set([one.digest, rekeyed.digest, older.digest]).size, 3)
  })

  it('is signed anew when another key has its turn', async () => {
    const { publisher, current } = open()
    const first = await publisher.publish(agent, 'v1')
    current.changes = { keyId: 'another', signsFrom: STARTED_AT + 5 }
    const second = await publisher.publish(agent, 'v1')

    assert.notEqual(second.digest, first.digest)
    assert.deepEqual([first.modifiedAt, second.modifiedAt], [STARTED_AT, STARTED_AT + 5])
    assert.equal(await publisher.publish(agent, 'v1'), second)
  })

  it('changed when the agent did, or when the gateway may have', async () => {
    const { publisher } = open()
    const modifiedAt = async (updatedAt: number, version: number) =>
      (await publisher.publish({ ...agent, updatedAt, version }, 'v1')).modifiedAt

    assert.equal(await modifiedAt(STARTED_AT - 1000, 10), STARTED_AT)
    assert.equal(await modifiedAt(STARTED_AT + 1000, 11), STARTED_AT + 1000)
  })
})
