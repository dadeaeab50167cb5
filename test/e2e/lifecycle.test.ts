import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { at, listAt, textAt } from './json-path.ts'
import { errorOf, getTask, native, rpc, send, userMessage, withoutRequest } from './rpc.ts'
import { openStream } from './sse.ts'
import { newClient, newKey, startWorld, type World } from './world.ts'

const NEVER_EXISTED = '0190a0a0-0000-7000-8000-00000000dead'
/** The admin's agent leaves its address to those of the tests. */
const DRAFT = { lifecycle: 'draft' }

describe('the lifecycle of an agent', { timeout: 120_000 }, () => {
  const opened = new AsyncDisposableStack()
  let world: World
  let owner: string

  before(async () => {
    world = opened.use(await startWorld({ env: { PARLEY_RECHECK_MS: '100' }, registration: DRAFT }))
    owner = await newKey(world.parley, 'owner', ['agents:read', 'agents:write', 'tasks:submit', 'tasks:read'])
  })
  after(() => opened.disposeAsync())

  const to = (path: string) => `${world.parley.url}${path}`
  const register = async (slug: string, more: object = {}) => {
    const body = { card: world.agent.card, slug, visibility: 'public', ...more }
    const made = await native(owner, 'POST', to('/agents/register'), body)
    assert.equal(made.status, 201, made.text)
    return textAt(made.body, 'id')
  }
  const change = async (ref: string, changes: object, key = owner) => {
    const reply = await native(key, 'PATCH', to(`/agents/${ref}`), changes)
    assert.equal(reply.status, 200, reply.text)
    return reply.body
  }

  test('a draft is to others exactly what never existed, and to its owner an agent that works', async () => {
    const id = await register('draft', { lifecycle: 'draft' })
    const reader = await newKey(world.parley, 'reader', ['agents:read'])
    const visible = async (key: string | undefined, path: string, ref: string) =>
      JSON.stringify(withoutRequest(await native(key, 'GET', to(path.replace('{}', ref))))).replaceAll(
        ref,
        '',
      )
    for (const key of [reader, undefined]) {
      for (const path of ['/agents/{}', '/agents/{}/invoke_url', '/a2a/{}/.well-known/agent-card.json']) {
        const missing = await visible(key, path, NEVER_EXISTED)
        for (const ref of [id, 'draft']) assert.equal(await visible(key, path, ref), missing, path)
      }
      const found = await native(key, 'GET', to('/agents?name=draft&facets=lifecycle'))
      assert.deepEqual([at(found.body, 'total'), listAt(found.body, 'facets', 'lifecycle')], [0, []])
    }
    const stranger = await newClient(world.parley, 'draft', 'stranger')
    const nobody = await newClient(world.parley, NEVER_EXISTED, 'stranger')
    const params = { message: userMessage('echo x') }
    const ask = async (client: typeof stranger) => errorOf(await rpc(client, 'SendMessage', params))
    assert.deepEqual(await ask(stranger), await ask(nobody))
    const sent = await send({ url: to('/a2a/draft'), key: owner }, 'echo x')
    assert.equal(at(sent, 'task', 'status', 'state'), 'TASK_STATE_COMPLETED')

    await change('draft', { lifecycle: 'active' })
    assert.equal((await native(undefined, 'GET', to('/agents/draft'))).status, 200)
    assert.equal(at(await send(stranger, 'echo x'), 'task', 'status', 'state'), 'TASK_STATE_COMPLETED')
  })

  test('a disabled agent takes nothing new and finishes what it was sent', async () => {
    await register('halted')
    const client = await newClient(world.parley, 'halted', 'caller')
    const stream = await openStream(client, 'SendStreamingMessage', {
      message: userMessage('stream 10 100'),
    })
    const first = await stream.next()
    assert.ok(first !== undefined)
    await change('halted', { lifecycle: 'disabled' })

    const refused = await rpc(client, 'SendMessage', { message: userMessage('echo x') })
    assert.match(errorOf(refused).message, /disabled/)
    const events = await stream.rest()
    assert.match(JSON.stringify(events), /TASK_STATE_COMPLETED/)
    const id = /"(?:taskId|id)":"([0-9a-f-]{36})"/.exec(JSON.stringify(first).replaceAll('\\"', '"'))?.[1]
    assert.equal(at(await getTask(client, id ?? ''), 'status', 'state'), 'TASK_STATE_COMPLETED')
    const listed = async (query: string) =>
      at((await native(owner, 'GET', to(`/agents?name=halted${query}`))).body, 'total')
    assert.deepEqual([await listed(''), await listed('&lifecycle=disabled')], [0, 1])

    await change('halted', { lifecycle: 'active' })
    assert.equal(at(await send(client, 'echo x'), 'task', 'status', 'state'), 'TASK_STATE_COMPLETED')
  })

  test('a removed agent is gone for everybody, finishes what it was sent, and leaves its cards to its owner', async () => {
    const id = await register('leaving')
    const client = await newClient(world.parley, 'leaving', 'caller')
    const nobody = await newClient(world.parley, NEVER_EXISTED, 'caller')
    const stranger = await newClient(world.parley, id, 'stranger')
    const stream = await openStream(client, 'SendStreamingMessage', { message: userMessage('stream 10 100') })
    const first = JSON.stringify(await stream.next()).replaceAll('\\"', '"')
    const task = /"(?:taskId|id)":"([0-9a-f-]{36})"/.exec(first)?.[1] ?? ''
    const remove = () => native(owner, 'DELETE', to('/agents/leaving'))
    assert.equal((await remove()).status, 204)
    assert.equal((await remove()).status, 404)

    const message = userMessage('echo x')
    for (const params of [{ message }, { message: { ...message, taskId: task } }]) {
      const refused = errorOf(await rpc(client, 'SendMessage', params))
      assert.deepEqual(refused, errorOf(await rpc(nobody, 'SendMessage', params)))
    }
    const missing = errorOf(await rpc(nobody, 'GetTask', { id: task }))
    assert.deepEqual(errorOf(await rpc(stranger, 'GetTask', { id: task })), missing)
    assert.match(JSON.stringify(await stream.rest()), /TASK_STATE_COMPLETED/)
    assert.equal(at(await getTask(client, task), 'status', 'state'), 'TASK_STATE_COMPLETED')

    const versions = (key: string) => native(key, 'GET', to(`/agents/${id}/versions`))
    assert.equal((await versions(owner)).status, 200)
    const rival = await newKey(world.parley, 'stranger', ['agents:read', 'agents:write'])
    assert.equal((await versions(rival)).status, 404)
    assert.notEqual(await register('leaving'), id)
  })

  test('a deprecated agent works and names its successor', async () => {
    await register('old')
    const next = await register('new')
    const changed = await change('old', { lifecycle: 'deprecated', successor: 'new' })
    assert.deepEqual([at(changed, 'lifecycle'), at(changed, 'successor')], ['deprecated', next])
    const client = await newClient(world.parley, 'old', 'caller')
    assert.equal(at(await send(client, 'echo x'), 'task', 'status', 'state'), 'TASK_STATE_COMPLETED')
    const found = await native(owner, 'GET', to('/agents?lifecycle=deprecated'))
    assert.deepEqual(
      listAt(found.body, 'items').map((item) => at(item, 'successor')),
      [next],
    )
    const refused = await native(owner, 'PATCH', to('/agents/old'), { lifecycle: 'draft' })
    assert.deepEqual([refused.status, at(refused.body, 'code')], [409, 'conflict'], refused.text)
  })
})

test('where an admin lets agents in, a new one works for others once it is approved', {
  timeout: 60_000,
}, async () => {
  await using world = await startWorld({ env: { PARLEY_REGISTRATION: 'approve' }, registration: DRAFT })
  const { parley, agent } = world
  const owner = await newKey(parley, 'owner', ['agents:read', 'agents:write'])
  const ask = (key: string, method: string, path: string, body?: unknown) =>
    native(key, method, `${parley.url}${path}`, body)
  const made = await ask(owner, 'POST', '/agents/register', { card: agent.card, slug: 'fresh' })
  assert.deepEqual([made.status, at(made.body, 'lifecycle')], [201, 'pending'], made.text)
  const client = await newClient(parley, 'fresh', 'caller')
  const params = { message: userMessage('echo x') }
  assert.equal(errorOf(await rpc(client, 'SendMessage', params)).message, 'Agent not found')
  assert.equal((await ask(owner, 'PATCH', '/agents/fresh', { lifecycle: 'active' })).status, 403)
  assert.equal((await ask(owner, 'POST', '/agents/fresh/approve')).status, 403)

  const refused = await ask(parley.adminKey, 'POST', '/agents/fresh/refuse', { reason: 'No contact' })
  assert.equal(refused.status, 200, refused.text)
  const shown = await ask(owner, 'GET', '/agents/fresh')
  assert.deepEqual(
    [at(shown.body, 'lifecycle'), at(shown.body, 'refusal', 'reason')],
    ['draft', 'No contact'],
  )
  assert.equal((await ask(owner, 'PATCH', '/agents/fresh', { lifecycle: 'pending' })).status, 200)
  assert.equal((await ask(parley.adminKey, 'POST', '/agents/fresh/approve')).status, 200)
  assert.equal(at(await send(client, 'echo x'), 'task', 'status', 'state'), 'TASK_STATE_COMPLETED')

  const given = await ask(owner, 'PATCH', '/agents/fresh', { owner: 'key:caller' })
  assert.deepEqual([given.status, at(given.body, 'owner')], [200, 'key:caller'], given.text)
  assert.equal((await ask(owner, 'PATCH', '/agents/fresh', { owner: 'key:owner' })).status, 403)
})
