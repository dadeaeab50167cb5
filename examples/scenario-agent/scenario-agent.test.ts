import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { Message, SendMessageRequest, type StreamResponse, Task, TaskState } from '@a2a-js/sdk'
import { type Client, ClientFactory, ClientFactoryOptions } from '@a2a-js/sdk/client'
import { TaskNotCancelableError } from '@a2a-js/sdk/errors'
import { agentCardCheck } from '../../src/a2a/agent-card.ts'
import { type ScenarioAgent, startAgent } from './agent.ts'

type Sent = { readonly messageId?: string; readonly taskId?: string; readonly returnImmediately?: boolean }

const request = (text: string, { messageId = randomUUID(), taskId, returnImmediately }: Sent = {}) =>
  SendMessageRequest.fromJSON({
    message: { messageId, role: 'ROLE_USER', parts: [{ text }], ...(taskId === undefined ? {} : { taskId }) },
    configuration: { returnImmediately: returnImmediately ?? false },
  })

const connect = async (url: string, binding = 'JSONRPC'): Promise<Client> =>
  new ClientFactory(
    ClientFactoryOptions.createFrom(ClientFactoryOptions.default, { preferredTransports: [binding] }),
  ).createFromUrl(url)

async function sendForTask(client: Client, text: string, sent?: Sent): Promise<Task> {
  const result = await client.sendMessage(request(text, sent))
  assert.ok('artifacts' in result, 'the answer is a task')
  return result
}

async function collect(events: AsyncIterable<StreamResponse>): Promise<StreamResponse[]> {
  const all: StreamResponse[] = []
  for await (const event of events) all.push(event)
  return all
}

const stateOf = (task: Task) => task.status && TaskState[task.status.state]
const artifactText = (task: Task) =>
  task.artifacts[0]?.parts.map(({ content }) => (content?.$case === 'text' ? content.value : '')).join('')
const statusText = (task: Task) => {
  const content = task.status?.message?.parts[0]?.content
  return content?.$case === 'text' ? content.value : undefined
}
const taskIdOf = (events: readonly StreamResponse[]): string => {
  const payload = events[0]?.payload
  assert.equal(payload?.$case, 'task')
  return payload?.$case === 'task' ? payload.value.id : ''
}
const lastState = (events: readonly StreamResponse[]) => {
  const payload = events.at(-1)?.payload
  return payload?.$case === 'statusUpdate' && payload.value.status && TaskState[payload.value.status.state]
}

describe('the scenario agent', () => {
  let agent: ScenarioAgent
  let client: Client

  before(async () => {
    agent = await startAgent({ port: 0, streaming: true, crash: () => assert.fail('not in this test') })
    client = await connect(agent.url)
  })
  after(() => agent[Symbol.asyncDispose]())

  const post = (text: string, method = 'SendMessage') =>
    fetch(agent.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'a2a-version': '1.0' },
      body: JSON.stringify({
        jsonrpc: '2.0',
        id: 1,
        method,
        params: SendMessageRequest.toJSON(request(text)),
      }),
    })

  it('publishes a valid card that lists every skill', async () => {
    const card: unknown = await (await fetch(`${agent.url}/.well-known/agent-card.json`)).json()

    assert.deepEqual(card, agent.card)
    assert.deepEqual(agentCardCheck.violations(card), [])
    assert.deepEqual(
      agent.card.supportedInterfaces.map((it) => `${it.protocolVersion} ${it.protocolBinding}`),
      ['1.0 JSONRPC', '1.0 HTTP+JSON', '1.0 GRPC', '0.3 JSONRPC', '0.3 HTTP+JSON', '0.3 GRPC'],
    )
  })

  for (const binding of ['JSONRPC', 'HTTP+JSON']) {
    it(`echoes over ${binding}, also more than 100 kB`, async () => {
      const remote = await connect(agent.url, binding)

      const task = await sendForTask(remote, 'echo hello there')
      const large = await sendForTask(remote, `echo ${'x'.repeat(300_000)}`)

      assert.equal(remote.transport.protocolName, binding)
      assert.equal(stateOf(task), 'TASK_STATE_COMPLETED')
      assert.equal(artifactText(task), 'hello there')
      assert.equal(statusText(task), 'hello there')
      assert.equal(artifactText(large)?.length, 300_000)
    })

    it(`streams chunks of one artifact over ${binding}`, async () => {
      const remote = await connect(agent.url, binding)

      const events = await collect(remote.sendMessageStream(request('stream 3 1')))

      const chunks = events.flatMap(({ payload }) =>
        payload?.$case === 'artifactUpdate' ? [payload.value] : [],
      )
      assert.deepEqual(
        chunks.map(({ append, lastChunk }) => [append, lastChunk]),
        [
          [false, false],
          [true, false],
          [true, true],
        ],
      )
      assert.equal(lastState(events), 'TASK_STATE_COMPLETED')
      const stored = await remote.getTask({ tenant: '', id: taskIdOf(events) })
      assert.equal(artifactText(stored), 'chunk 1 chunk 2 chunk 3 ')
    })

    it(`cuts a stream over ${binding} and lets it be resumed`, async () => {
      const remote = await connect(agent.url, binding)
      const seen: StreamResponse[] = []

      await assert.rejects(async () => {
        for await (const event of remote.sendMessageStream(request('drop 2 1000'))) seen.push(event)
      })
      const resumed = await collect(remote.resubscribeTask({ tenant: '', id: taskIdOf(seen) }))

      assert.equal(seen.length, 2)
      assert.equal(resumed[0]?.payload?.$case, 'task')
      assert.equal(lastState(resumed), 'TASK_STATE_COMPLETED')
    })
  }

  it('takes any other text as an echo, and the skill from the metadata', async () => {
    const chat = await sendForTask(client, 'Good morning to you')
    const named = request('to you')
    if (named.message) named.message.metadata = { skill: 'reject' }

    assert.equal(artifactText(chat), 'Good morning to you')
    assert.equal(
      stateOf(Task.fromJSON(Task.toJSON(await taskOf(client.sendMessage(named))))),
      'TASK_STATE_REJECTED',
    )
  })

  it('cancels slow work but not stubborn work', async () => {
    const slow = await sendForTask(client, 'slow 60000', { returnImmediately: true })
    const stubborn: StreamResponse[] = []
    const canceled = await client.cancelTask({ tenant: '', id: slow.id, metadata: undefined })

    for await (const event of client.sendMessageStream(request('stubborn 100'))) {
      stubborn.push(event)
      if (stubborn.length > 1) continue
      const refused = client.cancelTask({ tenant: '', id: taskIdOf(stubborn), metadata: undefined })
      await assert.rejects(refused, TaskNotCancelableError)
    }

    assert.equal(stateOf(canceled), 'TASK_STATE_CANCELED')
    assert.equal(lastState(stubborn), 'TASK_STATE_COMPLETED')
  })

  it('asks for input and quotes the answer on the same task', async () => {
    const asked = await sendForTask(client, 'input')
    const answered = await sendForTask(client, 'blue', { taskId: asked.id })

    assert.equal(stateOf(asked), 'TASK_STATE_INPUT_REQUIRED')
    assert.equal(answered.id, asked.id)
    assert.equal(stateOf(answered), 'TASK_STATE_COMPLETED')
    assert.equal(statusText(answered), 'You said: blue')
    assert.equal(answered.history.length, 4)
  })

  it('cancels a task that waits for input', async () => {
    const asked = await sendForTask(client, 'input')

    const canceled = await client.cancelTask({ tenant: '', id: asked.id, metadata: undefined })

    assert.equal(stateOf(canceled), 'TASK_STATE_CANCELED')
  })

  it('goes on by itself after authorisation, or at once when spoken to', async () => {
    const patient = await collect(client.sendMessageStream(request('auth 20')))
    const hurried = await sendForTask(client, 'auth 60000')
    const answered = await sendForTask(client, 'go on', { taskId: hurried.id })

    assert.equal(lastState(patient.slice(0, 2)), 'TASK_STATE_AUTH_REQUIRED')
    assert.equal(lastState(patient), 'TASK_STATE_COMPLETED')
    assert.equal(stateOf(hurried), 'TASK_STATE_AUTH_REQUIRED')
    assert.equal(stateOf(answered), 'TASK_STATE_COMPLETED')
  })

  it('rejects, fails and answers with a message', async () => {
    const message = await client.sendMessage(request('message hi'))

    assert.equal(stateOf(await sendForTask(client, 'reject')), 'TASK_STATE_REJECTED')
    assert.equal(stateOf(await sendForTask(client, 'fail')), 'TASK_STATE_FAILED')
    assert.ok('messageId' in message)
    assert.deepEqual(Message.toJSON(message), {
      messageId: message.messageId,
      contextId: message.contextId,
      role: 'ROLE_AGENT',
      parts: [{ text: 'hi' }],
    })
  })

  it('sends files and data as wire parts', async () => {
    const parts = (sent: readonly object[]) => ({ result: { task: { artifacts: [{ parts: sent }] } } })

    assert.partialDeepStrictEqual(
      await (await post('file')).json(),
      parts([
        { raw: 'aGVsbG8K', filename: 'hello.txt', mediaType: 'text/plain' },
        { url: 'https://example.com/hello.txt', filename: 'hello.txt', mediaType: 'text/plain' },
      ]),
    )
    assert.partialDeepStrictEqual(
      await (await post('data')).json(),
      parts([
        { data: { colour: 'blue', sizes: [1, 2] } },
        { data: ['a', 1, false] },
        { data: null },
        { data: 42 },
      ]),
    )
  })

  it('sends artifacts of the sizes asked for', async () => {
    const bulk = await collect(client.sendMessageStream(request('bulk 64 65536')))
    const replaced = await collect(client.sendMessageStream(request('replace 5 1000')))
    const big = await sendForTask(client, 'big 2000000')

    const stored = await client.getTask({ tenant: '', id: taskIdOf(bulk) })
    assert.equal(artifactText(stored)?.length, 64 * 65_536)
    assert.equal(
      artifactText(await client.getTask({ tenant: '', id: taskIdOf(replaced) })),
      '5 '.padEnd(1000, '.'),
    )
    assert.equal(artifactText(big)?.length, 2_000_000)
  })

  it('reports progress, and works in silence', async () => {
    const progress = await collect(client.sendMessageStream(request('progress 3 1')))
    const quiet = await collect(client.sendMessageStream(request('quiet 20')))

    assert.deepEqual(
      progress.map(({ payload }) => payload?.$case),
      ['task', ...Array(4).fill('statusUpdate')],
    )
    assert.deepEqual(
      quiet.map(({ payload }) => payload?.$case),
      ['task', 'statusUpdate', 'statusUpdate'],
    )
  })

  it('cuts a unary call, and the task still ends', async () => {
    await assert.rejects(client.sendMessage(request('drop 1 1')))

    const { tasks } = await client.listTasks({
      tenant: '',
      contextId: '',
      status: TaskState.TASK_STATE_UNSPECIFIED,
      pageToken: '',
      statusTimestampAfter: undefined,
    })
    assert.ok(tasks.some((task) => task.history.some((message) => isOrder(message, 'drop 1 1'))))
  })

  it('cuts a droponce stream the first time only', async () => {
    const again = request('droponce 1 1')

    await assert.rejects(collect(client.sendMessageStream(again)))

    assert.equal(lastState(await collect(client.sendMessageStream(again))), 'TASK_STATE_COMPLETED')
  })

  it('never answers a message that says hang', async () => {
    const stop = new AbortController()
    const call = client.sendMessage(request('hang'), { signal: stop.signal })

    await sendForTask(client, 'echo the agent still serves others')
    stop.abort()

    await assert.rejects(call, { name: 'AbortError' })
  })

  it('answers with the HTTP status asked for', async () => {
    const limited = await post('status 429')
    const refused = await post('status 401')
    const away = await post('status 503', 'SendStreamingMessage')

    assert.deepEqual([limited.status, limited.headers.get('retry-after')], [429, '1'])
    assert.deepEqual([refused.status, refused.headers.get('www-authenticate')], [401, 'Bearer'])
    assert.equal(away.status, 503)
  })

  it('answers 200 with every kind of garbage', async () => {
    const html = await post('garbage html')
    const json = await post('garbage json')
    const state = await post('garbage state')
    const shape = await post('garbage shape', 'SendStreamingMessage')
    const huge = await post('garbage huge')

    assert.match(html.headers.get('content-type') ?? '', /^text\/html/)
    assert.deepEqual(await json.json(), { hello: 'world' })
    assert.match(await state.text(), /"state":"TASK_STATE_DREAMING"/)
    assert.match(await shape.text(), /^data: .*"status":"done"/)
    let bytes = 0
    for await (const chunk of huge.body ?? []) {
      bytes += chunk.length
      if (bytes > 4_000_000) break
    }
    assert.ok(bytes > 4_000_000)
  })

  it('answers the compatibility kit by messageId, also on an existing task', async () => {
    const kit = (name: string, taskId?: string) =>
      sendForTask(client, 'any text', { messageId: `${name}-${randomUUID()}`, ...(taskId ? { taskId } : {}) })

    const url = await kit('tck-artifact-file-url')
    const asked = await kit('tck-input-required')
    const askedAgain = await kit('tck-input-required', asked.id)
    const completed = await kit('tck-complete-task', asked.id)
    const chunked = await kit('tck-stream-artifact-chunked')

    assert.equal(url.artifacts[0]?.parts[0]?.content?.$case, 'url')
    assert.equal(stateOf(askedAgain), 'TASK_STATE_INPUT_REQUIRED')
    assert.equal(statusText(completed), 'Hello from TCK')
    assert.equal(artifactText(chunked), 'chunk-1 chunk-2')
    assert.equal(stateOf(await kit('tck-reject-task')), 'TASK_STATE_REJECTED')
  })

  it('refuses to stream when its card says so', async () => {
    await using mute = await startAgent({ port: 0, streaming: false, crash: () => undefined })
    const response = await fetch(`${mute.url}/rest/message:stream`, {
      method: 'POST',
      headers: { 'content-type': 'application/a2a+json', 'a2a-version': '1.0' },
      body: JSON.stringify(SendMessageRequest.toJSON(request('stream'))),
    })

    assert.equal(mute.card.capabilities.streaming, false)
    assert.match(await response.text(), /"reason":"UNSUPPORTED_OPERATION"/)
    assert.equal(stateOf(await sendForTask(await connect(mute.url), 'stream 2 1')), 'TASK_STATE_COMPLETED')
  })
})

const isOrder = (message: Message, text: string) =>
  message.parts.some(({ content }) => content?.$case === 'text' && content.value === text)

async function taskOf(result: Promise<Message | Task>): Promise<Task> {
  const task = await result
  assert.ok('artifacts' in task)
  return task
}
