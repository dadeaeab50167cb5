/** What clients and agents of A2A 0.3 send in the JSON form of its JSON-RPC binding. */
import Type from 'typebox'
import { Base64, exactlyOne, Id, OptionalId, Struct } from '../../message.ts'
import { check } from '../../wire.ts'
import { acceptedOutputModes, historyLength, PushNotificationConfig, schemasOf } from '../schema.ts'

const text = Type.Optional(Type.String())
const metadata = Type.Optional(Struct)

/** Of `bytes` and `uri` one may stand empty beside the other, as some writers leave it; some call the latter `url`. */
const FileContent = Type.Object(
  { bytes: Type.Optional(Base64), uri: text, url: text, name: text, mimeType: text },
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
  exactlyOne('text', 'file', 'data'),
)

const Role = Type.Enum(['user', 'agent'])

const { ClientMessage, AgentMessage, Task, TaskStatusUpdateEvent, TaskArtifactUpdateEvent } = schemasOf({
  partsOfMessage: 'parts',
  messageMembers: { kind: Type.Optional(Type.Literal('message')) },
  part: Part,
  clientRole: Role,
  agentRole: Role,
  state: Type.Enum([
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
})

const MessageSendParams = Type.Object({
  message: ClientMessage,
  configuration: Type.Optional(
    Type.Object({
      acceptedOutputModes,
      historyLength,
      pushNotificationConfig: Type.Optional(PushNotificationConfig),
      blocking: Type.Optional(Type.Boolean()),
    }),
  ),
  metadata,
})

const TaskPushNotificationConfig = Type.Object({ taskId: Id, pushNotificationConfig: PushNotificationConfig })

export const messageSendParams = check(MessageSendParams)
export const taskQueryParams = check(Type.Object({ id: Id, historyLength, metadata }))
export const taskIdParams = check(Type.Object({ id: Id, metadata }))
export const taskPushNotificationConfig = check(TaskPushNotificationConfig)
export const taskPushNotificationConfigs = check(Type.Array(TaskPushNotificationConfig))
export const pushNotificationConfigParams = check(
  Type.Object({ id: Id, pushNotificationConfigId: OptionalId, metadata }),
)
export const deletePushNotificationConfigParams = check(
  Type.Object({ id: Id, pushNotificationConfigId: Id, metadata }),
)
export const emptyParams = check(Type.Object({}))

export const agentMessage = check(AgentMessage)
export const task = check(Task)
export const taskStatusUpdateEvent = check(TaskStatusUpdateEvent)
export const taskArtifactUpdateEvent = check(TaskArtifactUpdateEvent)
