/**
 * What clients and agents of A2A 0.3 send in the JSON form of its JSON-RPC binding, members that are `null` left out.
 * Of agents, members that are required but can be done without are optional here.
 */
import Type from 'typebox'
import { Id, OptionalId, Struct } from '../../message.ts'
import { check } from '../../wire.ts'

const text = Type.Optional(Type.String())
const metadata = Type.Optional(Struct)
const extensions = Type.Optional(Type.Array(Type.String()))
const historyLength = Type.Optional(Type.Integer({ minimum: 0, maximum: 2_147_483_647 }))

/** Of `bytes` and `uri` one may stand empty beside the other, as some writers leave it; some call the latter `url`. */
const FileContent = Type.Object(
  {
    bytes: Type.Optional(Type.String({ pattern: '^[A-Za-z0-9+/_-]*={0,2}$' })),
    uri: text,
    url: text,
    name: text,
    mimeType: text,
  },
  {
    oneOf: [
      { required: ['bytes'], properties: { uri: { const: '' }, url: { const: '' } } },
      { required: ['uri'], properties: { bytes: { const: '' } } },
      { required: ['url'], properties: { bytes: { const: '' } }, not: { required: ['uri'] } },
    ],
  },
)

/** `kind` may be missing: the member tells. */
const Part = Type.Object(
  {
    kind: Type.Optional(Type.Enum(['text', 'file', 'data'])),
    text,
    file: Type.Optional(FileContent),
    data: Type.Optional(Type.Unknown()),
    metadata,
  },
  { oneOf: [{ required: ['text'] }, { required: ['file'] }, { required: ['data'] }] },
)

const message = {
  kind: Type.Optional(Type.Literal('message')),
  messageId: Id,
  contextId: OptionalId,
  taskId: OptionalId,
  metadata,
  extensions,
  referenceTaskIds: Type.Optional(Type.Array(Type.String({ maxLength: 256 }), { maxItems: 100 })),
}
const Role = Type.Enum(['user', 'agent'])

const ClientMessage = Type.Object({ ...message, role: Role, parts: Type.Array(Part, { minItems: 1 }) })
const AgentMessage = Type.Object({
  ...message,
  role: Type.Optional(Role),
  parts: Type.Optional(Type.Array(Part)),
})

const TaskStatus = Type.Object({
  state: Type.Optional(
    Type.Enum([
      'submitted',
      'working',
      'input-required',
      'completed',
      'canceled',
      'failed',
      'rejected',
      'auth-required',
      'unknown',
    ]),
  ),
  message: Type.Optional(AgentMessage),
})

const Artifact = Type.Object({
  artifactId: Id,
  name: text,
  description: text,
  parts: Type.Optional(Type.Array(Part)),
  metadata,
  extensions,
})

const Task = Type.Object({
  id: Id,
  contextId: OptionalId,
  status: TaskStatus,
  artifacts: Type.Optional(Type.Array(Artifact)),
  history: Type.Optional(Type.Array(AgentMessage)),
  metadata,
})

const TaskStatusUpdateEvent = Type.Object({ taskId: Id, contextId: OptionalId, status: TaskStatus, metadata })

const TaskArtifactUpdateEvent = Type.Object({
  taskId: Id,
  contextId: OptionalId,
  artifact: Artifact,
  append: Type.Optional(Type.Boolean()),
  lastChunk: Type.Optional(Type.Boolean()),
  metadata,
})

const PushNotificationConfig = Type.Object({
  id: OptionalId,
  url: Type.String({ minLength: 1 }),
  token: text,
  authentication: Type.Optional(
    Type.Object({ schemes: Type.Optional(Type.Array(Type.String({ minLength: 1 }))), credentials: text }),
  ),
})

const MessageSendParams = Type.Object({
  message: ClientMessage,
  configuration: Type.Optional(
    Type.Object({
      acceptedOutputModes: Type.Optional(Type.Array(Type.String())),
      historyLength,
      pushNotificationConfig: Type.Optional(PushNotificationConfig),
      blocking: Type.Optional(Type.Boolean()),
    }),
  ),
  metadata,
})

const TaskPushNotificationConfig = Type.Object({ taskId: Id, pushNotificationConfig: PushNotificationConfig })

const TaskIdParams = Type.Object({ id: Id, metadata })
const PushNotificationConfigParams = Type.Object({
  id: Id,
  pushNotificationConfigId: OptionalId,
  metadata,
})

export const messageSendParams = check(MessageSendParams)
export const taskQueryParams = check(Type.Object({ id: Id, historyLength, metadata }))
export const taskIdParams = check(TaskIdParams)
export const taskPushNotificationConfig = check(TaskPushNotificationConfig)
export const taskPushNotificationConfigs = check(Type.Array(TaskPushNotificationConfig))
export const pushNotificationConfigParams = check(PushNotificationConfigParams)
export const deletePushNotificationConfigParams = check(
  Type.Object({ id: Id, pushNotificationConfigId: Id, metadata }),
)
export const emptyParams = check(Type.Object({}))

export const agentMessage = check(AgentMessage)
export const task = check(Task)
export const taskStatusUpdateEvent = check(TaskStatusUpdateEvent)
export const taskArtifactUpdateEvent = check(TaskArtifactUpdateEvent)
