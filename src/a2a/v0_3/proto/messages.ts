import { always, choice, enumOf, many, message, one } from '../../proto/message-table.ts'
import { ROLES, STATES } from './enums.ts'

/** The messages of A2A 0.3 (package `a2a.v1`). Their numbers differ from those of 1.0: nothing is shared. */
const TaskState = enumOf(...STATES)

const Role = enumOf(...ROLES)

// `FilePart.name` and `Part.metadata` came after 0.3.0, without a new version; the Python and Go SDKs have them.
const FilePart = message('FilePart', {
  fileWithUri: choice('file', 1, 'string'),
  fileWithBytes: choice('file', 2, 'bytes'),
  mimeType: one(3, 'string'),
  name: one(4, 'string'),
})

const DataPart = message('DataPart', { data: one(1, 'struct') })

const Part = message('Part', {
  text: choice('part', 1, 'string'),
  file: choice('part', 2, FilePart),
  data: choice('part', 3, DataPart),
  metadata: one(4, 'struct'),
})

const Message = message('Message', {
  messageId: one(1, 'string'),
  contextId: one(2, 'string'),
  taskId: one(3, 'string'),
  role: one(4, Role),
  content: always(many(5, Part)),
  metadata: one(6, 'struct'),
  extensions: many(7, 'string'),
})

const Artifact = message('Artifact', {
  artifactId: one(1, 'string'),
  name: one(3, 'string'),
  description: one(4, 'string'),
  parts: always(many(5, Part)),
  metadata: one(6, 'struct'),
  extensions: many(7, 'string'),
})

const TaskStatus = message('TaskStatus', {
  state: one(1, TaskState),
  message: one(2, Message),
  timestamp: one(3, 'timestamp'),
})

export const Task = message('Task', {
  id: one(1, 'string'),
  contextId: one(2, 'string'),
  status: one(3, TaskStatus),
  artifacts: many(4, Artifact),
  history: many(5, Message),
  metadata: one(6, 'struct'),
})

const TaskStatusUpdateEvent = message('TaskStatusUpdateEvent', {
  taskId: one(1, 'string'),
  contextId: one(2, 'string'),
  status: one(3, TaskStatus),
  final: one(4, 'bool'),
  metadata: one(5, 'struct'),
})

const TaskArtifactUpdateEvent = message('TaskArtifactUpdateEvent', {
  taskId: one(1, 'string'),
  contextId: one(2, 'string'),
  artifact: one(3, Artifact),
  append: one(4, 'bool'),
  lastChunk: one(5, 'bool'),
  metadata: one(6, 'struct'),
})

const AuthenticationInfo = message('AuthenticationInfo', {
  schemes: many(1, 'string'),
  credentials: one(2, 'string'),
})

const PushNotificationConfig = message('PushNotificationConfig', {
  id: one(1, 'string'),
  url: one(2, 'string'),
  token: one(3, 'string'),
  authentication: one(4, AuthenticationInfo),
})

export const TaskPushNotificationConfig = message('TaskPushNotificationConfig', {
  name: one(1, 'string'),
  pushNotificationConfig: one(2, PushNotificationConfig),
})

/** `blocking` has no presence on the wire, so a configuration without it says `false`, unlike one in JSON. */
const SendMessageConfiguration = message('SendMessageConfiguration', {
  acceptedOutputModes: many(1, 'string'),
  pushNotification: one(2, PushNotificationConfig),
  historyLength: one(3, 'int32'),
  blocking: always(one(4, 'bool')),
})

export const SendMessageRequest = message('SendMessageRequest', {
  message: one(1, Message),
  configuration: one(2, SendMessageConfiguration),
  metadata: one(3, 'struct'),
})

export const GetTaskRequest = message('GetTaskRequest', {
  name: one(1, 'string'),
  historyLength: one(2, 'int32'),
})

export const CancelTaskRequest = message('CancelTaskRequest', { name: one(1, 'string') })

export const TaskSubscriptionRequest = message('TaskSubscriptionRequest', { name: one(1, 'string') })

export const CreateTaskPushNotificationConfigRequest = message('CreateTaskPushNotificationConfigRequest', {
  parent: one(1, 'string'),
  configId: one(2, 'string'),
  config: one(3, TaskPushNotificationConfig),
})

export const GetTaskPushNotificationConfigRequest = message('GetTaskPushNotificationConfigRequest', {
  name: one(1, 'string'),
})

export const DeleteTaskPushNotificationConfigRequest = message('DeleteTaskPushNotificationConfigRequest', {
  name: one(1, 'string'),
})

export const ListTaskPushNotificationConfigRequest = message('ListTaskPushNotificationConfigRequest', {
  parent: one(1, 'string'),
  pageSize: one(2, 'int32'),
  pageToken: one(3, 'string'),
})

export const ListTaskPushNotificationConfigResponse = message('ListTaskPushNotificationConfigResponse', {
  configs: always(many(1, TaskPushNotificationConfig)),
  nextPageToken: one(2, 'string'),
})

export const GetAgentCardRequest = message('GetAgentCardRequest', {})

export const SendMessageResponse = message('SendMessageResponse', {
  task: choice('payload', 1, Task),
  message: choice('payload', 2, Message),
})

export const StreamResponse = message('StreamResponse', {
  task: choice('payload', 1, Task),
  message: choice('payload', 2, Message),
  statusUpdate: choice('payload', 3, TaskStatusUpdateEvent),
  artifactUpdate: choice('payload', 4, TaskArtifactUpdateEvent),
})
