import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { AgentCallOptions } from '../delivery/agent-client.ts'
import { type GrpcExchange, openGrpcAgent } from './grpc-agent.case.ts'
import { ADA, collect, openClient } from './loopback-server.case.ts'

const REQUEST =
  '{"tenant":"ours","message":{"messageId":"m","role":"ROLE_USER","parts":[{"data":{"b":1,"a":"x"}}]},"metadata":{"z":2}}'
const TASK = '{"id":"t/1","contextId":"c","status":{"state":"TASK_STATE_WORKING"}}'
const WORKING = `{"task":${TASK}}`
const COMPLETED =
  '{"statusUpdate":{"taskId":"t/1","contextId":"c","status":{"state":"TASK_STATE_COMPLETED"}}}'
const MESSAGE = '{"message":{"messageId":"a","contextId":"c","role":"ROLE_AGENT","parts":[{"text":"hi"}]}}'
const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

const never: AgentCallOptions = { signal: new AbortController().signal, onBehalfOf: ADA }
const texts = (events: readonly { readonly text: string }[]) => events.map(({ text }) => text)

/** Says each message and ends well. */
const says =
  (...messages: readonly string[]) =>
  async (exchange: GrpcExchange) => {
    for (const message of messages) await exchange.say(message)
    exchange.end()
  }

describe('calling an agent of 1.0 over gRPC', () => {
  test('streams events, and sends what the agent and its tenant need', async () => {
    await using agent = await openGrpcAgent(says(WORKING, COMPLETED))
    await using client = openClient()
    const options = { ...never, traceparent: TRACEPARENT, extensions: ['https://e.example/a', 'urn:b'] }
    const events = await collect(client.send(agent.target(), REQUEST, options))
    assert.deepEqual(texts(events), [WORKING, COMPLETED])
    const { operation, request, header } = agent.exchanges[0] ?? assert.fail()
    assert.equal(operation, 'SendStreamingMessage')
    assert.deepEqual(JSON.parse(request), { ...JSON.parse(REQUEST), tenant: 'acme' })
    assert.equal(header('a2a-version'), '1.0')
    assert.equal(header('a2a-extensions'), 'https://e.example/a, urn:b')
    assert.equal(header('x-a2a-extensions'), undefined)
    assert.equal(header('traceparent'), TRACEPARENT)
    assert.equal(header('user-agent'), 'parley/0.0.0')
    assert.equal(header('authorization'), undefined)
  })

  test('sends to an agent that does not stream and yields its one answer', async () => {
    await using agent = await openGrpcAgent(says(MESSAGE))
    await using client = openClient()
    const events = await collect(client.send(agent.target(false), REQUEST, never))
    assert.deepEqual(texts(events), [MESSAGE])
    assert.equal(agent.exchanges[0]?.operation, 'SendMessage')
  })

  test("gets, cancels and follows a task by the agent's id, and asks for the extended card", async () => {
    const card = '{"name":"Echo","supportedInterfaces":[]}'
    await using agent = await openGrpcAgent(async (exchange) => {
      if (exchange.operation === 'SubscribeToTask') await exchange.say(WORKING)
      else await exchange.say(exchange.operation === 'GetExtendedAgentCard' ? card : TASK)
      exchange.end()
    })
    await using client = openClient()
    const target = agent.target()
    assert.equal((await client.getTask(target, 't/1', never)).text, TASK)
    assert.equal((await client.cancelTask(target, 't/1', '{"why":1}', never)).text, TASK)
    assert.deepEqual(texts(await collect(client.subscribe(target, 't/1', never))), [WORKING])
    assert.equal(JSON.parse(await client.getExtendedCard(target, never)).name, 'Echo')
    assert.deepEqual(
      agent.exchanges.map(({ operation, request }) => [operation, JSON.parse(request)]),
      [
        ['GetTask', { tenant: 'acme', id: 't/1' }],
        ['CancelTask', { tenant: 'acme', id: 't/1', metadata: { why: 1 } }],
        ['SubscribeToTask', { tenant: 'acme', id: 't/1' }],
        ['GetExtendedAgentCard', { tenant: 'acme' }],
      ],
    )
  })

  test('sends without a stream when the agent refuses to stream', async () => {
    for (const code of [12, 9]) {
      await using agent = await openGrpcAgent((exchange) =>
        exchange.operation === 'SendMessage' ? says(MESSAGE)(exchange) : exchange.end({ code }),
      )
      await using client = openClient()
      assert.deepEqual(texts(await collect(client.send(agent.target(), REQUEST, never))), [MESSAGE])
      assert.equal(agent.exchanges.length, 2)
    }
  })

  test('does not send again when the stream is refused after an event', async () => {
    await using agent = await openGrpcAgent(async (exchange) => {
      await exchange.say(WORKING)
      exchange.end({ code: 12 })
    })
    await using client = openClient()
    await assert.rejects(collect(client.send(agent.target(), REQUEST, never)), { kind: 'refused' })
    assert.equal(agent.exchanges.length, 1)
  })

  test('makes all calls over one connection', async () => {
    const peers = new Set<string>()
    const all = Promise.withResolvers<void>()
    await using agent = await openGrpcAgent(async (exchange) => {
      peers.add(exchange.peer)
      if (agent.exchanges.length === 20) all.resolve()
      await all.promise
      await says(TASK)(exchange)
    })
    await using client = openClient()
    await Promise.all(Array.from({ length: 20 }, () => client.getTask(agent.target(), 't/1', never)))
    assert.equal(peers.size, 1)
  })
})

describe('calling an agent of 0.3 over gRPC', () => {
  test('uses its package, names and words', async () => {
    const task = '{"id":"t/1","contextId":"c","status":{"state":"TASK_STATE_CANCELLED"}}'
    await using agent = await openGrpcAgent(
      async (exchange) => {
        if (exchange.operation === 'SendStreamingMessage') {
          await exchange.say(
            '{"statusUpdate":{"taskId":"t/1","contextId":"c","status":{"state":"TASK_STATE_WORKING"}}}',
          )
          await exchange.say(`{"task":${task}}`)
        } else await exchange.say(task)
        exchange.end()
      },
      { version: '0.3' },
    )
    await using client = openClient()
    const target = agent.target()
    const options = { ...never, extensions: ['urn:b'] }
    const events = await collect(client.send(target, REQUEST, options))
    assert.deepEqual(
      events.map(({ value }) => value.statusUpdate?.status.state ?? value.task?.status.state),
      ['TASK_STATE_WORKING', 'TASK_STATE_CANCELED'],
    )
    await client.cancelTask(target, 't/1', undefined, never)
    const [send, cancel] = agent.exchanges
    const { message, configuration, tenant } = JSON.parse(send?.request ?? '{}')
    assert.deepEqual(message.content, [{ data: { data: { b: 1, a: 'x' } } }])
    assert.equal(configuration.blocking, true)
    assert.equal(tenant, undefined)
    assert.equal(send?.header('a2a-version'), '0.3')
    assert.equal(send?.header('x-a2a-extensions'), 'urn:b')
    assert.equal(send?.header('a2a-extensions'), undefined)
    assert.equal(cancel?.request, '{"name":"tasks/t/1"}')
  })

  test('ends a stream with the event that says it is the last', async () => {
    const asked = '{"taskId":"t","contextId":"c","status":{"state":"TASK_STATE_INPUT_REQUIRED"},"final":true}'
    await using agent = await openGrpcAgent((exchange) => exchange.say(`{"statusUpdate":${asked}}`), {
      version: '0.3',
    })
    await using client = openClient()
    const events = await collect(client.send(agent.target(), REQUEST, never))
    assert.equal(events.length, 1)
    await agent.exchanges[0]?.cancelled
  })

  test('asks for the task before it follows it, and once more when it has settled', async () => {
    const artifact = (text: string) => `{"artifactId":"a","parts":[{"text":"${text}"}]}`
    const answers = [
      '{"id":"t","contextId":"c","status":{"state":"TASK_STATE_WORKING"}}',
      `{"id":"t","contextId":"c","status":{"state":"TASK_STATE_COMPLETED"},"artifacts":[${artifact('whole')}]}`,
    ]
    await using agent = await openGrpcAgent(
      async (exchange) => {
        if (exchange.operation === 'GetTask') await exchange.say(answers.shift() ?? assert.fail())
        else {
          await exchange.say(
            `{"artifactUpdate":{"taskId":"t","contextId":"c","artifact":${artifact('half')}}}`,
          )
          await exchange.say(
            '{"statusUpdate":{"taskId":"t","contextId":"c","status":{"state":"TASK_STATE_COMPLETED"},"final":true}}',
          )
        }
        exchange.end()
      },
      { version: '0.3' },
    )
    await using client = openClient()
    const events = await collect(client.subscribe(agent.target(), 't', never))
    assert.deepEqual(
      events.map(({ value }) => Object.keys(value)[0]),
      ['task', 'artifactUpdate', 'task'],
    )
    assert.equal(events.at(-1)?.value.task?.artifacts?.[0]?.parts[0]?.text, 'whole')
  })
})

describe('extensions over gRPC', () => {
  const asked = { ...never, extensions: ['urn:a', 'urn:b'] }

  test('are told from the metadata before the first event', async () => {
    await using agent = await openGrpcAgent(async (exchange) => {
      exchange.open({ 'a2a-extensions': 'urn:b, urn:c' })
      await says(WORKING, COMPLETED)(exchange)
    })
    await using client = openClient()
    const seen: unknown[] = []
    const options = { ...asked, onActivated: (extensions: readonly string[]) => seen.push(extensions) }
    for await (const { value } of client.send(agent.target(), REQUEST, options))
      seen.push(Object.keys(value)[0])
    assert.deepEqual(seen, [['urn:b'], 'task', 'statusUpdate'])
  })

  test('are told from what follows a single answer, where some agents name them', async () => {
    await using agent = await openGrpcAgent(async (exchange) => {
      await exchange.say(MESSAGE)
      exchange.end(undefined, { 'x-a2a-extensions': 'urn:a' })
    })
    await using client = openClient()
    const seen: unknown[] = []
    const options = { ...asked, onActivated: (extensions: readonly string[]) => seen.push(extensions) }
    for await (const { value } of client.send(agent.target(false), REQUEST, options))
      seen.push(Object.keys(value)[0])
    assert.deepEqual(seen, [['urn:a'], 'message'])
  })
})
