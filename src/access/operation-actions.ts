import type { Operation } from '../a2a/operation.ts'
import type { Action } from './access.ts'

/** What each operation of A2A is to those who decide about access. */
export const ACTION_OF: Readonly<Record<Operation, Action>> = {
  SendMessage: 'invoke',
  SendStreamingMessage: 'invoke',
  GetTask: 'read',
  ListTasks: 'read',
  SubscribeToTask: 'read',
  CancelTask: 'cancel',
  CreateTaskPushNotificationConfig: 'invoke',
  GetTaskPushNotificationConfig: 'read',
  ListTaskPushNotificationConfigs: 'read',
  DeleteTaskPushNotificationConfig: 'invoke',
  GetExtendedAgentCard: 'discover',
}
