import assert from 'node:assert/strict'
import { once } from 'node:events'
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  type IncomingHttpHeaders,
} from 'node:http2'
import { afterEach, describe, it } from 'node:test'
import { status } from '@grpc/grpc-js'
import { HEALTH_CHECK } from '../../a2a/proto/health.ts'
import { TASK } from '../http/scripted-app.case.ts'
import {
  callHeaders,
  END_STREAM,
  frame,
  GREETING,
  type Header,
  headersFrame,
  openRaw,
} from './raw-http2.case.ts'
import { frameOf } from './read-message.ts'
import { useGrpc, v1 } from './scripted-grpc.case.ts'

const GET_TASK = frameOf(v1('GetTask').request.encode('{"id":"t"}'))
const PATH = v1('GetTask').path
const KNOWN = { authorization: 'Bearer all' }

describe('a connection of a client', () => {
  const listen = useGrpc()
  const sessions: ClientHttp2Session[] = []
  afterEach(() => {
    for (const session of sessions.splice(0)) session.destroy()
  })

  const openSession = (address: string): ClientHttp2Session => {
    const session = connect(`http://${address}`)
    sessions.push(session)
    return session
  }
  const request = (session: ClientHttp2Session, path: string, headers: object = {}): ClientHttp2Stream => {
    const stream = session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      ...headers,
    })
    stream.on('error', () => {})
    return stream
  }
  /** The last headers of an answer: its trailers, or what there is in their place. */
  const endOf = (stream: ClientHttp2Stream): Promise<IncomingHttpHeaders> =>
    new Promise((resolve, reject) => {
      let last: IncomingHttpHeaders | undefined
      const note = (headers: IncomingHttpHeaders) => {
        last = headers
      }
      stream.on('response', note).on('trailers', note).resume()
      stream.once('close', () => (last === undefined ? reject(new Error('no answer')) : resolve(last)))
    })

  it('is told when it does not speak gRPC', async () => {
    const { listener } = await listen()
    const session = openSession(listener.address)

    const json = await endOf(request(session, PATH, { 'content-type': 'application/json' }).end())
    const web = await endOf(request(session, PATH, { 'content-type': 'application/grpc-web' }).end())
    const get = await endOf(request(session, PATH, { ':method': 'GET' }).end())
    const unknown = await endOf(request(session, '/x.Y/Z', KNOWN).end())

    assert.deepEqual([json[':status'], web[':status'], get[':status']], [415, 415, 405])
    assert.equal(unknown['grpc-status'], String(status.UNIMPLEMENTED))
  })

  it('gets its answer though its request has no end, and need not go on', async () => {
    const { listener } = await listen()
    const session = openSession(listener.address)

    const stranger = request(session, PATH)
    stranger.write(GET_TASK)

    const end = await endOf(stranger)
    assert.equal(end['grpc-status'], String(status.UNAUTHENTICATED))
    assert.equal(stranger.rstCode, 0)
  })

  it('may wait for an answer longer than timers run', async () => {
    const asked = Promise.withResolvers<void>()
    const finish = Promise.withResolvers<string>()
    const { listener } = await listen({
      tasks: {
        getTask: () => {
          asked.resolve()
          return finish.promise
        },
      },
    })
    const stream = request(openSession(listener.address), PATH, { ...KNOWN, 'grpc-timeout': '99999999H' })
    const end = endOf(stream)
    stream.end(GET_TASK)
    await asked.promise
    await new Promise((resolve) => setImmediate(resolve))
    finish.resolve(TASK)

    assert.equal((await end)['grpc-status'], String(status.OK))
    const wrong = request(openSession(listener.address), PATH, { ...KNOWN, 'grpc-timeout': 'soon' }).end()
    assert.equal((await endOf(wrong))['grpc-status'], String(status.INVALID_ARGUMENT))
  })

  it('has no credential when it sends two', async () => {
    const { listener, calls } = await listen()
    const ask = async (credentials: readonly Header[]) => {
      const socket = await openRaw(listener.address)
      socket.write(Buffer.concat([GREETING, headersFrame(1, callHeaders(PATH, credentials))]))
      socket.write(frame('data', END_STREAM, 1, GET_TASK))
      const answered = calls.length + 1
      while (calls.length < answered) await once(socket, 'data')
      socket.destroy()
      return calls.at(-1)?.status
    }

    assert.equal(await ask([['authorization', 'Bearer all']]), status.OK)
    for (const twice of [
      [
        ['authorization', 'Bearer all'],
        ['authorization', 'Bearer all'],
      ],
      [
        ['authorization', 'Bearer all'],
        ['authorization', 'Bearer stranger'],
      ],
      [
        ['x-api-key', 'all'],
        ['x-api-key', 'stranger'],
      ],
    ] as const) {
      assert.equal(await ask(twice), status.UNAUTHENTICATED)
    }
  })

  it('sends little to be told of our health, and does not keep others from it', async () => {
    const { listener } = await listen()
    const session = openSession(listener.address)
    const long = request(session, HEALTH_CHECK.path)
    long.write(Buffer.from([0, 0, 0, 8, 0]))
    assert.equal((await endOf(long))['grpc-status'], String(status.RESOURCE_EXHAUSTED))

    const endless = Array.from({ length: 100 }, () => request(session, HEALTH_CHECK.path))
    const onceMore = await endOf(request(session, HEALTH_CHECK.path))
    const elsewhere = request(openSession(listener.address), HEALTH_CHECK.path)
    elsewhere.end(frameOf(Buffer.alloc(0)))

    assert.equal(onceMore['grpc-status'], String(status.RESOURCE_EXHAUSTED))
    assert.equal((await endOf(elsewhere))['grpc-status'], String(status.OK))
    assert.ok(endless.every((stream) => !stream.closed))
    const first = endless[0]
    first?.end(frameOf(Buffer.alloc(0)))
    assert.ok(first)
    assert.equal((await endOf(first))['grpc-status'], String(status.OK))
    const afterwards = request(session, HEALTH_CHECK.path)
    afterwards.end(frameOf(Buffer.alloc(0)))
    assert.equal((await endOf(afterwards))['grpc-status'], String(status.OK))
  })

  it('does not keep the listener from closing, whatever it does not say', async () => {
    for (const said of [
      Buffer.alloc(0),
      GREETING.subarray(0, 10),
      GREETING,
      Buffer.concat([GREETING, headersFrame(1, callHeaders(PATH, [['authorization', 'Bearer all']]))]),
    ]) {
      const { listener } = await listen()
      const socket = await openRaw(listener.address)
      socket.write(said)
      // The server has said something, of which nothing is taken.
      await once(socket, 'readable')

      await listener.close(10)
    }
  })
})
