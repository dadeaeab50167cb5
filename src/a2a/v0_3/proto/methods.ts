import { Empty, type ProtoMethod, serviceOf } from '../../proto/proto-method.ts'
import { AgentCard } from './card-messages.ts'
import {
  CancelTaskRequest,
  CreateTaskPushNotificationConfigRequest,
  DeleteTaskPushNotificationConfigRequest,
  GetAgentCardRequest,
  GetTaskPushNotificationConfigRequest,
  GetTaskRequest,
  ListTaskPushNotificationConfigRequest,
  ListTaskPushNotificationConfigResponse,
  SendMessageRequest,
  SendMessageResponse,
  StreamResponse,
  Task,
  TaskPushNotificationConfig,
  TaskSubscriptionRequest,
} from './messages.ts'

const { unary, stream } = serviceOf('a2a.v1.A2AService')

export const V0_3_METHODS: readonly ProtoMethod[] = [
  unary('SendMessage', SendMessageRequest, SendMessageResponse),
  stream('SendStreamingMessage', SendMessageRequest, StreamResponse),
  unary('GetTask', GetTaskRequest, Task),
  unary('CancelTask', CancelTaskRequest, Task),
  stream('SubscribeToTask', TaskSubscriptionRequest, StreamResponse, 'TaskSubscription'),
  unary(
    'CreateTaskPushNotificationConfig',
    CreateTaskPushNotificationConfigRequest,
    TaskPushNotificationConfig,
  ),
  unary('GetTaskPushNotificationConfig', GetTaskPushNotificationConfigRequest, TaskPushNotificationConfig),
  unary(
    'ListTaskPushNotificationConfigs',
    ListTaskPushNotificationConfigRequest,
    ListTaskPushNotificationConfigResponse,
    'ListTaskPushNotificationConfig',
  ),
  unary('DeleteTaskPushNotificationConfig', DeleteTaskPushNotificationConfigRequest, Empty),
  unary('GetExtendedAgentCard', GetAgentCardRequest, AgentCard, 'GetAgentCard'),
]
