import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { Client, credentials, status } from '@grpc/grpc-js'
import {
  type AnyMethod,
  askWith,
  detailsOf,
  openStream,
  v0_3,
  v1,
} from '../../src/edge/grpc/scripted-grpc.case.ts'
import { at, textAt } from './json-path.ts'
import { newKey, startWorld, type World } from './world.ts'

const message = (text: string) => ({
  message: { messageId: randomBytes(8).toString('hex'), role: 'ROLE_USER', parts: [{ text }] },
})

describe('gRPC listeners, one with a default agent', { timeout: 180_000 }, () => {
  let world: World
  let authorization: string
  const opened = new AsyncDisposableStack()
  const channels: Client[] = []

  before(async () => {
    world = opened.use(await startWorld({ env: { PARLEY_GRPC: '0=scenario,0' } }))
    for (const address of world.parley.grpc) channels.push(new Client(address, credentials.createInsecure()))
    authorization = `Bearer ${await newKey(world.parley, 'caller')}`
  })
  after(async () => {
    for (const channel of channels) channel.close()
    await opened.disposeAsync()
  })

  const channel = (index: number): Client => {
    const found = channels[index]
    assert.ok(found)
    return found
  }
  const ask = (index: number, method: AnyMethod, request: unknown, metadata = {}) =>
    askWith(channel(index), method, request, { metadata: { authorization, ...metadata } })

  test('serve the default agent, and whom the caller names', async () => {
    const tenant = { tenant: 'scenario' }
    const answers = [
      await ask(0, v1('SendMessage'), message('echo hi')),
      await ask(1, v1('SendMessage'), { ...message('echo hi'), ...tenant }),
    ]
    for (const { code, result } of answers) {
      assert.equal(code, status.OK)
      assert.equal(at(result, 'task', 'status', 'state'), 'TASK_STATE_COMPLETED')
      assert.equal(at(result, 'task', 'artifacts', 0, 'parts', 0, 'text'), 'hi')
    }
    const id = textAt(answers[0]?.result, 'task', 'id')
    const legacy = await ask(1, v0_3('GetTask'), { name: `tasks/${id}` }, { 'parley-agent': 'scenario' })
    assert.equal(at(legacy.result, 'status', 'state'), 'TASK_STATE_COMPLETED')
  })

  test('say how to name an agent, and answer for hidden ones as for missing ones', async () => {
    const unnamed = await ask(1, v1('SendMessage'), message('echo hi'))
    const missing = await ask(0, v1('SendMessage'), { ...message('echo hi'), tenant: 'nobody' })

    assert.deepEqual([unnamed.code, missing.code], [status.INVALID_ARGUMENT, status.NOT_FOUND])
    assert.match(unnamed.message, /tenant/)
  })

  test('outlive connections that speak anything else', async () => {
    const [host, port] = (world.parley.grpc[0] ?? '').split(':')
    for (const bytes of [
      randomBytes(2000),
      Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'),
      Buffer.alloc(0),
    ]) {
      const socket = connect(Number(port), host)
      socket.on('error', () => {})
      await once(socket, 'connect')
      socket.end(bytes)
      await once(socket.resume(), 'close')
    }

    assert.equal((await ask(0, v1('ListTasks'), {})).code, status.OK)
  })

  test('tell open streams where to go on when the process stops', async () => {
    const stream = openStream(channel(0), v1('SendStreamingMessage'), message('stream 100 50'), {
      metadata: { authorization },
    })
    const [first] = await stream.take(3)

    const exit = world.parley.stop()
    await stream.take()
    const { code, metadata } = await stream.ended
    const [info] = detailsOf(metadata)

    assert.equal(code, status.UNAVAILABLE)
    assert.equal(at(info, 'reason'), 'STREAM_RESUME_REQUIRED')
    assert.equal(at(info, 'metadata', 'taskId'), at(first, 'task', 'id'))
    assert.ok(Number(at(info, 'metadata', 'lastEventId')) >= 3)
    assert.equal((await exit).code, 0)
  })
})
