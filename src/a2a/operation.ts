/** The operations of A2A (1.0 §3.1, §5.3), by the names that JSON-RPC and gRPC give them in 1.0. */
export const UNARY_OPERATIONS = [
  'SendMessage',
  'GetTask',
  'ListTasks',
  'CancelTask',
  'CreateTaskPushNotificationConfig',
  'GetTaskPushNotificationConfig',
  'ListTaskPushNotificationConfigs',
  'DeleteTaskPushNotificationConfig',
  'GetExtendedAgentCard',
] as const

/** Operations that answer with a stream of events. */
const STREAM_OPERATIONS = ['SendStreamingMessage', 'SubscribeToTask'] as const

export const OPERATIONS = [...UNARY_OPERATIONS, ...STREAM_OPERATIONS] as const

export type UnaryOperation = (typeof UNARY_OPERATIONS)[number]
export type StreamOperation = (typeof STREAM_OPERATIONS)[number]
export type Operation = UnaryOperation | StreamOperation
