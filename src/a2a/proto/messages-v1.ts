import { always, choice, enumOf, many, message, one, optional } from './message-table.ts'

/** The messages of A2A 1.0 (package `lf.a2a.v1`). */
const TaskState = enumOf(
  'TASK_STATE_UNSPECIFIED',
  'TASK_STATE_SUBMITTED',
  'TASK_STATE_WORKING',
  'TASK_STATE_COMPLETED',
  'TASK_STATE_FAILED',
  'TASK_STATE_CANCELED',
  'TASK_STATE_INPUT_REQUIRED',
  'TASK_STATE_REJECTED',
  'TASK_STATE_AUTH_REQUIRED',
)

const Role = enumOf('ROLE_UNSPECIFIED', 'ROLE_USER', 'ROLE_AGENT')

const Part = message('Part', {
  text: choice('content', 1, 'string'),
  raw: choice('content', 2, 'bytes'),
  url: choice('content', 3, 'string'),
  data: choice('content', 4, 'value'),
  metadata: one(5, 'struct'),
  filename: one(6, 'string'),
  mediaType: one(7, 'string'),
})

const Message = message('Message', {
  messageId: one(1, 'string'),
  contextId: one(2, 'string'),
  taskId: one(3, 'string'),
  role: one(4, Role),
  parts: always(many(5, Part)),
  metadata: one(6, 'struct'),
  extensions: many(7, 'string'),
  referenceTaskIds: many(8, 'string'),
})

const Artifact = message('Artifact', {
  artifactId: one(1, 'string'),
  name: one(2, 'string'),
  description: one(3, 'string'),
  parts: always(many(4, Part)),
  metadata: one(5, 'struct'),
  extensions: many(6, 'string'),
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
  metadata: one(4, 'struct'),
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
  scheme: one(1, 'string'),
  credentials: one(2, 'string'),
})

export const TaskPushNotificationConfig = message('TaskPushNotificationConfig', {
  tenant: one(1, 'string'),
  id: one(2, 'string'),
  taskId: one(3, 'string'),
  url: one(4, 'string'),
  token: one(5, 'string'),
  authentication: one(6, AuthenticationInfo),
})

const SendMessageConfiguration = message('SendMessageConfiguration', {
  acceptedOutputModes: many(1, 'string'),
  taskPushNotificationConfig: one(2, TaskPushNotificationConfig),
  historyLength: optional(3, 'int32'),
  returnImmediately: one(4, 'bool'),
})

export const SendMessageRequest = message('SendMessageRequest', {
  tenant: one(1, 'string'),
  message: one(2, Message),
  configuration: one(3, SendMessageConfiguration),
  metadata: one(4, 'struct'),
})

export const GetTaskRequest = message('GetTaskRequest', {
  tenant: one(1, 'string'),
  id: one(2, 'string'),
  historyLength: optional(3, 'int32'),
})

export const ListTasksRequest = message('ListTasksRequest', {
  tenant: one(1, 'string'),
  contextId: one(2, 'string'),
  status: one(3, TaskState),
  pageSize: optional(4, 'int32'),
  pageToken: one(5, 'string'),
  historyLength: optional(6, 'int32'),
  statusTimestampAfter: one(7, 'timestamp'),
  includeArtifacts: optional(8, 'bool'),
})

export const ListTasksResponse = message('ListTasksResponse', {
  tasks: always(many(1, Task)),
  nextPageToken: always(one(2, 'string')),
  pageSize: always(one(3, 'int32')),
  totalSize: always(one(4, 'int32')),
})

export const CancelTaskRequest = message('CancelTaskRequest', {
  tenant: one(1, 'string'),
  id: one(2, 'string'),
  metadata: one(3, 'struct'),
})

export const SubscribeToTaskRequest = message('SubscribeToTaskRequest', {
  tenant: one(1, 'string'),
  id: one(2, 'string'),
})

export const GetTaskPushNotificationConfigRequest = message('GetTaskPushNotificationConfigRequest', {
  tenant: one(1, 'string'),
  taskId: one(2, 'string'),
  id: one(3, 'string'),
})

export const DeleteTaskPushNotificationConfigRequest = message('DeleteTaskPushNotificationConfigRequest', {
  tenant: one(1, 'string'),
  taskId: one(2, 'string'),
  id: one(3, 'string'),
})

export const ListTaskPushNotificationConfigsRequest = message('ListTaskPushNotificationConfigsRequest', {
  taskId: one(1, 'string'),
  pageSize: one(2, 'int32'),
  pageToken: one(3, 'string'),
  tenant: one(4, 'string'),
})

export const ListTaskPushNotificationConfigsResponse = message('ListTaskPushNotificationConfigsResponse', {
  configs: always(many(1, TaskPushNotificationConfig)),
  nextPageToken: one(2, 'string'),
})

export const GetExtendedAgentCardRequest = message('GetExtendedAgentCardRequest', {
  tenant: one(1, 'string'),
})

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
