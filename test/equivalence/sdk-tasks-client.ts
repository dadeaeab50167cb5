import {
  CancelTaskRequest,
  GetTaskRequest,
  ListTasksRequest,
  Message,
  SendMessageRequest,
  StreamResponse,
  Task,
} from '@a2a-js/sdk'
import type { Client } from '@a2a-js/sdk/client'
import type { Task as WireTask } from '../../src/a2a/task.ts'
import { told, toldEach } from './sdk-refusal.ts'
import {
  type Abilities,
  ALL_ABILITIES,
  type Frame,
  type SendOptions,
  type TasksClient,
} from './tasks-client.ts'
import type { Way } from './ways.ts'

/** The SDK's client in the gateway's words: wire JSON in, wire JSON out. */
export function sdkTasksClient(client: Client, way: Way): TasksClient {
  return {
    can: abilitiesOf(way),
    send: (request, options) =>
      told(async () => {
        const answer = await client.sendMessage(SendMessageRequest.fromJSON(request), parameters(options))
        return 'artifacts' in answer ? { task: wireTask(answer) } : { message: json(Message.toJSON(answer)) }
      }),
    stream: (request, options) =>
      frames(() => client.sendMessageStream(SendMessageRequest.fromJSON(request), parameters(options))),
    get: (request) => told(async () => wireTask(await client.getTask(GetTaskRequest.fromJSON(request)))),
    list: (request) =>
      told(async () => {
        const page = await client.listTasks(ListTasksRequest.fromJSON(request))
        const { nextPageToken, pageSize, totalSize } = page
        return { tasks: page.tasks.map(wireTask), nextPageToken, pageSize, totalSize }
      }),
    cancel: (request) =>
      told(async () => wireTask(await client.cancelTask(CancelTaskRequest.fromJSON(request)))),
    subscribe: ({ id }) => frames(() => client.resubscribeTask({ tenant: '', id })),
  }
}

function abilitiesOf({ version, binding }: Way): Abilities {
  const sdk = { ...ALL_ABILITIES, resume: false }
  if (version === '1.0') return sdk
  const inJson = binding === 'JSONRPC'
  return {
    ...sdk,
    list: false,
    refer: inJson,
    askForNoHistory: inJson,
    seeAppends: inJson,
    sendWrong: false,
    subscribeToEnded: true,
  }
}

const parameters = ({ idempotencyKey }: SendOptions = {}) =>
  idempotencyKey === undefined ? {} : { serviceParameters: { 'idempotency-key': idempotencyKey } }

async function* frames(
  open: () => AsyncGenerator<StreamResponse, void, undefined>,
): AsyncGenerator<Frame, void, undefined> {
  for await (const event of toldEach(open)) {
    yield { seq: undefined, event: json(StreamResponse.toJSON(event)) }
  }
}

const wireTask = (task: Task): WireTask => json(Task.toJSON(task))

/** The SDK declares its JSON as `unknown`. */
const json = <T>(value: unknown): T => value as T
