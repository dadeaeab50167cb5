import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type ClientHttp2Session, connect } from 'node:http2'
import type { Socket } from 'node:net'
import { afterEach, describe, it } from 'node:test'
import { status } from '@grpc/grpc-js'
import { TASK } from '../http/scripted-app.case.ts'
import { callHeaders, frame, GREETING, headersFrame, openRaw } from './raw-http2.case.ts'
import { frameOf } from './read-message.ts'
import { useGrpc, v1 } from './scripted-grpc.case.ts'

const PATH = v1('GetTask').path
const KNOWN = [['authorization', 'Bearer all']] as const

const closed = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    if (socket.closed) resolve()
    else socket.once('close', () => resolve())
  })

describe('a connection over gRPC that says too little', () => {
  const listen = useGrpc()
  const open: { destroy(): unknown }[] = []
  afterEach(() => {
    for (const each of open.splice(0)) each.destroy()
  })
  const raw = async (address: string, said: Uint8Array): Promise<Socket> => {
    const socket = await openRaw(address)
    open.push(socket)
    if (said.length > 0) socket.write(said)
    return socket.resume()
  }
  const sessionOf = async (address: string): Promise<ClientHttp2Session> => {
    const session = connect(`http://${address}`)
    open.push(session)
    session.on('error', () => {})
    await once(session, 'remoteSettings')
    return session
  }

  it('is closed when it does not begin with the greeting of HTTP/2, or not with all of it', async () => {
    const { listener } = await listen({}, { limits: { greetingMs: 30 } })

    for (const said of [Buffer.alloc(0), GREETING.subarray(0, 10), GREETING.subarray(0, 24)]) {
      await closed(await raw(listener.address, said))
    }
  })

  it('is closed at once when it speaks something else', async () => {
    const { listener } = await listen()

    for (const said of ['GET / HTTP/1.1\r\nhost: x\r\n\r\n', '\x16\x03\x01\x02\x00\x01', 'x'.repeat(1000)]) {
      await closed(await raw(listener.address, Buffer.from(said, 'latin1')))
    }
  })

  it('is closed when it does not answer a ping', async () => {
    const { listener } = await listen({}, { limits: { pingMs: 20 } })

    await closed(await raw(listener.address, GREETING))
  })

  it('is closed when nobody calls for long, and not while somebody waits for an answer', async () => {
    const asked = Promise.withResolvers<void>()
    const finish = Promise.withResolvers<string>()
    const tasks = {
      getTask: () => {
        asked.resolve()
        return finish.promise
      },
    }
    const { listener, ask } = await listen({ tasks }, { limits: { pingMs: 1000, idleMs: 1000 } })
    const waiting = ask(v1('GetTask'), { id: 't' })
    await asked.promise

    // Each of these is let go for being idle, so the other connection has been open for longer than that.
    await once(await sessionOf(listener.address), 'close')
    await once(await sessionOf(listener.address), 'close')

    finish.resolve(TASK)
    assert.equal((await waiting).code, status.OK)
  })
})

describe('a connection over gRPC that says too much', () => {
  const listen = useGrpc()
  const sockets: Socket[] = []
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy()
  })

  /** Says the same again and again and reads nothing, until the connection is closed. */
  const flood = async (address: string, next: (round: number) => Uint8Array): Promise<void> => {
    const socket = await openRaw(address)
    sockets.push(socket)
    socket.pause()
    let isClosed = false
    const over = closed(socket).then(() => {
      isClosed = true
    })
    socket.write(GREETING)
    for (let round = 0; !isClosed && round < 2000; round++) {
      if (socket.write(next(round))) await new Promise((resolve) => setImmediate(resolve))
      else await Promise.race([once(socket, 'drain').catch(() => {}), over])
    }
    // What is unread hides the end of a connection from its reader.
    socket.resume()
    await over
  }

  for (const [what, next] of [
    ['pings', () => Buffer.concat(Array.from({ length: 1000 }, () => frame('ping', 0, 0, Buffer.alloc(8))))],
    ['settings', () => Buffer.concat(Array.from({ length: 1000 }, () => frame('settings', 0, 0)))],
    [
      'calls that are taken back at once',
      (round: number) =>
        Buffer.concat(
          Array.from({ length: 200 }, (_, index) => {
            const id = 2 * (round * 200 + index) + 1
            return Buffer.concat([
              headersFrame(id, callHeaders(PATH, KNOWN)),
              frame('reset', 0, id, Buffer.from([0, 0, 0, 8])),
            ])
          }),
        ),
    ],
  ] as const) {
    it(`is closed when it floods us with ${what}, and others are served`, async () => {
      const { listener, ask } = await listen()

      await flood(listener.address, next)

      assert.equal((await ask(v1('GetTask'), { id: 't' })).code, status.OK)
    })
  }

  it('has no more half-sent requests under way than its principal may, over all its connections', async () => {
    const { listener, ask, calls } = await listen({ limits: { maxHeldBytes: 9000 } })
    const half = frameOf(Buffer.alloc(4000)).subarray(0, 3000)
    const send = async (headers = KNOWN as readonly (readonly [string, string])[]) => {
      const socket = await openRaw(listener.address)
      sockets.push(socket)
      socket.resume()
      socket.write(
        Buffer.concat([GREETING, headersFrame(1, callHeaders(PATH, headers)), frame('data', 0, 1, half)]),
      )
      return socket
    }
    await send()
    for (let sent = 1; calls.length === 0; sent++) {
      assert.ok(sent < 50, 'nothing was refused')
      await send()
      await new Promise((resolve) => setImmediate(resolve))
    }
    assert.equal(calls[0]?.error?.code, 'too_many_requests')
    assert.equal((await ask(v1('GetTask'), { id: 't' })).code, status.RESOURCE_EXHAUSTED)
    const other = await ask(v1('GetTask'), { id: 't' }, { metadata: { authorization: 'Bearer tasks:read' } })
    assert.equal(other.code, status.OK)

    for (const socket of sockets) socket.destroy()
    let again = await ask(v1('GetTask'), { id: 't' })
    for (let tried = 0; again.code !== status.OK && tried < 100; tried++)
      again = await ask(v1('GetTask'), { id: 't' })
    assert.equal(again.code, status.OK, 'what is given up counts no more')
  })
})
