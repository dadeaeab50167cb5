import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { nameOf, WAYS } from '../equivalence/ways.ts'
import { at, listAt, textAt } from './json-path.ts'
import { type ParleyProcess, startParley } from './parley-process.ts'
import { agentCard } from './raw-agent.ts'
import { createRawWays, has } from './raw-ways.ts'
import { errorOf, native, post, resultOf, rpc, send, userMessage } from './rpc.ts'
import { newKey, register } from './world.ts'

const THERE = 'http://127.0.0.1:9900'

describe('the directory', { timeout: 120_000 }, () => {
  let parley: ParleyProcess
  let key: string
  const opened = new AsyncDisposableStack()

  before(async () => {
    parley = opened.use(await startParley({ env: { PARLEY_GRPC: '127.0.0.1:0' } }))
    key = await newKey(parley, 'asker')
    for (const visibility of ['public', 'tenant', 'restricted']) {
      const skills = [{ id: 'route', name: 'Route', description: 'Plans', tags: ['traffic', visibility] }]
      const card = agentCard(THERE, { name: `Router ${visibility}`, skills })
      await register(parley, card, { slug: `router-${visibility}`, visibility })
    }
  })
  after(() => opened.disposeAsync())

  const directory = (bearer = key) => ({ url: `${parley.url}/a2a/directory`, key: bearer })
  const partsOf = (result: unknown) => listAt(result, 'message', 'parts')
  const askWith = async (...parts: readonly object[]) =>
    partsOf(resultOf(await rpc(directory(), 'SendMessage', { message: userMessage('', { parts }) })))
  const cardsIn = (parts: readonly unknown[]) => parts.filter((part) => at(part, 'data') !== undefined)
  const namesIn = (parts: readonly unknown[]) =>
    cardsIn(parts)
      .map((part) => textAt(part, 'data', 'name'))
      .toSorted()

  test('has the card of the host, for everybody and in both versions', async () => {
    const root = await native(undefined, 'GET', `${parley.url}/.well-known/agent-card.json`)
    const own = await native(undefined, 'GET', `${parley.url}/a2a/directory/.well-known/agent-card.json`)
    const old = await native(undefined, 'GET', `${parley.url}/.well-known/agent.json`)

    assert.equal(root.status, 200, root.text)
    assert.equal(own.text, root.text)
    assert.equal(at(root.body, 'supportedInterfaces', 0, 'url'), `${parley.url}/a2a/directory`)
    assert.equal(listAt(root.body, 'signatures').length > 0, true)
    assert.equal(at(old.body, 'url'), `${parley.url}/a2a/directory`)
  })

  test('answers plain words with published cards, whose text it marks as untrusted', async () => {
    const result = await send(directory(), 'Which agent can help me with traffic?')
    const [summary, ...cards] = partsOf(result)

    assert.deepEqual(summary, { text: '2 agents fit.' })
    assert.deepEqual(namesIn(cards), ['Router public', 'Router tenant'])
    for (const part of cards) {
      assert.deepEqual(at(part, 'metadata'), { 'dev.parley.untrusted': true, 'dev.parley.health': 'unknown' })
      assert.equal(at(part, 'mediaType'), 'application/a2a-agent-card+json')
      assert.match(textAt(part, 'data', 'supportedInterfaces', 0, 'url'), /\/a2a\/[0-9a-f-]{36}$/)
    }
  })

  test('answers data, and words with data', async () => {
    assert.deepEqual(namesIn(await askWith({ data: { skill: 'route' } })), ['Router public', 'Router tenant'])
    assert.deepEqual(namesIn(await askWith({ data: { tag: ['public', 'restricted'] } })), ['Router public'])
    assert.deepEqual(namesIn(await askWith({ text: 'router' }, { data: { tag: 'tenant' } })), [
      'Router tenant',
    ])
    const [summary, ...cards] = await askWith({ data: { text: 'router', limit: 1 } })
    assert.deepEqual(summary, { text: '2 agents fit. The cards of 1 follow.' })
    assert.equal(cards.length, 1)
    assert.deepEqual(await askWith({ text: 'nonsense' }), [{ text: 'No agent fits.' }])
    assert.deepEqual(await askWith({ data: { tag: 'restricted' } }), [{ text: 'No agent fits.' }])
  })

  test('is asked over every way, in both versions, and streams its answer, too', async () => {
    const ways = createRawWays()
    await using _closed = { [Symbol.asyncDispose]: async () => ways.close() }
    const [grpc = ''] = parley.grpc
    const target = { url: parley.url, grpc, agent: 'directory', key }
    for (const way of WAYS) {
      for (const operation of ['SendMessage', 'SendStreamingMessage'] as const) {
        if (!has(way, operation)) continue
        const { status, shown } = await ways.over(way, target).ask({ operation, messageId: 'router' })
        assert.ok([200, 0].includes(status), `${nameOf(way)} ${operation}: ${status} ${shown}`)
        assert.match(shown, /agents? fits?\./, `${nameOf(way)} ${operation}`)
      }
    }
  })

  test('is nothing but an agent: it has no tasks, nobody changes it, and nobody takes its name', async () => {
    for (const [method, params] of [
      ['GetTask', { id: 'x' }],
      ['CancelTask', { id: 'x' }],
      ['SendMessage', { message: userMessage('router', { taskId: 'x' }) }],
    ] as const) {
      assert.equal(errorOf(await rpc(directory(), method, params)).code, -32001, method)
    }
    assert.deepEqual(at(resultOf(await rpc(directory(), 'ListTasks', {})), 'tasks'), [])
    const admin = parley.adminKey
    const at404 = async (method: string, path: string, body?: unknown) =>
      assert.equal(
        (await native(admin, method, `${parley.url}${path}`, body)).status,
        404,
        `${method} ${path}`,
      )
    await at404('DELETE', '/agents/directory')
    await at404('PATCH', '/agents/directory', {})
    await at404('POST', '/agents/directory/heartbeat')
    const taken = { card: agentCard(THERE), slug: 'directory' }
    assert.equal((await native(admin, 'POST', `${parley.url}/agents/register`, taken)).status, 422)
    const listed = await native(admin, 'GET', `${parley.url}/agents?q=directory`)
    assert.deepEqual(listAt(listed.body, 'items'), [])
  })

  test('refuses what asks nothing, or asks it wrongly, and those who may not ask', async () => {
    for (const parts of [
      [{ text: '?!' }],
      [{ data: {} }],
      [{ data: 'route' }],
      [{ data: null }],
      [{ data: { skill: 'route', more: 1 } }],
      [{ data: { skill: [] } }],
      [{ data: { limit: 1e9, skill: 'route' } }],
      [{ data: { skill: 'route' } }, { data: { tag: 'traffic' } }],
      [{ url: 'http://127.0.0.1:1/' }],
    ]) {
      const reply = await rpc(directory(), 'SendMessage', { message: userMessage('', { parts }) })
      assert.equal(errorOf(reply).code, -32602, JSON.stringify(parts))
    }
    const anonymous = await post({ url: directory().url }, '{}')
    assert.equal(anonymous.status, 401)
    const blind = await newKey(parley, 'blind', ['tasks:submit'])
    const refused = await rpc(directory(blind), 'SendMessage', { message: userMessage('router') })
    assert.equal(refused.status, 403, refused.text)
  })
})
