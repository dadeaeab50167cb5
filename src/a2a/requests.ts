import Type, { type Static } from 'typebox'
import { Id, Message, OptionalId, Struct } from './message.ts'
import { State } from './task.ts'
import { check } from './wire.ts'

/** The requests of A2A 1.0 §3.1 as their JSON. `tenant` is a routing hint and never authorises anything. */
const tenant = Type.Optional(Type.String({ maxLength: 256 }))
const historyLength = Type.Optional(Type.Integer({ minimum: 0, maximum: 2_147_483_647 }))
const pageSize = Type.Optional(Type.Integer({ minimum: 1, maximum: 100 }))
const pageToken = Type.Optional(Type.String({ maxLength: 2048 }))

const AuthenticationInfo = Type.Object({
  scheme: Type.String({ minLength: 1 }),
  credentials: Type.Optional(Type.String()),
})

export const TaskPushNotificationConfig = Type.Object({
  tenant,
  id: OptionalId,
  taskId: OptionalId,
  url: Type.String({ minLength: 1 }),
  token: Type.Optional(Type.String()),
  authentication: Type.Optional(AuthenticationInfo),
})

export const SendMessageConfiguration = Type.Object({
  acceptedOutputModes: Type.Optional(Type.Array(Type.String())),
  taskPushNotificationConfig: Type.Optional(TaskPushNotificationConfig),
  historyLength,
  returnImmediately: Type.Optional(Type.Boolean()),
})

export const SendMessageRequest = Type.Object({
  tenant,
  message: Message,
  configuration: Type.Optional(SendMessageConfiguration),
  metadata: Type.Optional(Struct),
})
export type SendMessageRequest = Static<typeof SendMessageRequest>

export const GetTaskRequest = Type.Object({ tenant, id: Id, historyLength })
export type GetTaskRequest = Static<typeof GetTaskRequest>

export const ListTasksRequest = Type.Object({
  tenant,
  contextId: OptionalId,
  status: Type.Optional(Type.Union([State, Type.Literal('TASK_STATE_UNSPECIFIED')])),
  pageSize,
  pageToken,
  historyLength,
  /** RFC 3339; tasks whose status changed at or after this instant. */
  statusTimestampAfter: Type.Optional(Type.String({ format: 'date-time' })),
  includeArtifacts: Type.Optional(Type.Boolean()),
})
export type ListTasksRequest = Static<typeof ListTasksRequest>

export const CancelTaskRequest = Type.Object({ tenant, id: Id, metadata: Type.Optional(Struct) })
export type CancelTaskRequest = Static<typeof CancelTaskRequest>

const SubscribeToTaskRequest = Type.Object({ tenant, id: Id })

export const PushNotificationConfigRequest = Type.Object({
  tenant,
  taskId: Id,
  id: OptionalId,
  pageSize,
  pageToken,
})

export const GetExtendedAgentCardRequest = Type.Object({ tenant })

export const sendMessageRequest = check(SendMessageRequest)
export const getTaskRequest = check(GetTaskRequest)
export const listTasksRequest = check(ListTasksRequest)
export const cancelTaskRequest = check(CancelTaskRequest)
export const subscribeToTaskRequest = check(SubscribeToTaskRequest)
