import type { ErrorCode } from '../errors.ts'

/** The failures that A2A has a name for (1.0 §5.4); in the details of an error that is the code in capitals. */
export const A2A_FAILURES: ReadonlySet<ErrorCode> = new Set([
  'task_not_found',
  'task_not_cancelable',
  'push_notification_not_supported',
  'unsupported_operation',
  'content_type_not_supported',
  'invalid_agent_response',
  'extended_agent_card_not_configured',
  'extension_support_required',
  'version_not_supported',
])
