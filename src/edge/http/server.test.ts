import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { describe, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { StreamFrame } from '../../tasks/tasks.ts'
import { type CallFacts, silentEvents } from '../../telemetry/events.ts'
import { CERTIFICATE, PRIVATE_KEY } from '../../upstream/tls-identity.case.ts'
import {
  bearer,
  frames,
  post,
  type Script,
  type ScriptedApp,
  scriptedApp,
  TASK,
} from './scripted-app.case.ts'
import { type Listener, type ListenOptions, listen } from './server.ts'

const SUBSCRIBE = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'SubscribeToTask', params: { id: 't' } })

type Served = { readonly listener: Listener; readonly port: number; readonly shutdown: AbortController }

/** With and without the shorter way for calls of agents: a server must serve them alike. */
const WAYS = ['with a direct route', 'through the application'] as const

type Way = (typeof WAYS)[number]

const listenBy = (way: Way, { app, direct }: ScriptedApp, limits: ListenOptions['limits'] = {}) =>
  listen(app, { host: '127.0.0.1', port: 0, limits, ...(way === 'with a direct route' && { direct }) })

async function withServerBy(
  way: Way,
  script: Script,
  run: (served: Served) => Promise<void>,
  limits?: ListenOptions['limits'],
): Promise<void> {
  const scripted = scriptedApp(script)
  const { shutdown } = scripted
  const listener = await listenBy(way, scripted, limits)
  try {
    await run({ listener, port: Number(new URL(listener.url).port), shutdown })
  } finally {
    await listener.close(0)
  }
}

/** Sends raw bytes and answers everything that came until the server closed. */
async function exchange(port: number, bytes: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  socket.setEncoding('utf8')
  socket.write(bytes)
  let text = ''
  for await (const chunk of socket) text += chunk
  return text
}

/** A whole call of GetTask as bytes. */
function callOf({ id = '1', headers = '' }: { readonly id?: string; readonly headers?: string }): string {
  const body = JSON.stringify({ jsonrpc: '2.0', id, method: 'GetTask', params: { id: 't' } })
  return `POST /a2a/echo HTTP/1.1\r\nhost: x\r\nauthorization: Bearer all\r\n${headers}content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`
}

async function subscribe(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  socket.write(
    `POST /a2a/echo HTTP/1.1\r\nhost: x\r\nauthorization: Bearer all\r\ncontent-type: application/json\r\ncontent-length: ${SUBSCRIBE.length}\r\n\r\n${SUBSCRIBE}`,
  )
  return socket
}

for (const way of WAYS)
  describe(`the HTTP server, ${way}`, () => {
    const withServer = (
      script: Script,
      run: (served: Served) => Promise<void>,
      limits?: ListenOptions['limits'],
    ) => withServerBy(way, script, run, limits)

    it('answers malformed HTTP with a proper 400', async () => {
      await withServer({}, async ({ port }) => {
        for (const bytes of [
          'garbage\r\n\r\n',
          'GET / HTTP/9.9\r\n\r\n',
          'POST /a2a/echo HTTP/1.1\r\nhost: x\r\ncontent-length: abc\r\n\r\n',
          'GET / HTTP/1.1\r\n\r\n',
          'GET / HTTP/1.1\r\nhost: a b\r\n\r\n',
          'GET http://[/ HTTP/1.1\r\nhost: x\r\n\r\n',
        ]) {
          const answer = await exchange(port, bytes)
          assert.match(answer, /^HTTP\/1\.1 400 /, bytes)
          assert.match(answer, /application\/problem\+json/i)
          assert.equal(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n'))).status, 400)
        }
      })
    })

    it('closes a connection that turns to garbage in the middle of an answer, and adds nothing to the answer', async () => {
      async function* quiet(signal: AbortSignal): AsyncGenerator<StreamFrame> {
        yield { seq: 1, event: '{}' }
        await once(signal, 'abort')
      }
      await withServer(
        { tasks: { subscribeToTask: async (call) => quiet(call.signal) } },
        async ({ port }) => {
          const socket = await subscribe(port)
          socket.setEncoding('utf8')
          let text = String(await once(socket, 'data'))
          socket.write('garbage\r\n\r\n')
          socket.on('data', (chunk) => {
            text += chunk
          })
          await once(socket, 'close')
          assert.equal(text.match(/HTTP\/1\.1/g)?.length, 1)
        },
      )
    })

    it('answers any target with something well-formed', async () => {
      await withServer({}, async ({ port }) => {
        for (const target of [
          '/%',
          '/a2a/%E0%A4%A',
          '/a2a/%00/x',
          '//',
          '/a2a//',
          '/agents/..',
          '/agents/%2e%2e/x',
          '/?%',
          '*',
        ]) {
          const head = `GET ${target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`
          const answer = await exchange(port, head)
          assert.match(answer, /^HTTP\/1\.1 (200|400|401|404|405) /, target)
        }
      })
    })

    it('answers headers that are too long with 431, and CONNECT with 405', async () => {
      await withServer({}, async ({ port }) => {
        const long = await exchange(port, `GET / HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`)
        assert.match(long, /^HTTP\/1\.1 431 /)
        assert.match(await exchange(port, 'CONNECT x:1 HTTP/1.1\r\nhost: x\r\n\r\n'), /^HTTP\/1\.1 405 /)
      })
    })

    it('answers a URL that is too long with 414, and too many headers with 431, and never leaves any out', async () => {
      await withServer({}, async ({ port }) => {
        const ask = (target: string, headers = '') =>
          exchange(port, `GET ${target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n${headers}\r\n`)
        const many = (count: number) => 'x: y\r\n'.repeat(count)

        const long = await ask(`/${'y'.repeat(9000)}`)
        assert.match(long, /^HTTP\/1\.1 414 /)
        assert.match(long, /The URL is longer than 8192 bytes/)
        assert.match(await ask(`/a2a/echo/tasks/${'y'.repeat(9000)}`), /^HTTP\/1\.1 414 /)
        assert.match(await ask(`/healthz?${'y'.repeat(8000)}`), /^HTTP\/1\.1 [24]00 /)
        assert.match(await ask('/healthz', many(98)), /^HTTP\/1\.1 200 /)
        assert.match(await ask('/healthz', many(99)), /^HTTP\/1\.1 431 /)
        const late = `${many(2500)}authorization: Bearer all\r\n`
        assert.match(await ask('/tasks', late), /^HTTP\/1\.1 431 /)
      })
    })

    it('answers a body that never ends with 408', async () => {
      const limits = { requestTimeoutMs: 50, headersTimeoutMs: 50 }
      await withServer(
        {},
        async ({ port }) => {
          const head = 'POST /keys HTTP/1.1\r\nhost: x\r\nauthorization: Bearer root\r\n'
          const answer = await exchange(
            port,
            `${head}content-type: application/json\r\ncontent-length: 9\r\n\r\n{`,
          )
          assert.match(answer, /^HTTP\/1\.1 408 /)
        },
        limits,
      )
    })

    it('answers 413 to a body that is too long while it is still being sent, and goes on', async () => {
      await withServer({ settings: { maxBodyBytes: 1000 } }, async ({ listener }) => {
        const long = 'x'.repeat(5_000_000)
        const declared = await fetch(`${listener.url}/a2a/echo`, post(long))
        assert.equal(declared.status, 413)
        assert.equal(JSON.parse(await declared.text()).error.code, -32600)

        const { body: _, ...chunked } = post('')
        const stream = new Blob([long]).stream()
        const counted = await fetch(`${listener.url}/a2a/echo`, { ...chunked, body: stream, duplex: 'half' })
        assert.equal(counted.status, 413)
        await counted.text()

        const next = await fetch(`${listener.url}/a2a/echo`, post(SUBSCRIBE))
        assert.equal(next.status, 200)
        await next.text()
      })
    })

    it('lets go of a quiet stream at once when its client leaves', async () => {
      const opened = Promise.withResolvers<void>()
      const left = Promise.withResolvers<void>()
      async function* quiet(signal: AbortSignal): AsyncGenerator<StreamFrame> {
        yield { seq: 1, event: '{}' }
        opened.resolve()
        signal.addEventListener('abort', () => left.resolve(), { once: true })
        await left.promise
      }
      await withServer(
        { tasks: { subscribeToTask: async (call) => quiet(call.signal) } },
        async ({ port }) => {
          const socket = await subscribe(port)
          socket.resume()
          await opened.promise
          socket.destroy()
          await left.promise
        },
      )
    })

    it('lets go of a stream that waits for its turn on a connection when its client leaves', async () => {
      const opened = Promise.withResolvers<void>()
      const left = Promise.withResolvers<void>()
      const script: Script = {
        tasks: {
          getTask: (call) =>
            new Promise((_, reject) => call.signal.addEventListener('abort', reject, { once: true })),
          async subscribeToTask({ signal }) {
            signal.addEventListener('abort', () => left.resolve(), { once: true })
            opened.resolve()
            return frames([{ seq: 1, event: '{}' }], () => left.promise)
          },
        },
      }
      await withServer(script, async ({ port }) => {
        const socket = connect(port, '127.0.0.1')
        socket.write(
          callOf({}) +
            callOf({})
              .replace('"GetTask"', '"SubscribeToTask"')
              .replace(/content-length: \d+/, (text) => text.replace(/\d+/, (n) => String(Number(n) + 8))),
        )
        await opened.promise
        socket.destroy()
        await left.promise
      })
    })

    it('ends the wait of a blocking call whose client leaves, and records no failure', async () => {
      const waiting = Promise.withResolvers<AbortSignal>()
      const script: Script = {
        tasks: {
          getTask(call) {
            waiting.resolve(call.signal)
            return new Promise((_resolve, reject) =>
              call.signal.addEventListener('abort', () => reject(call.signal.reason), { once: true }),
            )
          },
        },
      }
      const scripted = scriptedApp(script)
      const { calls } = scripted
      const listener = await listenBy(way, scripted)
      const leave = new AbortController()
      const body = SUBSCRIBE.replace('SubscribeToTask', 'GetTask')
      const answer = fetch(`${listener.url}/a2a/echo`, { ...post(body), signal: leave.signal })
      const signal = await waiting.promise
      const aborted = once(signal, 'abort')

      leave.abort()
      await assert.rejects(answer)
      await aborted
      await listener.close(0)
      assert.deepEqual(
        calls.map(({ status, error }) => [status, error]),
        [[499, undefined]],
      )
    })

    it('pulls a bounded number of frames for a reader that stops reading', async () => {
      const frameBytes = 256 * 1024
      const event = `"${'x'.repeat(frameBytes)}"`
      let pulled = 0
      async function* endless(): AsyncGenerator<StreamFrame> {
        for (;;) yield { seq: ++pulled, event }
      }
      await withServer({ tasks: { subscribeToTask: async () => endless() } }, async ({ port }) => {
        const socket = await subscribe(port)
        socket.pause()
        let seen = -1
        while (seen !== pulled) {
          seen = pulled
          await delay(200)
        }

        // What the kernel buffers on both sides of a loopback connection, and a frame or two of ours.
        assert.ok(pulled * frameBytes < 32 * 1024 * 1024, `${pulled} frames`)
        socket.destroy()
      })
    })

    it('tells every open stream to resume before it closes, and lets calls in progress end', async () => {
      async function* quiet(signal: AbortSignal): AsyncGenerator<StreamFrame> {
        yield { seq: 4, event: '{}' }
        await once(signal, 'abort')
      }
      const { app, direct, shutdown } = scriptedApp({
        tasks: { subscribeToTask: async (call) => quiet(call.signal) },
      })
      const listener = await listen(app, { host: '127.0.0.1', port: 0, direct })
      const response = await fetch(`${listener.url}/a2a/echo`, post(SUBSCRIBE))
      const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
      await reader?.read()

      const closed = listener.close(10_000)
      shutdown.abort()
      assert.match((await reader?.read())?.value ?? '', /STREAM_RESUME_REQUIRED/)
      assert.equal((await reader?.read())?.done, true)
      await closed
      await assert.rejects(fetch(`${listener.url}/healthz`, { headers: bearer('all') }))
    })

    it('is not kept from closing by who says nothing, nor half of a handshake', async () => {
      const { app, direct } = scriptedApp({})
      const tls = { cert: Buffer.from(CERTIFICATE), key: Buffer.from(PRIVATE_KEY) }
      const clientHello = Buffer.from('16030100c8010000c40303', 'hex')
      for (const [secure, said] of [
        [{}, ''],
        [{ tls }, ''],
        [{ tls }, clientHello],
      ] as const) {
        const listener = await listen(app, { host: '127.0.0.1', port: 0, direct, ...secure })
        const port = Number(new URL(listener.url).port)
        const silent = connect(port, '127.0.0.1')
        await once(silent, 'connect')
        silent.write(said)
        // Connections are taken in their order.
        await exchange(port, 'x\r\n\r\n').catch(() => {})

        const gone = once(silent, 'close')
        await listener.close(10)
        await gone
      }
    })

    it('answers requests that come at once in their order', async () => {
      await withServer({}, async ({ port }) => {
        const ids = ['first', 'second', 'third']
        const answer = await exchange(
          port,
          ids.map((id, at) => callOf({ id, ...(at === 2 && { headers: 'connection: close\r\n' }) })).join(''),
        )
        assert.deepEqual(
          answer.match(/"id":"\w+"/g)?.filter((id) => id !== '"id":"task-1"'),
          ids.map((id) => `"id":"${id}"`),
        )
      })
    })

    it('takes a credential that is given twice for none', async () => {
      await withServer({}, async ({ port }) => {
        const headers = 'authorization: Bearer all\r\nconnection: close\r\n'
        assert.match(await exchange(port, callOf({ headers })), /^HTTP\/1\.1 401 /)
      })
    })

    it('refuses a call unread and reads the next one on the same connection', async () => {
      await withServer({}, async ({ port }) => {
        const refused = callOf({ headers: 'x-request-id: a\r\n' }).replace('Bearer all', 'Bearer nobody')
        const answer = await exchange(port, `${refused}${callOf({ headers: 'connection: close\r\n' })}`)
        assert.deepEqual(answer.match(/HTTP\/1\.1 \d+/g), ['HTTP/1.1 401', 'HTTP/1.1 200'])
      })
    })

    it('decodes the name of an agent as far as it can be decoded', async () => {
      const seen: string[] = []
      const script: Script = {
        tasks: {
          async getTask(_call, agent) {
            seen.push(agent)
            return TASK
          },
        },
      }
      await withServer(script, async ({ port }) => {
        for (const name of ['echo/?A2A-Version=1.0', 'e%63ho', '%E0%A4%A', 'x%2Fecho', '%C3%A9']) {
          const call = callOf({ headers: 'connection: close\r\n' }).replace('/a2a/echo', `/a2a/${name}`)
          assert.match(await exchange(port, call), /^HTTP\/1\.1 200 /, name)
        }
      })
      assert.deepEqual(seen, ['echo', 'echo', '%E0%A4%A', 'x/echo', 'é'])
    })

    it('serves only the hosts it may', async () => {
      await withServer({ settings: { allowedHosts: ['localhost'] } }, async ({ port }) => {
        for (const [host, status] of [
          ['localhost', 200],
          ['LOCALHOST:1234', 200],
          ['evil.test', 403],
        ]) {
          const call = callOf({ headers: 'connection: close\r\n' }).replace('host: x', `host: ${host}`)
          assert.match(await exchange(port, call), new RegExp(`^HTTP/1\\.1 ${status} `), String(host))
        }
      })
    })

    it('has nobody to answer when a body ends early, and goes on', async () => {
      const finished = Promise.withResolvers<number>()
      const events = { ...silentEvents, callFinished: ({ status }: CallFacts) => finished.resolve(status) }
      await withServer({ deps: { events } }, async ({ port, listener }) => {
        const socket = connect(port, '127.0.0.1')
        socket.write(callOf({}).slice(0, -5))
        await once(socket, 'connect')
        await delay(20)
        socket.destroy()
        assert.equal(await finished.promise, 499)
        assert.equal((await fetch(`${listener.url}/healthz`)).status, 200)
      })
    })

    it('cuts a client that goes on sending a body nobody reads', async () => {
      await withServer({}, async ({ port }) => {
        const endless = callOf({})
          .replace('Bearer all', 'Bearer nobody')
          .replace(/content-length: \d+/, 'content-length: 1000000')
        assert.match(await exchange(port, endless), /^HTTP\/1\.1 401 /)
      })
    })
  })
