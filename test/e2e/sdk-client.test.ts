import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Message, SendMessageRequest, type Task, TaskState } from '@a2a-js/sdk'
import {
  type Client,
  ClientFactory,
  DefaultAgentCardResolver,
  JsonRpcTransportFactory,
} from '@a2a-js/sdk/client'
import { TaskNotCancelableError, TaskNotFoundError, UnsupportedOperationError } from '@a2a-js/sdk/errors'
import { eventually } from './eventually.ts'
import { userMessage } from './rpc.ts'
import { startWorld, type World } from './world.ts'

const TERMINAL = [
  TaskState.TASK_STATE_COMPLETED,
  TaskState.TASK_STATE_FAILED,
  TaskState.TASK_STATE_CANCELED,
  TaskState.TASK_STATE_REJECTED,
]

/** A request in the SDK's own form. */
function request(
  text: string,
  message: Readonly<Record<string, unknown>> = {},
  configuration: Readonly<Record<string, unknown>> = {},
): SendMessageRequest {
  return SendMessageRequest.fromJSON({ message: userMessage(text, message), configuration })
}

function asTask(result: Task | Message): Task {
  if (!('status' in result)) throw new assert.AssertionError({ message: `a task is expected: ${result}` })
  return result
}

const isMessage = (result: Task | Message): result is Message => 'role' in result

const textOf = (task: Task): string =>
  task.artifacts
    .flatMap((artifact) => artifact.parts)
    .map((part) => (part.content?.$case === 'text' ? part.content.value : ''))
    .join('')

describe('the official client', { timeout: 180_000 }, () => {
  let world: World
  const opened = new AsyncDisposableStack()

  before(async () => {
    world = opened.use(await startWorld())
  })
  after(() => opened.disposeAsync())

  /** The SDK's client, made from the card that Parley publishes. */
  async function client(subject: string): Promise<Client> {
    const { url, key } = await world.client(subject)
    const authorized: typeof fetch = (input, init) => {
      const headers = new Headers(init?.headers)
      headers.set('authorization', `Bearer ${key}`)
      return fetch(input, { ...init, headers })
    }
    const factory = new ClientFactory({
      cardResolver: new DefaultAgentCardResolver({ fetchImpl: authorized }),
      transports: [new JsonRpcTransportFactory({ fetchImpl: authorized })],
    })
    return factory.createFromUrl(`${url}/`)
  }

  const get = (sdk: Client, id: string) => sdk.getTask({ tenant: '', id, historyLength: undefined })

  const settled = (sdk: Client, id: string) =>
    eventually(`task ${id} settles`, async () => {
      const task = await get(sdk, id)
      return task.status !== undefined && TERMINAL.includes(task.status.state) ? task : undefined
    })

  test('gets the finished task from a blocking send', async () => {
    const sdk = await client('sdk-blocking')
    const task = asTask(await sdk.sendMessage(request('echo hello there')))
    assert.equal(task.status?.state, TaskState.TASK_STATE_COMPLETED)
    assert.match(textOf(task), /hello there/)
    assert.notEqual(task.contextId, '')
  })

  test('gets the task at once with returnImmediately and its end by polling', async () => {
    const sdk = await client('sdk-polling')
    const task = asTask(await sdk.sendMessage(request('slow 300', {}, { returnImmediately: true })))
    assert.ok(!TERMINAL.includes(task.status?.state ?? TaskState.UNRECOGNIZED))
    const done = await settled(sdk, task.id)
    assert.equal(done.status?.state, TaskState.TASK_STATE_COMPLETED)
    assert.equal(done.contextId, task.contextId)
  })

  test('streams the task first, then its events, then the end', async () => {
    const sdk = await client('sdk-stream')
    const kinds: string[] = []
    let id = ''
    let last: TaskState | undefined
    for await (const event of sdk.sendMessageStream(request('stream 5 10'))) {
      kinds.push(event.payload?.$case ?? 'none')
      if (event.payload?.$case === 'task') id = event.payload.value.id
      if (event.payload?.$case === 'statusUpdate') last = event.payload.value.status?.state
    }
    assert.equal(kinds[0], 'task')
    assert.equal(kinds.filter((kind) => kind === 'task').length, 1)
    assert.ok(kinds.filter((kind) => kind === 'artifactUpdate').length >= 5, kinds.join())
    assert.equal(last, TaskState.TASK_STATE_COMPLETED)
    assert.equal((await get(sdk, id)).status?.state, TaskState.TASK_STATE_COMPLETED)
  })

  test('follows a task again after its stream was aborted', async () => {
    const sdk = await client('sdk-resubscribe')
    const connection = new AbortController()
    let id = ''
    await assert.rejects(async () => {
      const stream = sdk.sendMessageStream(request('stream 40 50'), { signal: connection.signal })
      for await (const event of stream) {
        if (event.payload?.$case === 'task') id = event.payload.value.id
        if (event.payload?.$case === 'artifactUpdate') connection.abort()
      }
    })
    const kinds: string[] = []
    let state: TaskState | undefined
    for await (const event of sdk.resubscribeTask({ tenant: '', id })) {
      kinds.push(event.payload?.$case ?? 'none')
      if (event.payload?.$case === 'statusUpdate') state = event.payload.value.status?.state
    }
    assert.equal(kinds[0], 'task')
    assert.equal(state, TaskState.TASK_STATE_COMPLETED)
    const uninterrupted = asTask(await sdk.sendMessage(request('stream 40 0')))
    assert.equal(textOf(await get(sdk, id)).length, textOf(uninterrupted).length)
  })

  test('cancels a running task, and a second cancel has the same effect', async () => {
    const sdk = await client('sdk-cancel')
    const task = asTask(await sdk.sendMessage(request('slow 30000', {}, { returnImmediately: true })))
    const cancel = () => sdk.cancelTask({ tenant: '', id: task.id, metadata: undefined })
    await cancel()
    assert.equal((await settled(sdk, task.id)).status?.state, TaskState.TASK_STATE_CANCELED)
    assert.equal((await cancel()).status?.state, TaskState.TASK_STATE_CANCELED)
  })

  test('is told that a finished task cannot be canceled, resumed or continued', async () => {
    const sdk = await client('sdk-terminal')
    const { id } = asTask(await sdk.sendMessage(request('echo done')))
    await assert.rejects(
      sdk.cancelTask({ tenant: '', id, metadata: undefined }),
      (reason) => reason instanceof TaskNotCancelableError,
    )
    await assert.rejects(
      sdk.resubscribeTask({ tenant: '', id }).next(),
      (reason) => reason instanceof UnsupportedOperationError,
    )
    await assert.rejects(
      sdk.sendMessage(request('echo more', { taskId: id })),
      (reason) => reason instanceof UnsupportedOperationError,
    )
    await assert.rejects(
      get(sdk, '0190a0a0-0000-7000-8000-000000000000'),
      (reason) => reason instanceof TaskNotFoundError,
    )
  })

  test('pages through its tasks, newest first, each once', async () => {
    const sdk = await client('sdk-list')
    const sent: string[] = []
    for (const n of [1, 2, 3, 4, 5]) sent.push(asTask(await sdk.sendMessage(request(`echo ${n}`))).id)
    const pages: string[][] = []
    let pageToken = ''
    do {
      const page = await sdk.listTasks({
        tenant: '',
        contextId: '',
        status: TaskState.TASK_STATE_UNSPECIFIED,
        pageSize: 2,
        pageToken,
        statusTimestampAfter: undefined,
      })
      assert.equal(page.totalSize, 5)
      pages.push(page.tasks.map((task) => task.id))
      pageToken = page.nextPageToken
    } while (pageToken !== '')
    assert.deepEqual(
      pages.map((page) => page.length),
      [2, 2, 1],
    )
    assert.deepEqual(pages.flat(), sent.toReversed())
  })

  test('answers what an agent asks for on the same task', async () => {
    const sdk = await client('sdk-input')
    const asked = asTask(await sdk.sendMessage(request('input')))
    assert.equal(asked.status?.state, TaskState.TASK_STATE_INPUT_REQUIRED)
    const followUp = { taskId: asked.id, contextId: asked.contextId }
    const done = asTask(await sdk.sendMessage(request('blue', followUp)))
    assert.equal(done.id, asked.id)
    assert.equal(done.contextId, asked.contextId)
    assert.equal(done.status?.state, TaskState.TASK_STATE_COMPLETED)
  })

  test('sees a task that needs credentials go on by itself', async () => {
    const sdk = await client('sdk-auth')
    const asked = asTask(await sdk.sendMessage(request('auth 300')))
    assert.equal(asked.status?.state, TaskState.TASK_STATE_AUTH_REQUIRED)
    assert.notEqual(asked.status?.message, undefined)
    assert.equal((await settled(sdk, asked.id)).status?.state, TaskState.TASK_STATE_COMPLETED)
  })

  test('may answer on a task that needs credentials', async () => {
    const sdk = await client('sdk-auth-answer')
    const asked = asTask(await sdk.sendMessage(request('auth 60000')))
    const done = asTask(await sdk.sendMessage(request('granted', { taskId: asked.id })))
    assert.equal(done.id, asked.id)
    const end = await settled(sdk, asked.id)
    assert.equal(end.status?.state, TaskState.TASK_STATE_COMPLETED)
    assert.match(textOf(end), /granted/)
  })

  test('gets a plain Message as a Message, and no task appears', async () => {
    const sdk = await client('sdk-message')
    const answer = await sdk.sendMessage(request('message good morning'))
    assert.ok(isMessage(answer), JSON.stringify(answer))
    assert.equal(answer.taskId, '')
    assert.notEqual(answer.contextId, '')
    const streamed: (string | undefined)[] = []
    for await (const event of sdk.sendMessageStream(request('message good evening'))) {
      streamed.push(event.payload?.$case)
    }
    assert.deepEqual(streamed, ['message'])
    const listed = await sdk.listTasks({
      tenant: '',
      contextId: '',
      status: TaskState.TASK_STATE_UNSPECIFIED,
      pageToken: '',
      statusTimestampAfter: undefined,
    })
    assert.equal(listed.totalSize, 0)
    assert.deepEqual(listed.tasks, [])
  })

  test('gets a Message that came after the task was made inside the completed task', async () => {
    const sdk = await client('sdk-late-message')
    const task = asTask(await sdk.sendMessage(request('message later', {}, { returnImmediately: true })))
    const done = await settled(sdk, task.id)
    assert.equal(done.status?.state, TaskState.TASK_STATE_COMPLETED)
    assert.match(JSON.stringify(done.status?.message), /later/)
  })

  test('sees a refusal as REJECTED and a failure as FAILED', async () => {
    const sdk = await client('sdk-refused')
    const rejected = asTask(await sdk.sendMessage(request('reject')))
    assert.equal(rejected.status?.state, TaskState.TASK_STATE_REJECTED)
    const failed = asTask(await sdk.sendMessage(request('fail')))
    assert.equal(failed.status?.state, TaskState.TASK_STATE_FAILED)
  })
})
