import { type JsonText, membersOf } from '../../a2a/json-text.ts'
import {
  cancelTaskRequest,
  GetExtendedAgentCardRequest,
  getTaskRequest,
  listTasksRequest,
  PushNotificationConfigRequest,
  sendMessageRequest,
  subscribeToTaskRequest,
  TaskPushNotificationConfig,
} from '../../a2a/requests.ts'
import { type Check, check } from '../../a2a/wire.ts'
import type { Call, Scope } from '../../access/principal.ts'
import { ParleyError } from '../../errors.ts'
import type { Registry } from '../../registry/registry.ts'
import type { SendOptions, TaskStream, Tasks } from '../../tasks/tasks.ts'
import type { HeaderSource } from '../http/exchange.ts'
import type { JsonRpcRequest } from './decode.ts'
import { extensionsOf, idempotencyKeyOf, lastEventIdOf, refuseResume } from './service-parameters.ts'

/** One call of one method, as the methods below need it. */
export type MethodCall = {
  readonly tasks: Tasks
  readonly registry: Registry
  readonly call: Call
  /** Id or slug, from the URL. */
  readonly agent: string
  readonly params: JsonRpcRequest['params']
  readonly request: HeaderSource
}

export type Method = { readonly scope: Scope } & (
  | { readonly kind: 'unary'; readonly run: (call: MethodCall) => Promise<JsonText<unknown>> }
  | { readonly kind: 'stream'; readonly open: (call: MethodCall) => Promise<TaskStream> }
)

const configRequest = check(PushNotificationConfigRequest)
const configCheck = check(TaskPushNotificationConfig)
const extendedCardRequest = check(GetExtendedAgentCardRequest)

/** The methods of A2A 1.0 (§5.3), and the scope each takes. */
const METHODS: ReadonlyMap<string, Method> = new Map<string, Method>([
  ['SendMessage', { scope: 'tasks:submit', kind: 'unary', run: sendMessage }],
  ['SendStreamingMessage', { scope: 'tasks:submit', kind: 'stream', open: sendStreamingMessage }],
  ['GetTask', { scope: 'tasks:read', kind: 'unary', run: getTask }],
  ['ListTasks', { scope: 'tasks:read', kind: 'unary', run: listTasks }],
  ['CancelTask', { scope: 'tasks:cancel', kind: 'unary', run: cancelTask }],
  ['SubscribeToTask', { scope: 'tasks:read', kind: 'stream', open: subscribeToTask }],
  ['CreateTaskPushNotificationConfig', pushConfig('tasks:submit', configCheck)],
  ['GetTaskPushNotificationConfig', pushConfig('tasks:read', configRequest)],
  ['ListTaskPushNotificationConfigs', pushConfig('tasks:read', configRequest)],
  ['DeleteTaskPushNotificationConfig', pushConfig('tasks:submit', configRequest)],
  ['GetExtendedAgentCard', { scope: 'agents:read', kind: 'unary', run: getExtendedAgentCard }],
])

export const METHOD_NAMES: readonly string[] = [...METHODS.keys()]

export const findMethod = (name: string): Method | undefined => METHODS.get(name)

function sendMessage(from: MethodCall): Promise<JsonText<unknown>> {
  refuseResume(from.request)
  return from.tasks.sendMessage(from.call, from.agent, sendRequestOf(from), sendOptionsOf(from))
}

function sendStreamingMessage(from: MethodCall): Promise<TaskStream> {
  refuseResume(from.request)
  return from.tasks.sendStreamingMessage(from.call, from.agent, sendRequestOf(from), sendOptionsOf(from))
}

const sendRequestOf = ({ params }: MethodCall) => ({
  value: sendMessageRequest.parse(params.value),
  text: params.text,
})

function sendOptionsOf({ request }: MethodCall): SendOptions {
  const idempotencyKey = idempotencyKeyOf(request)
  const extensions = extensionsOf(request)
  return idempotencyKey === undefined ? { extensions } : { extensions, idempotencyKey }
}

function getTask({ tasks, call, agent, params }: MethodCall): Promise<JsonText<unknown>> {
  return tasks.getTask(call, agent, getTaskRequest.parse(params.value))
}

function listTasks({ tasks, call, agent, params }: MethodCall): Promise<JsonText<unknown>> {
  return tasks.listTasks(call, agent, listTasksRequest.parse(params.value))
}

function cancelTask({ tasks, call, agent, params }: MethodCall): Promise<JsonText<unknown>> {
  const { id } = cancelTaskRequest.parse(params.value)
  const metadata = membersOf(params.text).get('metadata')
  return tasks.cancelTask(call, agent, { id, ...(metadata !== undefined && { metadata }) })
}

function subscribeToTask({ tasks, call, agent, params, request }: MethodCall): Promise<TaskStream> {
  const { id } = subscribeToTaskRequest.parse(params.value)
  const afterSeq = lastEventIdOf(request)
  return tasks.subscribeToTask(call, agent, { id, ...(afterSeq !== undefined && { afterSeq }) })
}

/** No agent has push notifications until the gateway delivers them itself; its cards say so. */
function pushConfig(scope: Scope, request: Check<unknown>): Method {
  return {
    scope,
    kind: 'unary',
    async run({ registry, call, agent, params }) {
      request.parse(params.value)
      await registry.get(call, agent, 'invoke')
      throw new ParleyError('push_notification_not_supported', 'Push notifications are not supported')
    },
  }
}

async function getExtendedAgentCard({ registry, call, agent, params }: MethodCall): Promise<never> {
  extendedCardRequest.parse(params.value)
  await registry.get(call, agent, 'discover')
  throw new ParleyError('unsupported_operation', 'There is no extended card; the agent card is complete')
}
