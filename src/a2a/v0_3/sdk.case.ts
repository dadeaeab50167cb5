/** The official SDK's own translation between the versions, as far as its public parts reach. */
import {
  AgentCard,
  CancelTaskRequest,
  GetTaskPushNotificationConfigRequest,
  GetTaskRequest,
  SendMessageRequest,
  StreamResponse,
  SubscribeToTaskRequest,
  Task,
  TaskPushNotificationConfig,
} from '@a2a-js/sdk'
import { LegacyJsonRpcTransportHandler } from '@a2a-js/sdk/compat/v0_3/server'
import { type A2ARequestHandler, ServerCallContext } from '@a2a-js/sdk/server'

/** What the SDK's server is to answer, and what it was asked: values of 1.0's JSON. */
export type Script = {
  asked?: unknown
  answer?: unknown
}

const CARD = AgentCard.fromJSON({
  name: 'stub',
  description: 'stub',
  version: '1',
  supportedInterfaces: ['JSONRPC', 'HTTP+JSON'].map((protocolBinding) => ({
    url: 'https://stub.example',
    protocolBinding,
    protocolVersion: '0.3',
  })),
  capabilities: { streaming: true, pushNotifications: true, extendedAgentCard: true },
  skills: [],
  defaultInputModes: [],
  defaultOutputModes: [],
})

/** An agent of the SDK that answers by script, whatever it is asked. */
export function scriptedAgent(script: Script): A2ARequestHandler {
  const task = async (): Promise<Task> => Task.fromJSON(script.answer)
  const config = async (): Promise<TaskPushNotificationConfig> =>
    TaskPushNotificationConfig.fromJSON(script.answer)
  async function* events(): AsyncGenerator<StreamResponse, void, undefined> {
    yield StreamResponse.fromJSON(script.answer)
  }
  return {
    getAgentCard: async () => CARD,
    getAuthenticatedExtendedAgentCard: async () => AgentCard.fromJSON(script.answer),
    async sendMessage(request) {
      script.asked = SendMessageRequest.toJSON(request)
      const { payload } = StreamResponse.fromJSON(script.answer)
      return payload?.$case === 'message'
        ? payload.value
        : Task.fromJSON(Reflect.get(Object(script.answer), 'task'))
    },
    sendMessageStream(request) {
      script.asked = SendMessageRequest.toJSON(request)
      return events()
    },
    getTask(request) {
      script.asked = GetTaskRequest.toJSON(request)
      return task()
    },
    cancelTask(request) {
      script.asked = CancelTaskRequest.toJSON(request)
      return task()
    },
    createTaskPushNotificationConfig(request) {
      script.asked = TaskPushNotificationConfig.toJSON(request)
      return config()
    },
    getTaskPushNotificationConfig(request) {
      script.asked = GetTaskPushNotificationConfigRequest.toJSON(request)
      return config()
    },
    listTaskPushNotificationConfigs: async () => ({ configs: [await config()], nextPageToken: '' }),
    deleteTaskPushNotificationConfig: async () => {},
    resubscribe(request) {
      script.asked = SubscribeToTaskRequest.toJSON(request)
      return events()
    },
    listTasks: () => Promise.reject(new Error('0.3 has no list of tasks')),
  }
}

/** The first answer of the SDK's 0.3 JSON-RPC server. */
export async function callSdk(script: Script, method: string, params: unknown): Promise<unknown> {
  const server = new LegacyJsonRpcTransportHandler(scriptedAgent(script))
  const reply = await server.handle(
    { jsonrpc: '2.0', id: 1, method, params },
    new ServerCallContext({ requestedVersion: '0.3' }),
  )
  if (!(Symbol.asyncIterator in reply)) return resultOf(reply)
  for await (const first of reply) return resultOf(first)
  throw new Error('The stream was empty')
}

function resultOf(reply: object): unknown {
  if ('result' in reply) return reply.result
  throw new Error(JSON.stringify(reply))
}

/**
 * A value without what the SDK's types cannot tell from nothing: empty texts, lists and objects, `false`, `null`. It writes
 * some of them where there were none and leaves out others.
 */
export function meaningful(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => meaningful(item) ?? null)
  if (typeof value !== 'object' || value === null)
    return value === '' || value === false ? undefined : (value ?? undefined)
  const members = Object.entries(value)
    .map(([name, member]) => [name, meaningful(member)] as const)
    .filter(([, member]) => member !== undefined && !(Array.isArray(member) && member.length === 0))
  return members.length === 0 ? undefined : Object.fromEntries(members)
}
