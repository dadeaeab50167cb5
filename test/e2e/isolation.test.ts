import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { nameOf, WAYS, type Way } from '../equivalence/ways.ts'
import { at, listAt, numberAt, textAt } from './json-path.ts'
import { startRawAgent } from './raw-agent.ts'
import { createRawWays } from './raw-ways.ts'
import {
  type Endpoint,
  getTask,
  native,
  type Reply,
  resultOf,
  rpc,
  send,
  userMessage,
  withoutRequest,
} from './rpc.ts'
import { newClient, newKey, register, startWorld, type World } from './world.ts'

const NEVER_EXISTED = '0190a0a0-0000-7000-8000-00000000dead'
const SECRET = 'xyzzy-only-for-alice'

/** All a caller can see of an answer, without the id asked for and the moment of asking. */
function visible(reply: Reply, id: string) {
  const { status, headers, text } = withoutRequest(reply)
  return {
    status,
    headers: headers.map(([name, value]) => [name, value.replaceAll(id, '<id>')]),
    text: text.replaceAll(id, '<id>').replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<at>'),
  }
}

describe('two owners', { timeout: 180_000 }, () => {
  let world: World
  let alice: Required<Endpoint>
  let bob: Required<Endpoint>
  let aliceTask: string
  let aliceRunning: string
  let aliceContext: string
  const opened = new AsyncDisposableStack()

  before(async () => {
    world = opened.use(await startWorld())
    alice = await world.client('alice')
    bob = await world.client('bob')
    const done = await send(alice, `echo ${SECRET}`)
    aliceTask = textAt(done, 'task', 'id')
    aliceContext = textAt(done, 'task', 'contextId')
    const running = await send(alice, 'slow 60000', { configuration: { returnImmediately: true } })
    aliceRunning = textAt(running, 'task', 'id')
  })
  after(() => opened.disposeAsync())

  /** Bob asks for Alice's tasks and for one nobody ever had: he must not be able to tell them apart. */
  async function assertHidden(ask: (id: string) => Promise<Reply>, code: number) {
    const control = visible(await ask(NEVER_EXISTED), NEVER_EXISTED)
    assert.ok(
      control.status === code || control.text.includes(`"code":${code}`),
      `${code} is expected: ${control.status} ${control.text}`,
    )
    for (const id of [aliceTask, aliceRunning]) {
      const answer = await ask(id)
      assert.deepEqual(visible(answer, id), control)
      assert.ok(!answer.text.includes(SECRET))
    }
  }

  const call = (method: string, params: (id: string) => unknown) =>
    assertHidden((id) => rpc(bob, method, params(id)), -32001)

  test('get nothing of each other', () => call('GetTask', (id) => ({ id })))

  test('get nothing of each other with history', () => call('GetTask', (id) => ({ id, historyLength: 10 })))

  test('cancel nothing of each other', async () => {
    await call('CancelTask', (id) => ({ id }))
    assert.notEqual(at(await getTask(alice, aliceRunning), 'status', 'state'), 'TASK_STATE_CANCELED')
  })

  test('subscribe to nothing of each other', async () => {
    await call('SubscribeToTask', (id) => ({ id }))
    const resume = { headers: { 'last-event-id': '1' } }
    await assertHidden((id) => rpc(bob, 'SubscribeToTask', { id }, resume), -32001)
  })

  test('send nothing into each other’s tasks', async () => {
    const message = (taskId: string) => ({
      messageId: 'intruder',
      role: 'ROLE_USER',
      parts: [{ text: 'echo intrusion' }],
      taskId,
    })
    await call('SendMessage', (id) => ({ message: message(id) }))
    await call('SendStreamingMessage', (id) => ({ message: message(id) }))
    await call('SendMessage', (id) => ({ message: { ...message(id), contextId: aliceContext } }))
    assert.ok(!JSON.stringify(await world.agent.record()).includes('intruder'))
  })

  test('see nothing of each other in the native API', async () => {
    const { url } = world.parley
    for (const path of ['', '/events', '/events?limit=1']) {
      await assertHidden((id) => native(bob.key, 'GET', `${url}/tasks/${id}${path}`), 404)
    }
    const history = async (id: string) =>
      visible(await native(bob.key, 'GET', `${url}/contexts/${id}/history`), id)
    const control = await history(NEVER_EXISTED)
    assert.equal(control.status, 404)
    assert.deepEqual(await history(aliceContext), control)
  })

  test('list only their own, and the count says nothing more', async () => {
    for (const params of [
      {},
      { contextId: aliceContext },
      { status: 'TASK_STATE_COMPLETED' },
      { includeArtifacts: true },
    ]) {
      const result = resultOf(await rpc(bob, 'ListTasks', params))
      assert.deepEqual(listAt(result, 'tasks'), [])
      assert.equal(numberAt(result, 'totalSize'), 0)
      assert.equal(textAt(result, 'nextPageToken'), '')
    }
    for (const list of ['tasks', 'contexts']) {
      const reply = await native(bob.key, 'GET', `${world.parley.url}/${list}`)
      assert.equal(reply.status, 200, reply.text)
      assert.deepEqual(listAt(reply.body, 'items'), [])
      assert.equal(at(reply.body, 'total') ?? 0, 0)
    }
    assert.equal(numberAt(resultOf(await rpc(alice, 'ListTasks', {})), 'totalSize'), 2)
  })

  test('cannot use each other’s page tokens', async () => {
    const page = resultOf(await rpc(alice, 'ListTasks', { pageSize: 1 }))
    const token = textAt(page, 'nextPageToken')
    assert.notEqual(token, '')
    const stolen = await rpc(bob, 'ListTasks', { pageSize: 1, pageToken: token })
    const invented = await rpc(bob, 'ListTasks', { pageSize: 1, pageToken: 'bm90LWEtdG9rZW4' })
    assert.equal(at(stolen.body, 'error', 'code'), -32602)
    assert.deepEqual(visible(stolen, token), visible(invented, 'bm90LWEtdG9rZW4'))
  })

  test('do not meet in one context, neither here nor at the agent', async () => {
    const carol = await world.client('carol')
    const sent = await rpc(carol, 'SendMessage', {
      message: { ...userMessage('echo mine'), contextId: aliceContext },
    })
    const fresh = await rpc(carol, 'SendMessage', {
      message: { ...userMessage('echo mine'), contextId: NEVER_EXISTED },
    })
    assert.equal(sent.status, fresh.status)
    assert.equal(at(sent.body, 'error', 'code'), at(fresh.body, 'error', 'code'))
    const history = await native(carol.key, 'GET', `${world.parley.url}/contexts/${aliceContext}/history`)
    assert.ok(!history.text.includes(SECRET))
    const mine = { contextId: aliceContext, messageId: 'carol-again' }
    await rpc(carol, 'SendMessage', { message: { ...userMessage('echo again'), ...mine } })
    await send(alice, 'echo again', { message: { contextId: aliceContext, messageId: 'alice-again' } })
    const record = await world.agent.record()
    const contextAtAgent = (messageId: string) =>
      at(
        record.find((entry) => at(entry, 'messageId') === messageId),
        'contextId',
      )
    assert.equal(typeof contextAtAgent('alice-again'), 'string')
    assert.notEqual(contextAtAgent('carol-again'), contextAtAgent('alice-again'))
  })

  test('cannot point the agent to each other’s tasks', async () => {
    await using agent = await startRawAgent((call) => {
      const contextId = JSON.stringify(at(call.params, 'message', 'contextId') ?? 'their-context')
      const id = JSON.stringify(`their-${textAt(call.params, 'message', 'messageId')}`)
      const status = '{"state":"TASK_STATE_COMPLETED"}'
      return { result: `{"task":{"id":${id},"contextId":${contextId},"status":${status}}}` }
    })
    await register(world.parley, agent.card, { slug: 'reference' })
    const one = await newClient(world.parley, 'reference', 'one')
    const two = await newClient(world.parley, 'reference', 'two')
    const refer = (client: Endpoint, messageId: string, id: string) =>
      rpc(client, 'SendMessage', { message: { ...userMessage('x'), messageId, referenceTaskIds: [id] } })
    const known = textAt(await send(one, 'x', { message: { messageId: 'first' } }), 'task', 'id')
    await refer(one, 'own', known)
    const foreign = await refer(two, 'foreign', known)
    const unknown = await refer(two, 'unknown', NEVER_EXISTED)
    assert.equal(at(foreign.body, 'error', 'code'), at(unknown.body, 'error', 'code'))
    const referenced = (messageId: string) =>
      agent.calls
        .map((call) => at(call.params, 'message'))
        .filter((message) => at(message, 'messageId') === messageId)
        .map((message) => at(message, 'referenceTaskIds'))[0]
    assert.deepEqual(referenced('own'), ['their-first'])
    assert.ok(!JSON.stringify(referenced('foreign') ?? []).includes('their-first'))
  })

  test('are the same owner when their keys have the same subject', async () => {
    const rotated = { ...alice, key: await newKey(world.parley, 'alice') }
    assert.equal(at(await getTask(rotated, aliceTask), 'id'), aliceTask)
    assert.equal(numberAt(resultOf(await rpc(rotated, 'ListTasks', {})), 'totalSize') >= 2, true)
  })

  test('and even one of them: a task is found only at its own agent', async () => {
    await register(world.parley, world.agent.card, { slug: 'elsewhere' })
    const elsewhere = { ...alice, url: `${world.parley.url}/a2a/elsewhere` }
    for (const method of ['GetTask', 'CancelTask', 'SubscribeToTask']) {
      const control = visible(await rpc(elsewhere, method, { id: NEVER_EXISTED }), NEVER_EXISTED)
      assert.deepEqual(visible(await rpc(elsewhere, method, { id: aliceRunning }), aliceRunning), control)
    }
    assert.equal(numberAt(resultOf(await rpc(elsewhere, 'ListTasks', {})), 'totalSize'), 0)
    const message = userMessage('echo x', { taskId: aliceRunning })
    assert.equal(at((await rpc(elsewhere, 'SendMessage', { message })).body, 'error', 'code'), -32001)
  })

  test('may each keep their own Idempotency-Key', async () => {
    const headers = { 'idempotency-key': 'same-for-both' }
    const params = { message: { messageId: 'm-same', role: 'ROLE_USER', parts: [{ text: 'echo same' }] } }
    const first = resultOf(await rpc(alice, 'SendMessage', params, { headers }))
    const second = resultOf(await rpc(bob, 'SendMessage', params, { headers }))
    assert.notEqual(textAt(first, 'task', 'id'), textAt(second, 'task', 'id'))
  })
})

describe('two owners, over every way in', { timeout: 120_000 }, () => {
  const opened = new AsyncDisposableStack()
  const ways = createRawWays()
  let world: World
  let aliceDone: string

  before(async () => {
    world = opened.use(await startWorld({ env: { PARLEY_GRPC: '0=scenario' } }))
    opened.defer(ways.close)
    const alice = await world.client('alice')
    aliceDone = textAt(await send(alice, `echo ${SECRET}`), 'task', 'id')
    await send(alice, 'echo again')
  })
  after(() => opened.disposeAsync())

  const callerOver = (way: Way, key: string) => {
    const [grpc = ''] = world.parley.grpc
    return ways.over(way, { url: world.parley.url, grpc, agent: 'scenario', key })
  }

  test('a page token leads on over every way, for whom it was made', async () => {
    const lists = WAYS.filter(({ version }) => version === '1.0')
    const ask = async (way: Way, key: string, pageToken?: string) => {
      const caller = callerOver(way, key)
      const request = { operation: 'ListTasks', ...(pageToken !== undefined && { pageToken }) } as const
      return caller.ask(request)
    }
    const alice = await newKey(world.parley, 'alice')
    const bob = await newKey(world.parley, 'bob')
    for (const way of lists) {
      const first = await ask(way, alice)
      const token = /nextPageToken[\\":]+([\w-]+)/.exec(first.shown)?.[1] ?? ''
      assert.notEqual(token, '', first.shown)
      for (const other of lists) {
        assert.match((await ask(other, alice, token)).shown, new RegExp(aliceDone), nameOf(other))
        const invented = await ask(other, bob, 'bm90LWEtdG9rZW4')
        assert.match(invented.shown, /INVALID_PARAMS/)
        assert.deepEqual(await ask(other, bob, token), invented, nameOf(other))
      }
    }
  })

  test('an idempotency key is its owner’s, whoever else uses it, and over whatever way', async () => {
    const carol = await newKey(world.parley, 'carol')
    const dave = await newKey(world.parley, 'dave')
    const headers = { 'idempotency-key': 'the-same' }
    const idsOf = async (key: string) => {
      const found = new Set<string>()
      for (const way of WAYS) {
        const caller = callerOver(way, key)
        const { status, shown } = await caller.ask({ operation: 'SendMessage' }, headers)
        const id = /"(?:id|taskId)\\*":\\*"([\w-]{36})/.exec(shown)?.[1]
        if (status === 200 || status === 0) found.add(id ?? shown)
      }
      return found
    }

    const [one, two] = [await idsOf(carol), await idsOf(dave)]
    assert.ok(one.size > 0 && two.size > 0)
    assert.equal(new Set([...one, ...two]).size, one.size + two.size)
  })
})
