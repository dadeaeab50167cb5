import { type JsonText, membersOf } from '../a2a/json-text.ts'
import type { Operation, StreamOperation, UnaryOperation } from '../a2a/operation.ts'
import {
  cancelTaskRequest,
  GetExtendedAgentCardRequest,
  getTaskRequest,
  listTasksRequest,
  PushNotificationConfigRequest,
  type SendMessageRequest,
  sendMessageRequest,
  subscribeToTaskRequest,
  TaskPushNotificationConfig,
} from '../a2a/requests.ts'
import type { Version } from '../a2a/version.ts'
import { type Check, check, type Wire } from '../a2a/wire.ts'
import { ACTIONS } from '../access/access.ts'
import { ACTION_OF } from '../access/operation-actions.ts'
import type { Call, Scope } from '../access/principal.ts'
import { ParleyError } from '../errors.ts'
import type { Registry } from '../registry/registry.ts'
import type { SendOptions, StreamFrame, TaskStream, Tasks } from '../tasks/tasks.ts'
import type { HeaderSource } from './exchange.ts'
import { extensionsOf, idempotencyKeyOf, lastEventIdOf, refuseResume } from './service-parameters.ts'

/** One call of one operation, whatever binding it came over. */
export type OperationCall = {
  readonly tasks: Tasks
  readonly registry: Registry
  readonly call: Call
  /** Id or slug. */
  readonly agent: string
  /** The request as 1.0 writes it, not checked yet. */
  readonly request: Wire<unknown>
  /** Service parameters: headers over HTTP, metadata over gRPC. */
  readonly parameters: HeaderSource
  /** What the client speaks. */
  readonly version: Version
  /** Told, before the answer, which of the requested extensions the agent activated. */
  readonly onActivated: (extensions: readonly string[]) => void
  /**
   * Told before the agent is made to work, where somebody counts that. Rejects as `registry.get` does, and with
   * `too_many_requests`.
   */
  readonly beforeAgent?: () => Promise<void>
}

type Unary = (call: OperationCall) => Promise<JsonText<unknown>>

/** Rejects with what fails before the first event is known to come. */
type Stream = (call: OperationCall) => Promise<TaskStream>

const configRequest = check(PushNotificationConfigRequest)
const configCheck = check(TaskPushNotificationConfig)
const extendedCardRequest = check(GetExtendedAgentCardRequest)

/** The operations of A2A (1.0 §5.3) that answer once. */
export const UNARY: Readonly<Record<UnaryOperation, Unary>> = {
  SendMessage: sendMessage,
  GetTask: getTask,
  ListTasks: listTasks,
  CancelTask: cancelTask,
  CreateTaskPushNotificationConfig: pushConfig('CreateTaskPushNotificationConfig', configCheck),
  GetTaskPushNotificationConfig: pushConfig('GetTaskPushNotificationConfig', configRequest),
  ListTaskPushNotificationConfigs: pushConfig('ListTaskPushNotificationConfigs', configRequest),
  DeleteTaskPushNotificationConfig: pushConfig('DeleteTaskPushNotificationConfig', configRequest),
  GetExtendedAgentCard: getExtendedAgentCard,
}

/** Those that answer with a stream. */
export const STREAM: Readonly<Record<StreamOperation, Stream>> = {
  SendStreamingMessage: sendStreamingMessage,
  SubscribeToTask: subscribeToTask,
}

export const isStream = (operation: Operation): operation is StreamOperation =>
  Object.hasOwn(STREAM, operation)

/** The scope that an operation takes. */
export const scopeOf = (operation: Operation): Scope => ACTIONS[ACTION_OF[operation]]

function sendMessage(from: OperationCall): Promise<JsonText<unknown>> {
  const { request, options } = readSend(from)
  const send = () => from.tasks.sendMessage(from.call, from.agent, request, options)
  return from.beforeAgent === undefined ? send() : from.beforeAgent().then(send)
}

function sendStreamingMessage(from: OperationCall): Promise<TaskStream> {
  const { request, options } = readSend(from)
  const send = () => from.tasks.sendStreamingMessage(from.call, from.agent, request, options)
  return from.beforeAgent === undefined ? send() : from.beforeAgent().then(send)
}

function readSend(from: OperationCall) {
  refuseResume(from.parameters)
  return { request: sendRequestOf(from), options: sendOptionsOf(from) }
}

function sendRequestOf({ request }: OperationCall): Wire<SendMessageRequest> {
  const text: string = request.text
  return { value: sendMessageRequest.parse(request.value), text }
}

function sendOptionsOf({ parameters, onActivated }: OperationCall): SendOptions {
  const idempotencyKey = idempotencyKeyOf(parameters)
  return {
    extensions: extensionsOf(parameters),
    onActivated,
    ...(idempotencyKey !== undefined && { idempotencyKey }),
  }
}

function getTask({ tasks, call, agent, request }: OperationCall): Promise<JsonText<unknown>> {
  return tasks.getTask(call, agent, getTaskRequest.parse(request.value))
}

function listTasks({ tasks, call, agent, request }: OperationCall): Promise<JsonText<unknown>> {
  return tasks.listTasks(call, agent, listTasksRequest.parse(request.value))
}

function cancelTask({ tasks, call, agent, request }: OperationCall): Promise<JsonText<unknown>> {
  const { id } = cancelTaskRequest.parse(request.value)
  const metadata = membersOf(request.text).get('metadata')
  return tasks.cancelTask(call, agent, { id, ...(metadata !== undefined && { metadata }) })
}

async function subscribeToTask(from: OperationCall): Promise<TaskStream> {
  const { tasks, call, agent, request, parameters, version } = from
  const { id } = subscribeToTaskRequest.parse(request.value)
  const afterSeq = lastEventIdOf(parameters)
  try {
    return await tasks.subscribeToTask(call, agent, { id, ...(afterSeq !== undefined && { afterSeq }) })
  } catch (error) {
    const hasEnded = error instanceof ParleyError && error.code === 'unsupported_operation'
    if (version === '1.0' || !hasEnded) throw error
    return endedTask(from, id)
  }
}

/** In 0.3, who subscribes to a task that has ended gets the task, and the stream closes. */
async function endedTask({ tasks, call, agent }: OperationCall, id: string): Promise<TaskStream> {
  const task = await tasks.getTask(call, agent, { id }, 'SubscribeToTask')
  async function* once(): AsyncGenerator<StreamFrame, void, undefined> {
    yield { event: `{"task":${task}}` }
  }
  return Object.assign(once(), { taskId: id })
}

/** No agent has push notifications until the gateway delivers them itself; its cards say so. */
function pushConfig(operation: UnaryOperation, configOrName: Check<unknown>): Unary {
  return async ({ registry, call, agent, request }) => {
    configOrName.parse(request.value)
    await registry.get(call, agent, ACTION_OF[operation], operation)
    throw new ParleyError('push_notification_not_supported', 'Push notifications are not supported')
  }
}

function getExtendedAgentCard(from: OperationCall): Promise<JsonText<unknown>> {
  const { registry, call, agent, request, beforeAgent } = from
  extendedCardRequest.parse(request.value)
  const ask = () => registry.extendedCard(call, agent)
  return beforeAgent === undefined ? ask() : beforeAgent().then(ask)
}
