import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { at, listAt, textAt } from './json-path.ts'
import { agentCard } from './raw-agent.ts'
import {
  type Endpoint,
  envelope,
  errorOf,
  native,
  post,
  type Reply,
  resultOf,
  rpc,
  send,
  userMessage,
  withoutRequest,
} from './rpc.ts'
import { newClient, register, startWorld, type World } from './world.ts'

const NEVER_EXISTED = '0190a0a0-0000-7000-8000-00000000dead'

/** A problem of the native API in the form of RFC 9457. */
function problemOf(reply: Reply, status: number): unknown {
  assert.equal(reply.status, status, reply.text)
  assert.match(reply.headers.get('content-type') ?? '', /^application\/problem\+json/)
  assert.equal(at(reply.body, 'status'), status)
  textAt(reply.body, 'title')
  return reply.body
}

describe('errors over JSON-RPC', { timeout: 180_000 }, () => {
  let world: World
  let client: Required<Endpoint>
  const opened = new AsyncDisposableStack()

  before(async () => {
    world = opened.use(await startWorld())
    client = await world.client('errors')
  })
  after(() => opened.disposeAsync())

  const fails = async (body: string, code: number, id: unknown = null) => {
    const reply = await post(client, body)
    assert.equal(reply.status, 200, `${body.slice(0, 80)}: ${reply.text}`)
    assert.equal(errorOf(reply).code, code, `${body.slice(0, 80)}: ${reply.text}`)
    assert.deepEqual(at(reply.body, 'id'), id, body.slice(0, 80))
  }

  test('tell broken JSON from a broken envelope', async () => {
    for (const body of ['', '{', '{"jsonrpc":"2.0",', 'hello', '{"a":1}}', '\u0000', "{'jsonrpc':'2.0'}"]) {
      await fails(body, -32700)
    }
    for (const body of ['[]', '5', 'null', '"text"', '{}', `[${envelope('GetTask', { id: 'x' })}]`]) {
      await fails(body, -32600)
    }
  })

  test('name a wrong envelope, and repeat its id where it has a good one', async () => {
    await fails('{"jsonrpc":"1.0","id":4,"method":"GetTask","params":{"id":"x"}}', -32600, 4)
    await fails('{"id":"a","method":"GetTask","params":{"id":"x"}}', -32600, 'a')
    await fails('{"jsonrpc":"2.0","id":4}', -32600, 4)
    await fails('{"jsonrpc":"2.0","id":4,"method":7}', -32600, 4)
    await fails('{"jsonrpc":"2.0","id":{"a":1},"method":"GetTask","params":{"id":"x"}}', -32600)
    await fails('{"jsonrpc":"2.0","id":[1],"method":"GetTask","params":{"id":"x"}}', -32600)
    await fails('{"jsonrpc":"2.0","id":true,"method":"GetTask","params":{"id":"x"}}', -32600)
    await fails(envelope('NoSuchMethod', {}, 'b'), -32601, 'b')
    await fails(envelope('constructor', {}, 'b'), -32601, 'b')
    await fails(envelope('GetTask', [1], 'c'), -32602, 'c')
  })

  test('answer a request without id, and at the address with a slash too', async () => {
    await fails(`{"jsonrpc":"2.0","method":"GetTask","params":{"id":"${NEVER_EXISTED}"}}`, -32001)
    const slash = await rpc({ ...client, url: `${client.url}/` }, 'GetTask', { id: NEVER_EXISTED })
    assert.equal(errorOf(slash).code, -32001)
  })

  test('name every field that is wrong', async () => {
    const good = userMessage('echo x')
    for (const [field, params] of [
      ['message', {}],
      ['message', { message: 'hello' }],
      ['messageId', { message: { ...good, messageId: undefined } }],
      ['messageId', { message: { ...good, messageId: 5 } }],
      ['role', { message: { ...good, role: 'user' } }],
      ['role', { message: { ...good, role: 'ROLE_UNSPECIFIED' } }],
      ['parts', { message: { ...good, parts: [] } }],
      ['parts', { message: { ...good, parts: undefined } }],
      ['parts', { message: { ...good, parts: [{}] } }],
      ['parts', { message: { ...good, parts: [{ text: 'a', data: 1 }] } }],
      ['parts', { message: { ...good, parts: [{ text: 5 }] } }],
      ['taskId', { message: { ...good, taskId: 7 } }],
      ['historyLength', { message: good, configuration: { historyLength: -1 } }],
      ['historyLength', { message: good, configuration: { historyLength: 1.5 } }],
      ['returnImmediately', { message: good, configuration: { returnImmediately: 'yes' } }],
    ] as const) {
      const reply = await rpc(client, 'SendMessage', params)
      assert.equal(errorOf(reply).code, -32602, `${field}: ${JSON.stringify(params)}`)
      const details = listAt(reply.body, 'error', 'data')
      const bad = details.find((detail) => /BadRequest$/.test(textAt(detail, '@type')))
      const fields = listAt(bad, 'fieldViolations').map((violation) => textAt(violation, 'field'))
      for (const violation of listAt(bad, 'fieldViolations')) textAt(violation, 'description')
      assert.ok(
        fields.some((name) => name.includes(field)),
        `${field} of ${fields} for ${JSON.stringify(params)}`,
      )
    }
  })

  test('for a missing task name it in an ErrorInfo', async () => {
    const reply = await rpc(client, 'GetTask', { id: NEVER_EXISTED }, { id: 'q' })
    assert.equal(reply.status, 200)
    assert.equal(at(reply.body, 'id'), 'q')
    assert.deepEqual([errorOf(reply).code, errorOf(reply).reason], [-32001, 'TASK_NOT_FOUND'])
    assert.equal(at(reply.body, 'error', 'data', 0, 'metadata', 'taskId'), NEVER_EXISTED)
    for (const hostile of ['#', '../../etc', "' OR 1=1 --", '%00', '💥', 'x'.repeat(256), '..%2f', '{}']) {
      assert.equal(errorOf(await rpc(client, 'GetTask', { id: hostile })).code, -32001, hostile)
      const cancel = errorOf(await rpc(client, 'CancelTask', { id: hostile }))
      assert.equal(cancel.code, -32001, hostile)
    }
    for (const params of [{}, { id: 5 }, { id: null }]) {
      assert.equal(errorOf(await rpc(client, 'GetTask', params)).code, -32602)
    }
  })

  test('say that a finished task cannot be canceled', async () => {
    const id = textAt(await send(client, 'echo x'), 'task', 'id')
    const error = errorOf(await rpc(client, 'CancelTask', { id }))
    assert.deepEqual([error.code, error.reason], [-32002, 'TASK_NOT_CANCELABLE'])
  })

  test('refuse a version we do not speak, in the header or in the address', async () => {
    const ask = (headers: Record<string, string>, query = '') =>
      rpc({ ...client, url: `${client.url}${query}` }, 'GetTask', { id: NEVER_EXISTED }, { headers })
    for (const reply of [
      await ask({ 'a2a-version': '9.9' }),
      await ask({ 'a2a-version': 'x' }),
      await ask({ 'a2a-version': '0.2' }),
      await ask({ 'a2a-version': '' }, '?A2A-Version=2.0'),
    ]) {
      assert.deepEqual([errorOf(reply).code, errorOf(reply).reason], [-32009, 'VERSION_NOT_SUPPORTED'])
    }
    for (const reply of [
      await ask({ 'a2a-version': '1.0' }),
      await ask({ 'a2a-version': '1.0.1' }),
      await ask({ 'a2a-version': '' }),
      await ask({ 'a2a-version': '' }, '?A2A-Version=1.0'),
    ]) {
      assert.equal(errorOf(reply).code, -32001)
    }
  })

  test('say what the agent’s card does not offer', async () => {
    const config = { taskId: NEVER_EXISTED, id: 'c', url: 'https://example.com/hook' }
    for (const method of [
      'CreateTaskPushNotificationConfig',
      'GetTaskPushNotificationConfig',
      'ListTaskPushNotificationConfigs',
      'DeleteTaskPushNotificationConfig',
    ]) {
      const error = errorOf(await rpc(client, method, config))
      assert.deepEqual([error.code, error.reason], [-32003, 'PUSH_NOTIFICATION_NOT_SUPPORTED'], method)
    }
    const inline = { message: userMessage('echo x'), configuration: { taskPushNotificationConfig: config } }
    assert.equal(errorOf(await rpc(client, 'SendMessage', inline)).code, -32003)
    await register(world.parley, agentCard('http://127.0.0.1:9900'), { slug: 'plain' })
    const plain = await newClient(world.parley, 'plain', 'errors')
    const extended = errorOf(await rpc(plain, 'GetExtendedAgentCard', {}))
    assert.deepEqual([extended.code, extended.reason], [-32004, 'UNSUPPORTED_OPERATION'])
    const noParams = await post(plain, '{"jsonrpc":"2.0","id":1,"method":"GetExtendedAgentCard"}')
    assert.equal(errorOf(noParams).code, -32004)
  })

  test('ask for an extension that the agent requires, and ignore one it does not know', async () => {
    const needed = 'https://example.com/ext/needed'
    const capabilities = { extensions: [{ uri: needed, required: true }] }
    await register(world.parley, agentCard('http://127.0.0.1:9900', { capabilities }), { slug: 'picky' })
    const picky = await newClient(world.parley, 'picky', 'errors')
    const params = { message: userMessage('echo x'), configuration: { returnImmediately: true } }
    const refused = errorOf(await rpc(picky, 'SendMessage', params))
    assert.deepEqual([refused.code, refused.reason], [-32008, 'EXTENSION_SUPPORT_REQUIRED'])
    const headers = { 'a2a-extensions': `https://example.com/other, ${needed}` }
    assert.ok(resultOf(await rpc(picky, 'SendMessage', params, { headers })) !== undefined)
    const unknown = { 'a2a-extensions': 'https://example.com/unknown' }
    assert.ok(resultOf(await rpc(client, 'SendMessage', params, { headers: unknown })) !== undefined)
  })

  test('take JSON with any parameters and refuse what is not JSON', async () => {
    const body = envelope('GetTask', { id: NEVER_EXISTED })
    const utf8 = await post(client, body, { 'content-type': 'application/json; charset=utf-8' })
    assert.equal(errorOf(utf8).code, -32001)
    for (const type of ['text/plain', 'application/xml', 'multipart/form-data; boundary=x']) {
      const reply = await post(client, body, { 'content-type': type })
      assert.ok([200, 400, 415].includes(reply.status), `${type}: ${reply.status}`)
      assert.match(reply.headers.get('content-type') ?? '', /json/)
      if (reply.status !== 200) assert.notEqual(reply.body, undefined)
    }
  })

  test('keep the limits of size and depth', async () => {
    const big = await post(client, envelope('SendMessage', { message: userMessage('x'.repeat(5_000_000)) }))
    assert.equal(big.status, 413)
    assert.ok(big.body !== undefined, big.text)
    const deep = `${'{"a":'.repeat(200)}1${'}'.repeat(200)}`
    const message = JSON.stringify(userMessage('echo x')).replace(/}$/, `,"metadata":${deep}}`)
    const nested = await post(client, envelope('SendMessage', `{"message":${message}}`))
    assert.ok([-32700, -32600, -32602].includes(Number(errorOf(nested).code)), nested.text)
  })

  test('check every parameter of a list', async () => {
    await send(client, 'echo 1')
    await send(client, 'echo 2')
    for (const params of [
      { pageSize: 0 },
      { pageSize: 101 },
      { pageSize: -1 },
      { pageSize: 1.5 },
      { pageSize: '10' },
      { historyLength: -1 },
      { pageToken: 'garbage' },
      { pageToken: 7 },
      { status: 'DONE' },
      { statusTimestampAfter: 'yesterday' },
      { includeArtifacts: 'yes' },
    ]) {
      const reply = await rpc(client, 'ListTasks', params)
      assert.equal(errorOf(reply).code, -32602, JSON.stringify(params))
    }
    for (const pageSize of [1, 100]) {
      assert.equal(at(resultOf(await rpc(client, 'ListTasks', { pageSize })), 'pageSize'), pageSize)
    }
    assert.equal(at(resultOf(await rpc(client, 'ListTasks', {})), 'pageSize'), 50)
    const page = resultOf(await rpc(client, 'ListTasks', { pageSize: 1 }))
    const elsewhere = { pageSize: 1, pageToken: textAt(page, 'nextPageToken'), status: 'TASK_STATE_FAILED' }
    assert.equal(errorOf(await rpc(client, 'ListTasks', elsewhere)).code, -32602)
    const nothing = resultOf(await rpc(client, 'ListTasks', { contextId: NEVER_EXISTED }))
    assert.deepEqual(nothing, { tasks: [], nextPageToken: '', pageSize: 50, totalSize: 0 })
  })

  test('without credentials are one 401, whether the agent exists or not', async () => {
    const { url } = world.parley
    const seen = []
    for (const slug of ['scenario', 'no-such-agent', NEVER_EXISTED]) {
      const reply = await rpc({ url: `${url}/a2a/${slug}` }, 'GetTask', { id: NEVER_EXISTED })
      assert.equal(reply.status, 401)
      assert.match(reply.headers.get('www-authenticate') ?? '', /Bearer/)
      seen.push(withoutRequest(reply))
    }
    assert.deepEqual(seen[1], seen[0])
    assert.deepEqual(seen[2], seen[0])
    for (const path of ['/a2a/scenario', '/tasks', '/agents', '/contexts']) {
      const wrong = await native('not-a-key', 'GET', `${url}${path}`)
      assert.equal(wrong.status, 401, path)
      assert.ok(!wrong.text.includes('not-a-key'))
    }
    assert.equal((await native(undefined, 'GET', `${url}/tasks`)).status, 401)
  })

  test('accept a key in either header', async () => {
    const headers = { 'x-api-key': client.key }
    const reply = await rpc({ url: client.url }, 'GetTask', { id: NEVER_EXISTED }, { headers })
    assert.equal(errorOf(reply).code, -32001)
  })

  test('for a key without the scope are a 403 that names the scope', async () => {
    const reader = await world.client('reader', ['tasks:read'])
    const sent = await rpc(reader, 'SendMessage', { message: userMessage('echo no') })
    assert.equal(sent.status, 403, sent.text)
    assert.match(sent.text, /tasks:submit/)
    const canceled = await rpc(reader, 'CancelTask', { id: NEVER_EXISTED })
    assert.equal(canceled.status, 403, canceled.text)
    assert.equal(errorOf(await rpc(reader, 'GetTask', { id: NEVER_EXISTED })).code, -32001)
    const submitter = await world.client('submitter', ['tasks:submit'])
    assert.equal((await rpc(submitter, 'GetTask', { id: NEVER_EXISTED })).status, 403)
    assert.equal((await rpc(submitter, 'ListTasks', {})).status, 403)
    const { url } = world.parley
    problemOf(
      await native(reader.key, 'POST', `${url}/agents/register`, { url: 'http://127.0.0.1:9900' }),
      403,
    )
    problemOf(await native(reader.key, 'POST', `${url}/keys`, { subject: 'x', scopes: ['admin'] }), 403)
  })

  test('of the native API are problems', async () => {
    const { url } = world.parley
    problemOf(await native(client.key, 'GET', `${url}/no/such/route`), 404)
    problemOf(await native(client.key, 'GET', `${url}/tasks/${NEVER_EXISTED}`), 404)
    problemOf(await native(client.key, 'GET', `${url}/agents/${NEVER_EXISTED}`), 404)
    problemOf(await native(client.key, 'GET', `${url}/tasks?limit=0`), 400)
    problemOf(await native(client.key, 'GET', `${url}/tasks?limit=101`), 400)
    problemOf(await native(client.key, 'GET', `${url}/tasks?cursor=garbage`), 400)
    problemOf(await native(world.parley.adminKey, 'POST', `${url}/keys`, '{'), 400)
    const wrongMethod = await native(client.key, 'PATCH', `${url}/tasks`)
    problemOf(wrongMethod, 405)
    assert.match(wrongMethod.headers.get('allow') ?? '', /GET/)
  })

  test('do not tell a missing agent from a hidden one', async () => {
    const hidden = { slug: 'hidden', visibility: 'restricted' }
    await register(world.parley, agentCard('http://127.0.0.1:9900'), hidden)
    const ask = (slug: string) =>
      rpc({ ...client, url: `${world.parley.url}/a2a/${slug}` }, 'GetTask', { id: NEVER_EXISTED })
    const [found, missing] = [await ask('hidden'), await ask('absent')]
    assert.deepEqual(withoutRequest(found), withoutRequest(missing))
    assert.notEqual(at(missing.body, 'error') ?? at(missing.body, 'title'), undefined)
  })
})
