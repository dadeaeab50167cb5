import { AgentCard } from './card-messages-v1.ts'
import {
  CancelTaskRequest,
  DeleteTaskPushNotificationConfigRequest,
  GetExtendedAgentCardRequest,
  GetTaskPushNotificationConfigRequest,
  GetTaskRequest,
  ListTaskPushNotificationConfigsRequest,
  ListTaskPushNotificationConfigsResponse,
  ListTasksRequest,
  ListTasksResponse,
  SendMessageRequest,
  SendMessageResponse,
  StreamResponse,
  SubscribeToTaskRequest,
  Task,
  TaskPushNotificationConfig,
} from './messages-v1.ts'
import { Empty, type ProtoMethod, serviceOf } from './proto-method.ts'

const { unary, stream } = serviceOf('lf.a2a.v1.A2AService')

export const V1_0_METHODS: readonly ProtoMethod[] = [
  unary('SendMessage', SendMessageRequest, SendMessageResponse),
  stream('SendStreamingMessage', SendMessageRequest, StreamResponse),
  unary('GetTask', GetTaskRequest, Task),
  unary('ListTasks', ListTasksRequest, ListTasksResponse),
  unary('CancelTask', CancelTaskRequest, Task),
  stream('SubscribeToTask', SubscribeToTaskRequest, StreamResponse),
  unary('CreateTaskPushNotificationConfig', TaskPushNotificationConfig, TaskPushNotificationConfig),
  unary('GetTaskPushNotificationConfig', GetTaskPushNotificationConfigRequest, TaskPushNotificationConfig),
  unary(
    'ListTaskPushNotificationConfigs',
    ListTaskPushNotificationConfigsRequest,
    ListTaskPushNotificationConfigsResponse,
  ),
  unary('DeleteTaskPushNotificationConfig', DeleteTaskPushNotificationConfigRequest, Empty),
  unary('GetExtendedAgentCard', GetExtendedAgentCardRequest, AgentCard),
]
