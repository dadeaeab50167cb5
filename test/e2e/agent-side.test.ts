import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { eventually } from './eventually.ts'
import { at, listAt, textAt } from './json-path.ts'
import { type ParleyProcess, startParley } from './parley-process.ts'
import { type AgentAnswer, type AgentCall, type RawAgent, startRawAgent } from './raw-agent.ts'
import { artifactText, type Endpoint, getTask, native, resultOf, rpc, send, userMessage } from './rpc.ts'
import { payload, readStream } from './sse.ts'
import { newClient, register } from './world.ts'

/** Values that change as soon as somebody parses and prints them. */
const DELICATE =
  '{"z":1.0,"big":12345678901234567890,"e":1E5,"2":"two","1":"one","__proto__":{"x":1},"null":null,"snake_case":{"camelCase":-0.0}}'

const STREAMING = { capabilities: { streaming: true } }

describe('between client and agent', { timeout: 180_000 }, () => {
  let parley: ParleyProcess
  const opened = new AsyncDisposableStack()
  let agents = 0

  before(async () => {
    parley = opened.use(await startParley())
  })
  after(() => opened.disposeAsync())

  /** An agent with exact answers, registered, and a client of it. */
  async function meet(
    answer: (call: AgentCall) => AgentAnswer,
    card: Readonly<Record<string, unknown>> = {},
  ): Promise<{ agent: RawAgent; client: Required<Endpoint> }> {
    const agent = opened.use(await startRawAgent(answer, card))
    const slug = `raw-${++agents}`
    await register(parley, agent.card, { slug })
    return { agent, client: await newClient(parley, slug, slug) }
  }

  const contextOf = (call: AgentCall) =>
    JSON.stringify(at(call.params, 'message', 'contextId') ?? 'their-context')

  const taskText = (call: AgentCall, state: string, more = '') =>
    `{"id":"their-task","contextId":${contextOf(call)},"status":{"state":"${state}"}${more}}`

  const update = (call: AgentCall, state: string) =>
    `{"statusUpdate":{"taskId":"their-task","contextId":${contextOf(call)},"status":{"state":"${state}"}}}`

  const artifact = (call: AgentCall, inner: string, flags = '') =>
    `{"artifactUpdate":{"taskId":"their-task","contextId":${contextOf(call)},"artifact":${inner}${flags}}}`

  test('metadata, data and unknown fields pass unchanged to the agent', async () => {
    const { agent, client } = await meet((call) => ({
      result: `{"task":${taskText(call, 'TASK_STATE_COMPLETED')}}`,
    }))
    const message =
      `{"messageId":"exact-1","role":"ROLE_USER","parts":[{"data":${DELICATE},"metadata":{"p":1.0}},{"data":null}],` +
      `"metadata":${DELICATE},"xFuture":{"k":[1.0,2]}}`
    const params = `{"message":${message},"metadata":{"r":2.0}}`
    const sent = await rpc(client, 'SendMessage', params)
    const id = textAt(resultOf(sent), 'task', 'id')
    const got = agent.calls[0]?.text ?? ''
    assert.ok(got.includes(`"data":${DELICATE}`), got)
    assert.ok(got.includes(`"metadata":${DELICATE}`), got)
    assert.ok(got.includes('{"p":1.0}'), got)
    assert.ok(got.includes('{"r":2.0}'), got)
    assert.ok(got.includes('"data":null'), got)
    assert.ok(got.includes('"xFuture":{"k":[1.0,2]}'), got)
    assert.ok(got.includes('"messageId":"exact-1"'), got)
    const kept = await rpc(client, 'GetTask', { id })
    assert.ok(kept.text.includes(`"data":${DELICATE}`), kept.text)
    assert.ok(kept.text.includes(`"metadata":${DELICATE}`), kept.text)
    assert.ok(kept.text.includes('"xFuture":{"k":[1.0,2]}'), kept.text)
  })

  test('what the agent says passes unchanged to the client, in one answer', async () => {
    const inner = `,"artifacts":[{"artifactId":"a","parts":[{"data":${DELICATE}}],"xNew":1.0}],"metadata":{"m":${DELICATE}}`
    const { client } = await meet((call) => ({
      result: `{"task":${taskText(call, 'TASK_STATE_COMPLETED', inner)}}`,
    }))
    const sent = await rpc(client, 'SendMessage', { message: userMessage('x') })
    const id = textAt(resultOf(sent), 'task', 'id')
    for (const reply of [sent, await rpc(client, 'GetTask', { id })]) {
      assert.ok(reply.text.includes(`"data":${DELICATE}`), reply.text)
      assert.ok(reply.text.includes(`"m":${DELICATE}`), reply.text)
      assert.ok(reply.text.includes('"xNew":1.0'), reply.text)
    }
  })

  test('what the agent says passes unchanged to the client, in a Message', async () => {
    const { client } = await meet((call) => ({
      result: `{"message":{"messageId":"m","role":"ROLE_AGENT","contextId":${contextOf(call)},"parts":[{"data":${DELICATE}}],"xNew":1.0}}`,
    }))
    const sent = await rpc(client, 'SendMessage', { message: userMessage('x') })
    assert.ok(sent.text.includes(`"data":${DELICATE}`), sent.text)
    assert.ok(sent.text.includes('"xNew":1.0'), sent.text)
    assert.equal(at(resultOf(sent), 'message', 'taskId'), undefined)
    textAt(resultOf(sent), 'message', 'contextId')
  })

  test('a stream passes in its order and its artifacts are put together', async () => {
    const { client } = await meet(
      (call) => ({
        stream: [
          `{"task":${taskText(call, 'TASK_STATE_WORKING')}}`,
          artifact(call, `{"artifactId":"a","name":"log","parts":[{"text":"one"}],"metadata":{"x":1.0}}`),
          artifact(call, `{"artifactId":"a","parts":[{"data":${DELICATE}}]}`, ',"append":true'),
          artifact(call, `{"artifactId":"b","parts":[{"text":"old"}]}`),
          artifact(call, `{"artifactId":"b","parts":[{"text":"new"}]}`, ',"append":false'),
          artifact(call, `{"artifactId":"c","parts":[{"text":"made by append"}]}`, ',"append":true'),
          artifact(
            call,
            `{"artifactId":"a","parts":[{"text":"three"}],"metadata":{"y":2}}`,
            ',"append":true,"lastChunk":true',
          ),
          update(call, 'TASK_STATE_COMPLETED'),
          artifact(call, `{"artifactId":"late","parts":[{"text":"after the end"}]}`),
          update(call, 'TASK_STATE_WORKING'),
        ],
      }),
      STREAMING,
    )
    const events = await readStream(client, 'SendStreamingMessage', { message: userMessage('x') })
    const id = textAt(payload(events[0]), 'result', 'task', 'id')
    const names = events.flatMap(
      (event) => at(payload(event), 'result', 'artifactUpdate', 'artifact', 'artifactId') ?? [],
    )
    assert.deepEqual(names, ['a', 'a', 'b', 'b', 'c', 'a'])
    assert.ok(events.some((event) => event.data.includes(`"data":${DELICATE}`)))
    assert.ok(events.every((event) => !event.data.includes('their-task')))
    const task = await getTask(client, id)
    assert.equal(at(task, 'status', 'state'), 'TASK_STATE_COMPLETED')
    const artifacts = listAt(task, 'artifacts')
    assert.deepEqual(
      artifacts.map((each) => [at(each, 'artifactId'), listAt(each, 'parts').length]),
      [
        ['a', 3],
        ['b', 1],
        ['c', 1],
      ],
    )
    assert.deepEqual(at(artifacts[0], 'metadata'), { x: 1, y: 2 })
    assert.equal(at(artifacts[0], 'name'), 'log')
    assert.equal(at(artifacts[1], 'parts', 0, 'text'), 'new')
    const raw = await rpc(client, 'GetTask', { id })
    assert.ok(raw.text.includes(`"data":${DELICATE}`), raw.text)
  })

  test('the agent’s ids stay with the agent, and ours with us', async () => {
    const { agent, client } = await meet((call) => ({
      result: `{"task":${taskText(
        call,
        'TASK_STATE_INPUT_REQUIRED',
        `,"history":[{"messageId":"h","role":"ROLE_AGENT","taskId":"their-task","parts":[{"text":"?"}]}]`,
      )}}`,
    }))
    const sent = await rpc(client, 'SendMessage', { message: userMessage('x') })
    const id = textAt(resultOf(sent), 'task', 'id')
    assert.notEqual(id, 'their-task')
    const again = await rpc(client, 'SendMessage', {
      message: userMessage('y', { taskId: id, referenceTaskIds: [id] }),
    })
    const whole = await rpc(client, 'GetTask', { id })
    for (const reply of [sent, again, whole]) assert.ok(!reply.text.includes('their-task'), reply.text)
    assert.equal(at(agent.calls[0]?.params, 'message', 'taskId') ?? '', '')
    assert.equal(at(agent.calls[1]?.params, 'message', 'taskId'), 'their-task')
    assert.deepEqual(at(agent.calls[1]?.params, 'message', 'referenceTaskIds'), ['their-task'])
    for (const call of agent.calls) assert.ok(!call.text.includes(id), call.text)
  })

  test('no credential of the client reaches the agent, but its trace does', async () => {
    const { agent, client } = await meet((call) => ({
      result: `{"task":${taskText(call, 'TASK_STATE_COMPLETED')}}`,
    }))
    const trace = '4bf92f3577b34da6a3ce929d0e0e4736'
    const headers = {
      cookie: 'session=client-secret',
      'x-api-key': client.key,
      traceparent: `00-${trace}-00f067aa0ba902b7-01`,
      'x-forwarded-user': 'somebody',
      'idempotency-key': 'client-key',
    }
    resultOf(await rpc(client, 'SendMessage', { message: userMessage('x') }, { headers }))
    const got = agent.calls[0]?.headers ?? {}
    const all = JSON.stringify(got)
    assert.ok(
      !all.includes(client.key) && !all.includes('client-secret') && !all.includes(parley.adminKey),
      all,
    )
    assert.equal(got.cookie, undefined)
    assert.equal(got['x-forwarded-user'], undefined)
    assert.equal(got['a2a-version'], '1.0')
    assert.ok(textAt(got, 'traceparent').includes(trace))
    const printed = parley.child().lines.join('\n')
    assert.ok(!printed.includes(client.key) && !printed.includes(parley.adminKey), 'a key was logged')
  })

  test('a Message after a task was made fails the task', async () => {
    const { client } = await meet(
      (call) => ({
        stream: [
          `{"task":${taskText(call, 'TASK_STATE_WORKING')}}`,
          `{"message":{"messageId":"m","role":"ROLE_AGENT","parts":[{"text":"too late"}]}}`,
        ],
      }),
      STREAMING,
    )
    const task = at(await send(client, 'x'), 'task')
    assert.equal(at(task, 'status', 'state'), 'TASK_STATE_FAILED')
  })

  for (const [what, result] of [
    ['an empty object', '{}'],
    ['a list', '[]'],
    ['null', 'null'],
    ['a task without a status', '{"task":{"id":"their-task","contextId":"c"}}'],
    ['a task in no known state', '{"task":{"id":"their-task","contextId":"c","status":{"state":"BUSY"}}}'],
    ['a message without parts', '{"message":{"messageId":"m","role":"ROLE_AGENT","parts":[]}}'],
    ['both a task and a message', '{"task":{},"message":{}}'],
  ] as const) {
    test(`${what} as an answer fails the task and is not shown`, async () => {
      const { client } = await meet(() => ({ result }))
      const reply = await rpc(client, 'SendMessage', { message: userMessage('x') })
      assert.equal(at(resultOf(reply), 'task', 'status', 'state'), 'TASK_STATE_FAILED', reply.text)
      assert.ok(listAt(resultOf(reply), 'task', 'status', 'message', 'parts').length > 0)
    })
  }

  test('an agent that cannot stream is streamed all the same', async () => {
    const { client } = await meet((call) => ({
      result: `{"task":${taskText(
        call,
        'TASK_STATE_COMPLETED',
        ',"artifacts":[{"artifactId":"a","parts":[{"text":"whole"}]}]',
      )}}`,
    }))
    const events = await readStream(client, 'SendStreamingMessage', { message: userMessage('x') })
    const last = payload(events.at(-1))
    const state =
      at(last, 'result', 'statusUpdate', 'status', 'state') ?? at(last, 'result', 'task', 'status', 'state')
    assert.equal(state, 'TASK_STATE_COMPLETED')
    const id = textAt(payload(events[0]), 'result', 'task', 'id')
    assert.equal(artifactText(await getTask(client, id)), 'whole')
  })

  test('an agent that answers with an unfinished task is asked until it ends', async () => {
    let asked = 0
    const { client } = await meet((call) => {
      if (call.method !== 'GetTask') return { result: `{"task":${taskText(call, 'TASK_STATE_WORKING')}}` }
      asked += 1
      const state = asked < 3 ? 'TASK_STATE_WORKING' : 'TASK_STATE_COMPLETED'
      return { result: taskText(call, state) }
    })
    const task = at(await send(client, 'x'), 'task')
    assert.equal(at(task, 'status', 'state'), 'TASK_STATE_COMPLETED')
  })

  test('an agent that takes its time is asked again and again', async () => {
    let asked = 0
    const { client } = await meet((call) => {
      if (call.method !== 'GetTask') return { result: `{"task":${taskText(call, 'TASK_STATE_WORKING')}}` }
      asked += 1
      return { result: taskText(call, asked < 8 ? 'TASK_STATE_WORKING' : 'TASK_STATE_COMPLETED') }
    })
    const task = at(await send(client, 'x'), 'task')
    assert.equal(at(task, 'status', 'state'), 'TASK_STATE_COMPLETED')
  })

  test('an agent that is not there fails the task without naming internals', async () => {
    const { agent, client } = await meet(() => ({ result: '{}' }))
    await agent[Symbol.asyncDispose]()
    const reply = await rpc(client, 'SendMessage', {
      message: userMessage('x'),
      configuration: { returnImmediately: true },
    })
    const id = textAt(resultOf(reply), 'task', 'id')
    await eventually('the task fails', async () =>
      at(await getTask(client, id), 'status', 'state') === 'TASK_STATE_FAILED' ? true : undefined,
    )
    const events = await native(client.key, 'GET', `${parley.url}/tasks/${id}/events`)
    assert.doesNotMatch(events.text, /node_modules|\.ts:\d+| {4}at /)
  })
})
