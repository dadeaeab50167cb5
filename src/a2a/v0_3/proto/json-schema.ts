/**
 * What clients and agents of A2A 0.3 send as proto-JSON, in REST bodies and decoded from gRPC, under its JSON names and
 * with members that are `null` left out. Proto-JSON leaves out what has its default value, and may write a number as text.
 */
import Type from 'typebox'
import { Id, OptionalId, Struct } from '../../message.ts'
import { check } from '../../wire.ts'
import { CONFIG_NAME, TASK_NAME } from './resource-names.ts'
import { ROLES, STATES } from './shape.ts'

const text = Type.Optional(Type.String())
const metadata = Type.Optional(Struct)
const strings = Type.Optional(Type.Array(Type.String()))

/** Written as a number or as text. */
const count = Type.Optional(
  Type.Unsafe<number | string>({
    type: ['integer', 'string'],
    minimum: 0,
    maximum: 2_147_483_647,
    pattern: '^[0-9]{1,9}$',
  }),
)

/** By name or by number. */
const enumOf = (names: readonly string[]) => Type.Enum([...names, ...names.keys()])

/** Of the two, one may stand empty beside the other, as some writers leave it. */
const FilePart = Type.Object(
  {
    fileWithBytes: Type.Optional(Type.String({ pattern: '^[A-Za-z0-9+/_-]*={0,2}$' })),
    fileWithUri: text,
    name: text,
    mimeType: text,
  },
  {
    oneOf: [
      { required: ['fileWithBytes'], properties: { fileWithUri: { const: '' } } },
      { required: ['fileWithUri'], properties: { fileWithBytes: { const: '' } } },
    ],
  },
)

const Part = Type.Object(
  {
    text,
    file: Type.Optional(FilePart),
    /** Protobuf holds objects only; over REST it is JSON, and any value is. */
    data: Type.Optional(Type.Object({ data: Type.Optional(Type.Unknown()) })),
    metadata,
  },
  { oneOf: [{ required: ['text'] }, { required: ['file'] }, { required: ['data'] }] },
)

const message = {
  messageId: Id,
  contextId: OptionalId,
  taskId: OptionalId,
  metadata,
  extensions: strings,
  referenceTaskIds: Type.Optional(Type.Array(Type.String({ maxLength: 256 }), { maxItems: 100 })),
}

const ClientMessage = Type.Object({
  ...message,
  role: Type.Enum([...ROLES.slice(1), 1, 2]),
  content: Type.Array(Part, { minItems: 1 }),
})
const AgentMessage = Type.Object({
  ...message,
  role: Type.Optional(enumOf(ROLES)),
  content: Type.Optional(Type.Array(Part)),
})

const TaskStatus = Type.Object({
  state: Type.Optional(enumOf(STATES)),
  message: Type.Optional(AgentMessage),
})

const Artifact = Type.Object({
  artifactId: Id,
  name: text,
  description: text,
  parts: Type.Optional(Type.Array(Part)),
  metadata,
  extensions: strings,
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

const payload = { task: Type.Optional(Task), message: Type.Optional(AgentMessage) }

const SendMessageResponse = Type.Object(payload, {
  oneOf: [{ required: ['task'] }, { required: ['message'] }],
})

const StreamResponse = Type.Object(
  {
    ...payload,
    statusUpdate: Type.Optional(TaskStatusUpdateEvent),
    artifactUpdate: Type.Optional(TaskArtifactUpdateEvent),
  },
  {
    oneOf: [
      { required: ['task'] },
      { required: ['message'] },
      { required: ['statusUpdate'] },
      { required: ['artifactUpdate'] },
    ],
  },
)

const PushNotificationConfig = Type.Object({
  id: OptionalId,
  url: Type.String({ minLength: 1 }),
  token: text,
  authentication: Type.Optional(
    Type.Object({ schemes: Type.Optional(Type.Array(Type.String({ minLength: 1 }))), credentials: text }),
  ),
})

const SendMessageRequest = Type.Object({
  message: ClientMessage,
  configuration: Type.Optional(
    Type.Object({
      acceptedOutputModes: strings,
      pushNotification: Type.Optional(PushNotificationConfig),
      historyLength: count,
      blocking: Type.Optional(Type.Boolean()),
    }),
  ),
  metadata,
})

const taskNameText = Type.String({ pattern: TASK_NAME })
const configNameText = Type.String({ pattern: CONFIG_NAME })

const TaskPushNotificationConfig = Type.Object({
  name: configNameText,
  pushNotificationConfig: PushNotificationConfig,
})

export const sendMessageRequest = check(SendMessageRequest)
export const getTaskRequest = check(Type.Object({ name: taskNameText, historyLength: count }))
export const taskRequest = check(Type.Object({ name: taskNameText }))
export const configRequest = check(Type.Object({ name: configNameText }))
export const createConfigRequest = check(
  Type.Object({
    parent: taskNameText,
    configId: OptionalId,
    config: Type.Object({ pushNotificationConfig: PushNotificationConfig }),
  }),
)
export const listConfigsRequest = check(
  Type.Object({ parent: taskNameText, pageSize: count, pageToken: text }),
)
export const emptyRequest = check(Type.Object({}))

export const taskCheck = check(Task)
export const sendMessageResponse = check(SendMessageResponse)
export const streamResponse = check(StreamResponse)
export const taskPushNotificationConfig = check(TaskPushNotificationConfig)
export const listConfigsResponse = check(
  Type.Object({ configs: Type.Optional(Type.Array(TaskPushNotificationConfig)), nextPageToken: text }),
)
