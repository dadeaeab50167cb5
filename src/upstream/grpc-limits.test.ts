import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import { AgentFailure, type AgentTarget } from '../delivery/agent-client.ts'
import { CALLS, failsSaying, messageOf, never, REQUEST, taskOf, updateOf } from './agent-calls.case.ts'
import { createAgentClient } from './agent-client.ts'
import { type GrpcExchange, openGrpcAgent } from './grpc-agent.case.ts'
import { frameOf } from './grpc-frames.ts'
import { createGuard } from './guard.ts'
import { createHttp2Connections } from './http2-connections.ts'
import { answerGrpc, GRPC_HEAD, openHttp2Server, openSilentServer } from './http2-server.case.ts'
import { ADA, collect, loopbackGuard, NOW, openClient, targetOf } from './loopback-server.case.ts'
import { DEFAULT_UPSTREAM_LIMITS, type UpstreamLimits } from './upstream-limits.ts'

const grpc = (url: string): AgentTarget => targetOf(url, { protocolBinding: 'GRPC' })

const isTaskAlone = ({ operation }: GrpcExchange): boolean => /^(Get|Cancel)Task$/.test(operation)

describe('the size limits over gRPC', () => {
  const limits = { maxEventBytes: 10_000, maxTaskBytes: 100_000 }

  test('let a task be longer than an event', async () => {
    await using agent = await openGrpcAgent(async (exchange) => {
      await exchange.say(isTaskAlone(exchange) ? taskOf(50_000) : `{"task":${taskOf(50_000)}}`)
      exchange.end()
    })
    await using client = openClient(limits)
    for (const [name, call] of CALLS) {
      if (name !== 'a streaming send') await call(client, agent.target(), { signal: never, onBehalfOf: ADA })
    }
  })

  test('let the snapshot of a subscription be longer than its other events', async () => {
    await using agent = await openGrpcAgent(async (exchange) => {
      for (const event of [`{"task":${taskOf(50_000)}}`, updateOf(10), updateOf(20_000)])
        await exchange.say(event)
    })
    await using client = openClient(limits)
    const events = client
      .subscribe(agent.target(), 't', { signal: never, onBehalfOf: ADA })
      [Symbol.asyncIterator]()
    await events.next()
    await events.next()
    await assert.rejects(events.next(), failsSaying('invalid', /10000 bytes/))
    await agent.exchanges[0]?.cancelled
  })

  test('refuse a message as long as a task', async () => {
    await using agent = await openGrpcAgent(async (exchange) => {
      await exchange.say(messageOf(50_000))
      exchange.end()
    })
    await using client = openClient(limits)
    for (const streaming of [true, false]) {
      const events = client.send(agent.target(streaming), REQUEST, { signal: never, onBehalfOf: ADA })
      await assert.rejects(collect(events), failsSaying('invalid', /10000 bytes/))
    }
  })

  test('are kept also by what is short in protobuf and long in JSON', async () => {
    const short = (chars: number) => taskOf(0).replace('"x":""', `"x":"${'\\u0001'.repeat(chars)}"`)
    await using agent = await openGrpcAgent(async (exchange) => {
      await exchange.say(isTaskAlone(exchange) ? short(30_000) : `{"task":${short(30_000)}}`)
      exchange.end()
    })
    await using client = openClient(limits)
    for (const [name, call] of CALLS) {
      const answer = call(client, agent.target(), { signal: never, onBehalfOf: ADA })
      await assert.rejects(answer, failsSaying('invalid', /more than the 10000+ bytes/), name)
    }
  })

  for (const [name, call] of CALLS) {
    test(`end ${name} as soon as its answer says that it is too long`, async () => {
      await using server = await openHttp2Server(({ stream }) => {
        stream.respond(GRPC_HEAD)
        const prefix = frameOf(Buffer.alloc(0))
        prefix.writeUInt32BE(0xffff_ffff, 1)
        stream.write(prefix)
      })
      await using client = openClient(limits)
      await assert.rejects(
        call(client, grpc(server.address), { signal: never, onBehalfOf: ADA }),
        failsSaying('invalid', /10000+ bytes/),
      )
      await server.exchanges[0]?.closed
    })
  }
})

describe('the time limits over gRPC', () => {
  for (const [name, call] of CALLS) {
    test(`end ${name} that gets no answer`, async () => {
      await using agent = await openGrpcAgent(() => {})
      await using client = openClient({ firstByteTimeoutMs: 250, silentTimeoutMs: 250 })
      await assert.rejects(
        call(client, agent.target(), { signal: never, onBehalfOf: ADA }),
        failsSaying('unknown', /0\.25 seconds/),
      )
      await agent.exchanges[0]?.cancelled
    })

    test(`end ${name} whose answer stops`, async () => {
      await using server = await openHttp2Server(({ stream }) => {
        stream.respond(GRPC_HEAD)
        stream.write(frameOf(Buffer.alloc(100)).subarray(0, 50))
      })
      await using client = openClient({ silentTimeoutMs: 250 })
      await assert.rejects(
        call(client, grpc(server.address), { signal: never, onBehalfOf: ADA }),
        failsSaying('unknown', /0\.25 seconds/),
      )
      await server.exchanges[0]?.closed
    })
  }

  test('give a send longer for its first byte', async () => {
    const arrived = Promise.withResolvers<void>()
    const elapsed = Promise.withResolvers<void>()
    let waiting = 0
    await using agent = await openGrpcAgent(async (exchange) => {
      if (exchange.operation === 'GetTask') return
      if (++waiting === 2) arrived.resolve()
      await elapsed.promise
      await exchange.say(messageOf(1))
      exchange.end()
    })
    await using client = openClient({ firstByteTimeoutMs: 20 })
    const sends = [true, false].map((streaming) =>
      collect(client.send(agent.target(streaming), REQUEST, { signal: never, onBehalfOf: ADA })),
    )
    // The connection stands then, so that nothing but the answer is waited for.
    await arrived.promise
    await assert.rejects(
      client.getTask(agent.target(), 't', { signal: never, onBehalfOf: ADA }),
      failsSaying('unknown', /0\.02/),
    )
    elapsed.resolve()
    for (const events of await Promise.all(sends)) assert.equal(events.length, 1)
  })

  test('do not count while the consumer is busy', async () => {
    await using agent = await openGrpcAgent(async (exchange) => {
      if (exchange.operation === 'GetTask') return
      await exchange.say(updateOf(1))
      await exchange.say(updateOf(2))
      exchange.end()
    })
    await using client = openClient({ silentTimeoutMs: 50, firstByteTimeoutMs: 200 })
    let read = 0
    for await (const _ of client.send(agent.target(), REQUEST, { signal: never, onBehalfOf: ADA })) {
      read++
      await assert.rejects(
        client.getTask(agent.target(), 't', { signal: never, onBehalfOf: ADA }),
        AgentFailure,
      )
    }
    assert.equal(read, 2)
  })
})

describe('the signal over gRPC', () => {
  for (const [name, call] of CALLS) {
    test(`ends ${name} that waits for an answer, and the agent sees it`, async () => {
      const stop = new AbortController()
      const reason = new Error('stopped')
      await using agent = await openGrpcAgent(() => stop.abort(reason))
      await using client = openClient()
      await assert.rejects(call(client, agent.target(), { signal: stop.signal, onBehalfOf: ADA }), reason)
      await agent.exchanges[0]?.cancelled
    })

    test(`ends ${name} inside its answer, and the agent sees it`, async () => {
      const stop = new AbortController()
      const reason = new Error('stopped')
      await using server = await openHttp2Server(({ stream }) => {
        stream.respond(GRPC_HEAD)
        stream.write(frameOf(Buffer.alloc(100)).subarray(0, 50), () => stop.abort(reason))
      })
      await using client = openClient()
      await assert.rejects(
        call(client, grpc(server.address), { signal: stop.signal, onBehalfOf: ADA }),
        reason,
      )
      await server.exchanges[0]?.closed
    })

    test(`keeps ${name} from being sent when it is aborted before`, async () => {
      await using agent = await openGrpcAgent(() => {})
      await using client = openClient()
      const signal = AbortSignal.abort(new Error('stopped'))
      await assert.rejects(call(client, agent.target(), { signal, onBehalfOf: ADA }), signal.reason)
      assert.equal(agent.exchanges.length, 0)
    })
  }

  test('ends a stream nobody is reading', async () => {
    const stop = new AbortController()
    await using agent = await openGrpcAgent((exchange) => exchange.say(updateOf(1)))
    await using client = openClient()
    const events = client
      .send(agent.target(), REQUEST, { signal: stop.signal, onBehalfOf: ADA })
      [Symbol.asyncIterator]()
    await events.next()
    stop.abort(new Error('stopped'))
    await agent.exchanges[0]?.cancelled
    await assert.rejects(events.next(), stop.signal.reason)
  })

  test('ends one call and no other on the same connection', async () => {
    const stop = new AbortController()
    const both = Promise.withResolvers<void>()
    await using agent = await openGrpcAgent(() => {
      if (agent.exchanges.length === 2) both.resolve()
    })
    await using client = openClient()
    const one = client.getTask(agent.target(), 't', { signal: stop.signal, onBehalfOf: ADA })
    const other = client.getTask(agent.target(), 't', { signal: never, onBehalfOf: ADA })
    await both.promise
    stop.abort(new Error('stopped'))
    await assert.rejects(one, /stopped/)
    for (const exchange of agent.exchanges) {
      await exchange.say(taskOf(1))
      exchange.end()
    }
    assert.equal((await other).value.id, 't')
  })
})

describe('a stream over gRPC', () => {
  test('is cancelled when the consumer leaves', async () => {
    await using agent = await openGrpcAgent((exchange) => exchange.say(updateOf(1)))
    await using client = openClient()
    for await (const _ of client.send(agent.target(), REQUEST, { signal: never, onBehalfOf: ADA })) break
    await agent.exchanges[0]?.cancelled
  })

  test('stops the agent while the consumer stalls, and no other call', async () => {
    const stop = new AbortController()
    const stalled = Promise.withResolvers<void>()
    let said = 0
    await using agent = await openGrpcAgent(async (exchange) => {
      if (exchange.operation === 'GetTask') {
        await exchange.say(taskOf(100_000))
        exchange.end()
        return
      }
      let left = false
      void exchange.cancelled.then(() => {
        left = true
      })
      while (!left) {
        const room = exchange.say(updateOf(60_000))
        said += 60_000
        // What the connection itself holds is full once there was no room for this long.
        const full = setTimeout(stalled.resolve, 200)
        await room
        clearTimeout(full)
      }
    })
    await using client = openClient()
    const events = client
      .send(agent.target(), REQUEST, { signal: stop.signal, onBehalfOf: ADA })
      [Symbol.asyncIterator]()
    await events.next()
    await stalled.promise
    assert.ok(said < 8 * 1024 * 1024, `${said} bytes`)
    for (let call = 0; call < 20; call++)
      await client.getTask(agent.target(), 't', { signal: never, onBehalfOf: ADA })
    await events.next()
    stop.abort(new Error('stopped'))
    await agent.exchanges[0]?.cancelled
  })

  test('of many events arrives whole and in order', async () => {
    const count = 5_000
    await using agent = await openGrpcAgent(async (exchange) => {
      for (let at = 0; at < count; at++) await exchange.say(updateOf(at % 200))
      exchange.end()
    })
    await using client = openClient()
    const events = await collect(client.send(agent.target(), REQUEST, { signal: never, onBehalfOf: ADA }))
    assert.equal(events.length, count)
    assert.ok(events.every((event, at) => event.text === updateOf(at % 200)))
  })

  test('carries what is large in both directions', async () => {
    const chars = 3_000_000
    await using agent = await openGrpcAgent(async (exchange) => {
      const { message } = JSON.parse(exchange.request)
      await exchange.say(
        `{"message":{"messageId":"a","role":"ROLE_AGENT","parts":${JSON.stringify(message.parts)}}}`,
      )
      exchange.end()
    })
    await using client = openClient()
    const request = `{"message":{"messageId":"m","role":"ROLE_USER","parts":[{"text":"${'x'.repeat(chars)}"}]}}`
    const [event] = await collect(client.send(agent.target(), request, { signal: never, onBehalfOf: ADA }))
    assert.equal(event?.value.message?.parts[0]?.text?.length, chars)
  })
})

describe('connections for gRPC', () => {
  const clientAt = (
    resolve: () => Promise<readonly { address: string; family: number }[]>,
    limits: Partial<UpstreamLimits> = {},
  ) =>
    createAgentClient({
      guard: createGuard({
        policies: { agents: { allow: ['127.0.0.0/8'] }, cards: { allow: [] } },
        resolve,
      }),
      limits: { ...DEFAULT_UPSTREAM_LIMITS, ...limits },
      now: () => NOW,
      newId: () => '1',
      userAgent: 'parley/0.0.0',
    })

  test('were not accepted when they take too long', async () => {
    await using silent = await openSilentServer()
    await using client = clientAt(() => new Promise(() => {}), { connectTimeoutMs: 50 })
    for (const url of ['agent.example:443', 'https://agent.example', `127.0.0.1:${silent.port}`]) {
      const attempts = CALLS.map(([, call]) =>
        assert.rejects(
          call(client, grpc(url), { signal: never, onBehalfOf: ADA }),
          failsSaying('not_accepted', /cannot be reached/),
        ),
      )
      await Promise.all(attempts)
    }
  })

  test('are not waited for once the signal has ended the call', async () => {
    await using client = clientAt(() => new Promise(() => {}))
    const stop = new AbortController()
    const answer = client.getTask(grpc('agent.example:443'), 't', { signal: stop.signal, onBehalfOf: ADA })
    stop.abort(new Error('stopped'))
    await assert.rejects(answer, stop.signal.reason)
  })

  test('carry as many CALLS at once as the server allows, and the others wait for their turn', async () => {
    await using server = await openHttp2Server(() => {}, { maxConcurrentStreams: 2 })
    await using client = openClient()
    const target = grpc(server.address)
    const outcomes = Array.from({ length: 5 }, () =>
      assert.rejects(client.getTask(target, 't', { signal: never, onBehalfOf: ADA }), {
        code: 'task_not_found',
      }),
    )
    for (let call = 0; call < 5; call++) {
      const exchange = await server.exchangeAt(call)
      assert.ok(server.exchanges.length <= call + 2)
      answerGrpc(exchange, undefined, { 'grpc-status': '5' })
    }
    await Promise.all(outcomes)
    assert.equal(server.connections.length, 1)
  })

  test('do not take a call that waits for its turn in vain', async () => {
    const stop = new AbortController()
    await using server = await openHttp2Server(() => {}, { maxConcurrentStreams: 1 })
    await using client = openClient({ firstByteTimeoutMs: 50 })
    const target = grpc(server.address)
    const first = collect(
      client.send({ ...target, streaming: false }, REQUEST, { signal: stop.signal, onBehalfOf: ADA }),
    )
    await server.exchangeAt(0)
    await assert.rejects(
      client.getTask(target, 't', { signal: never, onBehalfOf: ADA }),
      failsSaying('not_accepted', /./),
    )
    assert.equal(server.exchanges.length, 1)
    stop.abort(new Error('stopped'))
    await assert.rejects(first, /stopped/)
  })

  test('end when nobody has used them for a while', async () => {
    await using server = await openHttp2Server(({ stream }) => {
      stream.respond()
      stream.end()
    })
    await using connections = createHttp2Connections({
      guard: loopbackGuard,
      connectTimeoutMs: 1000,
      idleMs: 20,
    })
    const call = async () => {
      const stream = await connections.request(
        { address: server.address, isSecret: false },
        { ':path': '/' },
        never,
      )
      stream.resume().end()
      await once(stream, 'close')
    }
    await call()
    await server.connections[0]?.closed
    await call()
    assert.equal(server.connections.length, 2)
  })

  test('end with the client, and what is under way on them', async () => {
    const taken = Promise.withResolvers<void>()
    await using agent = await openGrpcAgent(() => taken.resolve())
    const client = openClient()
    const answer = assert.rejects(
      client.getTask(agent.target(), 't', { signal: never, onBehalfOf: ADA }),
      failsSaying('unknown', /./),
    )
    await taken.promise
    await client[Symbol.asyncDispose]()
    await answer
    await agent.exchanges[0]?.cancelled
    await assert.rejects(
      client.getTask(agent.target(), 't', { signal: never, onBehalfOf: ADA }),
      failsSaying('not_accepted', /./),
    )
  })

  test('to a thousand addresses of an agent leave a bounded number behind, and none with the client', async () => {
    await using server = await openHttp2Server((exchange) =>
      answerGrpc(exchange, undefined, { 'grpc-status': '5' }),
    )
    const client = clientAt(async () => [{ address: '127.0.0.1', family: 4 }])
    for (let revision = 0; revision < 1000; revision++) {
      const target = grpc(`agent-${revision}.example:${server.port}`)
      await assert.rejects(client.getTask(target, 't', { signal: never, onBehalfOf: ADA }), {
        code: 'task_not_found',
      })
    }
    assert.equal(server.connections.length, 1000)
    await Promise.all(server.connections.slice(0, -64).map(({ closed }) => closed))
    const kept = server.connections.slice(-64)
    assert.ok(kept.every(({ session }) => !session.destroyed))
    await client[Symbol.asyncDispose]()
    await Promise.all(kept.map(({ closed }) => closed))
  })
})
