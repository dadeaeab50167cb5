/**
 * What clients and agents of A2A 0.3 send as proto-JSON, in REST bodies and decoded from gRPC, under its JSON names.
 * Proto-JSON leaves out what has its default value, and may write a number as text.
 */
import Type from 'typebox'
import { Base64, exactlyOne, OptionalId, Struct } from '../../message.ts'
import { check } from '../../wire.ts'
import { acceptedOutputModes, PushNotificationConfig, schemasOf } from '../schema.ts'
import { ROLES, STATES } from './enums.ts'
import { CONFIG_NAME, TASK_NAME } from './resource-names.ts'

const text = Type.Optional(Type.String())
const metadata = Type.Optional(Struct)

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
  { fileWithBytes: Type.Optional(Base64), fileWithUri: text, name: text, mimeType: text },
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
  exactlyOne('text', 'file', 'data'),
)

const { ClientMessage, AgentMessage, Task, TaskStatusUpdateEvent, TaskArtifactUpdateEvent } = schemasOf({
  partsOfMessage: 'content',
  messageMembers: {},
  part: Part,
  clientRole: Type.Enum([...ROLES.slice(1), 1, 2]),
  agentRole: enumOf(ROLES),
  state: enumOf(STATES),
})

const payload = { task: Type.Optional(Task), message: Type.Optional(AgentMessage) }

const SendMessageResponse = Type.Object(payload, exactlyOne('task', 'message'))

const StreamResponse = Type.Object(
  {
    ...payload,
    statusUpdate: Type.Optional(TaskStatusUpdateEvent),
    artifactUpdate: Type.Optional(TaskArtifactUpdateEvent),
  },
  exactlyOne('task', 'message', 'statusUpdate', 'artifactUpdate'),
)

const SendMessageRequest = Type.Object({
  message: ClientMessage,
  configuration: Type.Optional(
    Type.Object({
      acceptedOutputModes,
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
