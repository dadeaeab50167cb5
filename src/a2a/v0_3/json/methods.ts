import type { Operation } from '../../operation.ts'

/** The methods of A2A 0.3's JSON-RPC binding. It has none that lists tasks. */
const METHODS: ReadonlyMap<string, Operation> = new Map<string, Operation>([
  ['message/send', 'SendMessage'],
  ['message/stream', 'SendStreamingMessage'],
  ['tasks/get', 'GetTask'],
  ['tasks/cancel', 'CancelTask'],
  ['tasks/resubscribe', 'SubscribeToTask'],
  ['tasks/pushNotificationConfig/set', 'CreateTaskPushNotificationConfig'],
  ['tasks/pushNotificationConfig/get', 'GetTaskPushNotificationConfig'],
  ['tasks/pushNotificationConfig/list', 'ListTaskPushNotificationConfigs'],
  ['tasks/pushNotificationConfig/delete', 'DeleteTaskPushNotificationConfig'],
  ['agent/getAuthenticatedExtendedCard', 'GetExtendedAgentCard'],
])

const NAMES: ReadonlyMap<Operation, string> = new Map(
  [...METHODS].map(([name, operation]) => [operation, name]),
)

export const operationOfMethod = (name: string): Operation | undefined => METHODS.get(name)

/** `undefined` for an operation that 0.3 does not have. */
export const methodOfOperation = (operation: Operation): string | undefined => NAMES.get(operation)
