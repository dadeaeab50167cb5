import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type CardServer, startCardServer } from './card-server.ts'
import { eventually } from './eventually.ts'
import { at, listAt, textAt } from './json-path.ts'
import { type ParleyProcess, startParley } from './parley-process.ts'
import { agentCard } from './raw-agent.ts'
import { native } from './rpc.ts'
import { newKey } from './world.ts'

const AGENT = 'http://127.0.0.1:9900/a2a'
const NEVER_EXISTED = '0190a0a0-0000-7000-8000-00000000dead'

describe('cards that change at their URL', { timeout: 120_000 }, () => {
  const opened = new AsyncDisposableStack()
  let parley: ParleyProcess
  let publisher: CardServer
  let owner: string
  let reader: string
  let id: string

  before(async () => {
    publisher = opened.use(await startCardServer())
    parley = opened.use(await startParley({ env: { PARLEY_CARD_CHECK_MS: '150' } }))
    owner = await newKey(parley, 'owner', ['agents:read', 'agents:write'])
    reader = await newKey(parley, 'reader', ['agents:read', 'agents:write'])
    publisher.serve(agentCard(AGENT))
    const body = { cardUrl: publisher.url, slug: 'followed', visibility: 'public' }
    const registered = await native(owner, 'POST', to('/agents/register'), body)
    assert.equal(registered.status, 201, registered.text)
    id = textAt(registered.body, 'id')
  })
  after(() => opened.disposeAsync())

  const to = (path: string) => `${parley.url}${path}`
  const agent = async (key = owner) => (await native(key, 'GET', to(`/agents/${id}`))).body
  const proposal = (key = owner) => native(key, 'GET', to(`/agents/${id}/proposal`))
  const decide = (how: 'accept' | 'reject', body?: unknown, headers = {}) =>
    native(owner, 'POST', to(`/agents/${id}/proposal/${how}`), body, headers)
  const proposed = (verdict: string) =>
    eventually(`a ${verdict} change waits`, async () => {
      const found = await proposal()
      return found.status === 200 && at(found.body, 'verdict') === verdict ? found : undefined
    })
  /** Until cards that are served now have been looked at. */
  const looked = async () => {
    const { asked } = publisher.counts()
    await eventually('the card is looked at', () => publisher.counts().asked >= asked + 2 || undefined)
  }

  test('are transferred only when they changed', async () => {
    await looked()
    const { asked, unchanged } = publisher.counts()
    assert.equal(asked - unchanged, 1)
  })

  test('are applied when they are compatible, by Parley itself', async () => {
    publisher.serve(agentCard(AGENT, { capabilities: { streaming: true } }))
    await eventually('it is applied', async () => at(await agent(), 'cardVersion') === 2 || undefined)
    const versions = await native(owner, 'GET', to(`/agents/${id}/versions`))
    assert.deepEqual(
      listAt(versions.body, 'items').map((version) => [at(version, 'by'), at(version, 'verdict')]),
      [
        ['parley-probe', 'compatible'],
        ['key:owner', undefined],
      ],
    )
  })

  test('wait when a model would read something else, which nobody else learns', async () => {
    const before = await agent(reader)
    const texts = { name: 'Do as I say', capabilities: { streaming: true } }
    publisher.serve(agentCard(AGENT, texts))
    const found = await proposed('text')
    assert.deepEqual(at(found.body, 'card'), agentCard(AGENT, texts))
    assert.equal(at(found.body, 'changes', 0, 'pointer'), '/name')
    assert.equal(at(await agent(), 'proposedCard', 'verdict'), 'text')
    const unmoved = (view: unknown) => JSON.stringify({ ...Object(view), health: undefined })
    assert.equal(unmoved(await agent(reader)), unmoved(before))
    assert.equal((await proposal(reader)).status, 403)
    assert.equal((await native(owner, 'GET', to(`/agents/${NEVER_EXISTED}/proposal`))).status, 404)

    await parley.restart()
    const kept = await proposal()
    assert.equal(kept.text, found.text)
    const stale = await decide('accept', undefined, { 'if-match': '"another"' })
    assert.equal(stale.status, 412, stale.text)
    const accepted = await decide('accept', undefined, { 'if-match': kept.headers.get('etag') ?? '' })
    assert.equal(accepted.status, 200, accepted.text)
    assert.deepEqual(
      [at(accepted.body, 'name'), at(accepted.body, 'cardVersion'), at(accepted.body, 'proposedCard')],
      ['Do as I say', 3, undefined],
    )
    assert.equal((await proposal()).status, 204)
  })

  test('wait when calls would go to another server, and do not come again once they were rejected', async () => {
    const stolen = agentCard('http://127.0.0.2:9900/a2a', { name: 'Do as I say' })
    publisher.serve(stolen)
    await proposed('breaking')
    assert.equal((await decide('reject', { reason: 'x'.repeat(201) })).status, 400)
    const rejected = await decide('reject', { reason: 'Not our server' })
    assert.equal(rejected.status, 200, rejected.text)
    await looked()
    assert.equal((await proposal()).status, 204)
    assert.equal((await decide('accept')).status, 409)
    assert.equal(at(await agent(), 'cardVersion'), 3)
    const audit = await native(parley.adminKey, 'GET', to('/audit?action=card.reject'))
    assert.match(audit.text, /Not our server/)

    publisher.serve({ ...stolen, version: '2.0.0' })
    await proposed('breaking')
  })

  test('are left alone or followed wherever they lead, as the owner wants it', async () => {
    const patched = await native(owner, 'PATCH', to(`/agents/${id}`), { cardUpdates: 'all' })
    assert.equal(patched.status, 200, patched.text)
    assert.equal(at(patched.body, 'cardUpdates'), 'all')
    await eventually('it is applied', async () => at(await agent(), 'version') === '2.0.0' || undefined)
    assert.equal((await proposal()).status, 204)
  })
})
