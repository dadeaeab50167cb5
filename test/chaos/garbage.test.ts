import assert from 'node:assert/strict'
import { request } from 'node:http'
import { connect } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { at, parsed, textAt } from '../e2e/json-path.ts'
import { type Endpoint, native, post, type Reply, send } from '../e2e/rpc.ts'
import { startWorld, type World } from '../e2e/world.ts'
import { INSPECT, openInspector } from './inspector.ts'
import { malformedBody, seeded } from './malformed-bodies.ts'

const SEED = 20_260_101
const MAX_GROWTH_BYTES = 8 * 1024 * 1024
const FIFTY_MB = 50 * 1024 * 1024

/** An answer in one of our two error shapes, which admits no mistake of ours and shows nothing of us. */
function assertWellFormed(reply: Reply, what: string) {
  const shown = `${what}: ${reply.status} ${reply.text.slice(0, 300)}`
  assert.ok(reply.status < 500, shown)
  assert.ok(reply.body !== undefined, shown)
  assert.doesNotMatch(reply.text, /node_modules|\.ts:\d+|\n\s+at /, shown)
  const error = at(reply.body, 'error')
  if (reply.status === 200 || error !== undefined) {
    assert.equal(at(reply.body, 'jsonrpc'), '2.0', shown)
    assert.ok(Number.isInteger(at(error, 'code')), shown)
    assert.notEqual(at(error, 'code'), -32603, shown)
    textAt(error, 'message')
  } else {
    assert.equal(at(reply.body, 'status'), reply.status, shown)
    textAt(reply.body, 'title')
  }
}

describe('garbage', { timeout: 300_000 }, () => {
  let world: World
  let client: Required<Endpoint>
  const opened = new AsyncDisposableStack()

  before(async () => {
    world = opened.use(await startWorld({ nodeArgs: INSPECT }))
    client = await world.client('garbage')
  })
  after(() => opened.disposeAsync())

  const lives = async () => {
    const sent = await send(client, 'echo alive')
    assert.equal(at(sent, 'task', 'status', 'state'), 'TASK_STATE_COMPLETED')
  }

  test('a thousand bodies get a thousand well-formed errors and leave nothing behind', async (t) => {
    const random = seeded(SEED)
    const throwOne = async (n: number) => {
      const { kind, body, contentType } = malformedBody(n, random)
      const reply = await post(client, body, { 'content-type': contentType })
      assertWellFormed(reply, `${n}, ${kind}`)
      assert.equal(at(reply.body, 'result'), undefined, `${n}, ${kind}`)
    }
    for (let n = 0; n < 300; n++) await throwOne(n)
    await lives()
    await using inspector = await openInspector(world.parley.child())
    const before = await inspector.memoryAfterCollection()
    for (let n = 300; n < 1300; n++) await throwOne(n)
    await lives()
    const after = await inspector.memoryAfterCollection()
    const growth = after.heapAndExternalBytes - before.heapAndExternalBytes
    t.diagnostic(`seed ${SEED}; ${Math.round(growth / 1024)} KB more after a thousand bodies`)
    assert.ok(growth <= MAX_GROWTH_BYTES, `${growth} bytes are kept`)
  })

  test('the native API answers it with problems', async () => {
    const random = seeded(SEED + 1)
    const { url, adminKey } = world.parley
    for (let n = 0; n < 200; n++) {
      const { kind, body, contentType } = malformedBody(n, random)
      for (const path of ['/agents/register', '/keys']) {
        const reply = await post({ url: `${url}${path}`, key: adminKey }, body, {
          'content-type': contentType,
        })
        const shown = `${path} ${kind}: ${reply.status} ${reply.text.slice(0, 200)}`
        assert.ok(reply.status >= 400 && reply.status < 500, shown)
        assert.match(reply.headers.get('content-type') ?? '', /^application\/problem\+json/, shown)
        assert.equal(at(reply.body, 'status'), reply.status, shown)
      }
    }
    await lives()
  })

  test('bodies of 50 MB are refused, whether their length is told or not', async (t) => {
    await using inspector = await openInspector(world.parley.child())
    const before = await inspector.memoryAfterCollection()
    for (const path of ['/a2a/scenario', '/agents/register', '/keys']) {
      for (const chunked of [false, true]) {
        const answer = await postHuge(`${world.parley.url}${path}`, world.parley.adminKey, chunked)
        assert.equal(answer.status, 413, `${path} ${chunked}`)
        assert.ok(parsed(answer.text) !== undefined)
      }
    }
    await lives()
    const after = await inspector.memoryAfterCollection()
    const growth = after.heapAndExternalBytes - before.heapAndExternalBytes
    t.diagnostic(`${Math.round(growth / 1024)} KB more after six bodies of 50 MB`)
    assert.ok(growth <= MAX_GROWTH_BYTES, `${growth} bytes are kept`)
  })

  test('hostile addresses and parameters are answered, never with a 500', async () => {
    const { url } = world.parley
    const hostile = [
      '%',
      '%00',
      '%ff',
      '..%2f..%2fetc',
      '%23',
      "'%20OR%201=1",
      '__proto__',
      'x'.repeat(4000),
      '%F0%9F%92%A5',
      '~',
      'a~b',
    ]
    for (const word of hostile) {
      for (const path of [
        `/tasks/${word}`,
        `/tasks/${word}/events`,
        `/contexts/${word}/history`,
        `/agents/${word}`,
        `/a2a/${word}`,
        `/a2a/${word}/.well-known/agent-card.json`,
        `/tasks?cursor=${word}`,
        `/agents?name=${word}&limit=${word}`,
        `/${word}`,
      ]) {
        const reply = await native(client.key, 'GET', `${url}${path}`)
        assert.ok(reply.status < 500, `${path}: ${reply.status} ${reply.text.slice(0, 200)}`)
        assert.doesNotMatch(reply.text, /node_modules|SQLITE|\.ts:\d+/)
      }
    }
    await lives()
  })

  test('bytes that are not HTTP get an answer or a closed connection', async () => {
    const { port, hostname } = new URL(world.parley.url)
    const head = `POST /a2a/scenario HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${client.key}\r\n`
    for (const bytes of [
      'hello\r\n\r\n',
      '\u0000\u0001\u0002\u0003',
      '\u0016\u0003\u0001\u0002\u0000\u0001\u0000',
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
      'GET / HTTP/9.9\r\n\r\n',
      'GET / HTTP/1.1\r\n\r\n',
      `${head}Content-Length: -5\r\n\r\n`,
      `${head}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      `${head}Transfer-Encoding: chunked\r\n\r\nzzz\r\n`,
      `GET /${'x'.repeat(100_000)} HTTP/1.1\r\nHost: x\r\n\r\n`,
      `GET / HTTP/1.1\r\nHost: x\r\n${'X-Many: y\r\n'.repeat(20_000)}\r\n`,
    ]) {
      const answer = await rawAnswer(hostname, Number(port), bytes)
      assert.match(answer, /^($|HTTP\/1\.1 4\d\d )/, JSON.stringify(bytes.slice(0, 60)))
    }
    await lives()
  })

  test('clients that never finish their request hinder nobody', async () => {
    const { port, hostname } = new URL(world.parley.url)
    const sockets = Array.from({ length: 200 }, (_, n) => {
      const socket = connect(Number(port), hostname)
      socket.on('error', () => {})
      socket.write(n % 2 === 0 ? 'POST /a2a/scenario HTTP/1.1\r\nHost: x\r\nX-Slow:' : 'G')
      return socket
    })
    await lives()
    for (const socket of sockets) socket.destroy()
    await lives()
  })
})

/** Posts 50 MB of JSON; an answer that comes before the last byte counts, as does an error after an answer. */
function postHuge(url: string, key: string, chunked: boolean): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const chunk = Buffer.alloc(1024 * 1024, 'x')
    const outgoing = request(url, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${key}`,
        'a2a-version': '1.0',
        'content-type': 'application/json',
        ...(chunked ? {} : { 'content-length': FIFTY_MB }),
      },
    })
    let answered = false
    outgoing.on('response', (response) => {
      answered = true
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (piece: string) => {
        text += piece
      })
      response.on('close', () => {
        resolve({ status: response.statusCode ?? 0, text })
        outgoing.destroy()
      })
      response.on('error', () => {})
    })
    outgoing.on('error', (reason) => {
      if (!answered) reject(reason)
    })
    let sent = 0
    const write = () => {
      while (sent < FIFTY_MB && !answered && !outgoing.destroyed) {
        sent += chunk.length
        if (!outgoing.write(chunk)) {
          outgoing.once('drain', write)
          return
        }
      }
      if (!answered) outgoing.end()
    }
    write()
  })
}

/** What comes back for raw bytes until the server closes, or until it has answered and falls silent. */
function rawAnswer(hostname: string, port: number, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, hostname)
    let text = ''
    socket.setTimeout(20_000, () => {
      socket.destroy()
      reject(new Error(`neither an answer nor a close for ${JSON.stringify(bytes.slice(0, 60))}`))
    })
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
      if (text.includes('\r\n\r\n')) socket.destroy()
    })
    socket.on('error', () => {})
    socket.on('close', () => resolve(text))
    socket.end(Buffer.from(bytes, 'latin1'))
  })
}
