import type { JsonText } from '../a2a/json-text.ts'
import type { Operation } from '../a2a/operation.ts'
import type { SendMessageRequest } from '../a2a/requests.ts'
import type { SendMessageResponse } from '../a2a/task.ts'
import type { Wire } from '../a2a/wire.ts'
import type { Call } from '../access/principal.ts'
import { answerQuestion } from '../registry/directory/answer-question.ts'
import { DIRECTORY } from '../registry/directory/directory-agent.ts'
import type { TasksDeps } from './deps.ts'
import { getOwnHead } from './own-task.ts'
import { refuseUnsupported } from './submit-message.ts'
import type { StreamFrame, TaskStream } from './tasks.ts'

/** A message to Parley's own agent, answered at once with a message: it makes no task, and nothing is kept. */
export async function askDirectory(
  deps: TasksDeps,
  call: Call,
  { value }: Wire<SendMessageRequest>,
  operation: Operation = 'SendMessage',
): Promise<JsonText<SendMessageResponse>> {
  const agent = await deps.registry.get(call, DIRECTORY, 'invoke', operation)
  refuseUnsupported(value)
  const { message } = value
  for (const task of [message.taskId ?? '', ...(message.referenceTaskIds ?? [])]) {
    if (task !== '') await getOwnHead(deps, call, agent, task)
  }
  return `{"message":${await answerQuestion(deps.registry, call, message, deps.newId())}}`
}

/** The same as a stream of one event. */
export async function streamFromDirectory(
  deps: TasksDeps,
  call: Call,
  request: Wire<SendMessageRequest>,
): Promise<TaskStream> {
  const event = await askDirectory(deps, call, request, 'SendStreamingMessage')
  async function* once(): AsyncGenerator<StreamFrame, void, undefined> {
    yield { event }
  }
  return once()
}
