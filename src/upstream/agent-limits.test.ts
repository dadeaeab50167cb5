import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import { AgentFailure } from '../delivery/agent-client.ts'
import { CALLS, failsSaying, messageOf, never, REQUEST, taskOf, updateOf } from './agent-calls.case.ts'
import { createAgentClient } from './agent-client.ts'
import { createGuard } from './guard.ts'
import {
  ADA,
  answerEvents,
  answerJson,
  collect,
  type Exchange,
  NOW,
  openClient,
  openLoopbackServer,
  rpcResult,
  targetOf,
} from './loopback-server.case.ts'
import { DEFAULT_UPSTREAM_LIMITS } from './upstream-limits.ts'

/** Writes until the reader is gone, at the pace at which the connection takes it. Resolves with the bytes written. */
async function writeForever({ response, closed }: Exchange, piece: string): Promise<number> {
  let bytes = 0
  let gone = false
  void closed.then(() => {
    gone = true
  })
  while (!gone) {
    bytes += Buffer.byteLength(piece)
    if (!response.write(piece)) await Promise.race([once(response, 'drain'), closed])
  }
  return bytes
}

describe('the size limits', () => {
  const limits = { maxEventBytes: 10_000, maxTaskBytes: 100_000 }

  test('let a task be longer than an event', async () => {
    await using server = await openLoopbackServer((exchange) =>
      answerJson(
        exchange,
        rpcResult(/"(Send|Sub)/.test(exchange.body) ? `{"task":${taskOf(50_000)}}` : taskOf(50_000)),
      ),
    )
    await using client = openClient(limits)
    for (const [, call] of CALLS) await call(client, targetOf(server.url), { signal: never, onBehalfOf: ADA })
  })

  test('let the snapshot of a subscription be longer than its other events', async () => {
    const events = [`{"task":${taskOf(50_000)}}`, updateOf(10), updateOf(20_000)].map((event) =>
      rpcResult(event),
    )
    await using server = await openLoopbackServer((exchange) => answerEvents(exchange, ...events))
    await using client = openClient(limits)
    const subscription = client
      .subscribe(targetOf(server.url), 't', { signal: never, onBehalfOf: ADA })
      [Symbol.asyncIterator]()
    await subscription.next()
    await subscription.next()
    await assert.rejects(subscription.next(), failsSaying('invalid', /10000 bytes/))
  })

  test('refuse a message as long as a task', async () => {
    await using server = await openLoopbackServer((exchange) =>
      answerJson(exchange, rpcResult(messageOf(50_000))),
    )
    await using client = openClient(limits)
    for (const streaming of [true, false]) {
      const events = client.send({ ...targetOf(server.url), streaming }, REQUEST, {
        signal: never,
        onBehalfOf: ADA,
      })
      await assert.rejects(collect(events), failsSaying('invalid', /10000 bytes/))
    }
  })

  for (const [name, call] of CALLS) {
    test(`end ${name} whose answer never ends`, async () => {
      const written = Promise.withResolvers<number>()
      await using server = await openLoopbackServer((exchange) => {
        exchange.response.writeHead(200, { 'content-type': 'application/json' })
        void writeForever(exchange, ' '.repeat(10_000)).then(written.resolve)
      })
      await using client = openClient(limits)
      await assert.rejects(
        call(client, targetOf(server.url), { signal: never, onBehalfOf: ADA }),
        failsSaying('invalid', /100000 bytes/),
      )
      await written.promise
    })
  }

  test('end a stream whose event never ends', async () => {
    const written = Promise.withResolvers<number>()
    await using server = await openLoopbackServer((exchange) => {
      exchange.response.writeHead(200, { 'content-type': 'text/event-stream' })
      exchange.response.write('data: ')
      void writeForever(exchange, 'x'.repeat(10_000)).then(written.resolve)
    })
    await using client = openClient(limits)
    const events = client.send(targetOf(server.url), REQUEST, { signal: never, onBehalfOf: ADA })
    await assert.rejects(collect(events), failsSaying('invalid', /10000 bytes/))
    await written.promise
  })
})

describe('the time limits', () => {
  for (const [name, call] of CALLS) {
    test(`end ${name} that gets no answer`, async () => {
      await using server = await openLoopbackServer(() => {})
      await using client = openClient({ firstByteTimeoutMs: 50, silentTimeoutMs: 50 })
      await assert.rejects(
        call(client, targetOf(server.url), { signal: never, onBehalfOf: ADA }),
        failsSaying('unknown', /0\.05 seconds/),
      )
      await server.exchanges[0]?.closed
    })

    test(`end ${name} whose answer stops`, async () => {
      await using server = await openLoopbackServer(({ response }) => {
        response.writeHead(200, { 'content-type': 'application/json' })
        response.write('{')
      })
      await using client = openClient({ silentTimeoutMs: 50 })
      await assert.rejects(
        call(client, targetOf(server.url), { signal: never, onBehalfOf: ADA }),
        failsSaying('unknown', /0\.05 seconds/),
      )
      await server.exchanges[0]?.closed
    })
  }

  test('give a blocking send longer for its first byte', async () => {
    const elapsed = Promise.withResolvers<void>()
    await using server = await openLoopbackServer(async (exchange) => {
      if (exchange.body.includes('GetTask')) return
      await elapsed.promise
      answerJson(exchange, rpcResult(messageOf(1)))
    })
    await using client = openClient({ firstByteTimeoutMs: 20 })
    const events = collect(
      client.send({ ...targetOf(server.url), streaming: false }, REQUEST, { signal: never, onBehalfOf: ADA }),
    )
    await assert.rejects(
      client.getTask(targetOf(server.url), 't', { signal: never, onBehalfOf: ADA }),
      failsSaying('unknown', /0\.02/),
    )
    elapsed.resolve()
    assert.equal((await events).length, 1)
  })

  test('take comments for a sign of life', async () => {
    let comments = 0
    await using server = await openLoopbackServer(({ response }) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      const beat = setInterval(() => {
        response.write(': ka\n\n')
        if (++comments < 8) return
        clearInterval(beat)
        response.end(`data: ${rpcResult(updateOf(1))}\n\n`)
      }, 100)
    })
    await using client = openClient({ silentTimeoutMs: 600 })
    const events = await collect(
      client.send(targetOf(server.url), REQUEST, { signal: never, onBehalfOf: ADA }),
    )
    assert.equal(events.length, 1)
  })

  test('do not count while the consumer is busy', async () => {
    const events = [updateOf(1), updateOf(2)].map((event) => rpcResult(event))
    await using server = await openLoopbackServer((exchange) => answerEvents(exchange, ...events))
    await using slow = await openLoopbackServer(() => {})
    await using client = openClient({ silentTimeoutMs: 50, firstByteTimeoutMs: 200 })
    let read = 0
    for await (const _ of client.send(targetOf(server.url), REQUEST, { signal: never, onBehalfOf: ADA })) {
      read++
      await assert.rejects(
        client.getTask(targetOf(slow.url), 't', { signal: never, onBehalfOf: ADA }),
        AgentFailure,
      )
    }
    assert.equal(read, 2)
  })
})

describe('the signal', () => {
  for (const [name, call] of CALLS) {
    test(`ends ${name} that waits for an answer, and the agent sees it`, async () => {
      const stop = new AbortController()
      const reason = new Error('stopped')
      await using server = await openLoopbackServer(() => stop.abort(reason))
      await using client = openClient()
      await assert.rejects(
        call(client, targetOf(server.url), { signal: stop.signal, onBehalfOf: ADA }),
        reason,
      )
      await server.exchanges[0]?.closed
    })

    test(`ends ${name} inside its answer, and the agent sees it`, async () => {
      const stop = new AbortController()
      const reason = new Error('stopped')
      await using server = await openLoopbackServer(({ response }) => {
        response.writeHead(200, { 'content-type': 'application/json' })
        response.write('{', () => stop.abort(reason))
      })
      await using client = openClient()
      await assert.rejects(
        call(client, targetOf(server.url), { signal: stop.signal, onBehalfOf: ADA }),
        reason,
      )
      await server.exchanges[0]?.closed
    })

    test(`keeps ${name} from being sent when it is aborted before`, async () => {
      await using server = await openLoopbackServer(() => {})
      await using client = openClient()
      const signal = AbortSignal.abort(new Error('stopped'))
      await assert.rejects(call(client, targetOf(server.url), { signal, onBehalfOf: ADA }), signal.reason)
      assert.equal(server.exchanges.length, 0)
    })
  }

  test('ends a stream nobody is reading', async () => {
    const stop = new AbortController()
    await using server = await openLoopbackServer(({ response }) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(`data: ${rpcResult(updateOf(1))}\n\n`)
    })
    await using client = openClient()
    const events = client
      .send(targetOf(server.url), REQUEST, { signal: stop.signal, onBehalfOf: ADA })
      [Symbol.asyncIterator]()
    await events.next()
    stop.abort(new Error('stopped'))
    await server.exchanges[0]?.closed
    await assert.rejects(events.next(), stop.signal.reason)
  })
})

describe('a stream', () => {
  test('closes its connection when the consumer leaves', async () => {
    await using server = await openLoopbackServer(({ response }) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(`data: ${rpcResult(updateOf(1))}\n\n`)
    })
    await using client = openClient()
    for await (const _ of client.send(targetOf(server.url), REQUEST, { signal: never, onBehalfOf: ADA }))
      break
    await server.exchanges[0]?.closed
  })

  test('stops the agent while the consumer stalls', async () => {
    const stop = new AbortController()
    const written = Promise.withResolvers<number>()
    const stalled = Promise.withResolvers<void>()
    await using server = await openLoopbackServer((exchange) => {
      exchange.response.writeHead(200, { 'content-type': 'text/event-stream' })
      void writeForever(exchange, `data: ${rpcResult(updateOf(60_000))}\n\n`).then(written.resolve)
      // What the connection itself holds is full once a write has waited this long.
      let before = -1
      const watch = setInterval(() => {
        const now = exchange.request.socket.bytesWritten - exchange.request.socket.writableLength
        if (now === before) {
          clearInterval(watch)
          stalled.resolve()
        }
        before = now
      }, 100)
    })
    await using client = openClient()
    const before = process.memoryUsage()
    const events = client
      .send(targetOf(server.url), REQUEST, { signal: stop.signal, onBehalfOf: ADA })
      [Symbol.asyncIterator]()
    await events.next()
    await stalled.promise
    const after = process.memoryUsage()
    assert.ok(after.external + after.heapUsed - before.external - before.heapUsed < 16 * 1024 * 1024)
    stop.abort(new Error('stopped'))
    // The sockets of both ends buffer some megabytes; the rest was never written.
    assert.ok((await written.promise) < 32 * 1024 * 1024)
  })

  test('of many events arrives whole and in order', async () => {
    const count = 5_000
    await using server = await openLoopbackServer((exchange) =>
      answerEvents(exchange, ...Array.from({ length: count }, (_, at) => rpcResult(updateOf(at % 200)))),
    )
    await using client = openClient()
    const events = await collect(
      client.send(targetOf(server.url), REQUEST, { signal: never, onBehalfOf: ADA }),
    )
    assert.equal(events.length, count)
    assert.ok(events.every((event, at) => event.text === updateOf(at % 200)))
  })
})

describe('connecting', () => {
  const openClientWithoutDns = () =>
    createAgentClient({
      guard: createGuard({
        policies: { agents: { allow: [] }, cards: { allow: [] } },
        resolve: () => new Promise(() => {}),
      }),
      limits: { ...DEFAULT_UPSTREAM_LIMITS, connectTimeoutMs: 50 },
      now: () => NOW,
      newId: () => '1',
      userAgent: 'parley/0.0.0',
    })
  const target = targetOf('https://agent.example/')

  test('was not accepted when it takes too long', async () => {
    await using client = openClientWithoutDns()
    const attempts = CALLS.map(([, call]) =>
      assert.rejects(
        call(client, target, { signal: never, onBehalfOf: ADA }),
        failsSaying('not_accepted', /cannot be reached/),
      ),
    )
    await Promise.all(attempts)
  })

  test('stops with the signal', async () => {
    await using client = openClientWithoutDns()
    const stop = new AbortController()
    const answer = client.getTask(target, 't', { signal: stop.signal, onBehalfOf: ADA })
    stop.abort(new Error('stopped'))
    await assert.rejects(answer, stop.signal.reason)
  })
})

describe('disposing', () => {
  test('ends what is under way', async () => {
    const taken = Promise.withResolvers<void>()
    await using server = await openLoopbackServer(() => taken.resolve())
    const client = openClient()
    const answer = assert.rejects(
      client.getTask(targetOf(server.url), 't', { signal: never, onBehalfOf: ADA }),
      failsSaying('unknown', /./),
    )
    await taken.promise
    await client[Symbol.asyncDispose]()
    await answer
    await server.exchanges[0]?.closed
  })
})
