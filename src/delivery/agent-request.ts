import { taskId } from '../a2a/ids.ts'
import type { JsonText } from '../a2a/json-text.ts'
import type { Message } from '../a2a/message.ts'
import type { SendMessageRequest } from '../a2a/requests.ts'
import type { TaskHead } from '../tasks/task-head.ts'
import type { DeliveryDeps } from './delivery.ts'
import { agentRequest } from './translate.ts'

/** The stored message `seq` as its agent shall read it: with the agent's ids in place of ours. */
export async function requestFor(
  deps: DeliveryDeps,
  head: TaskHead,
  seq: number,
): Promise<JsonText<SendMessageRequest>> {
  const [[event], context] = await Promise.all([
    deps.store.readEvents(head.id, { after: seq - 1, upTo: seq }),
    head.delivery.agentContextId === undefined ? deps.store.findContext(head) : undefined,
  ])
  if (event === undefined) throw new Error(`task ${head.id} has no event ${seq}`)
  const agentContextId = head.delivery.agentContextId ?? context?.agentContextId
  return agentRequest(head, event, agentContextId, await referencesOf(deps, head, event.body))
}

/** Our ids of the tasks a message refers to, and the agent's for the same. */
async function referencesOf(
  deps: DeliveryDeps,
  head: TaskHead,
  message: JsonText<Message>,
): Promise<ReadonlyMap<string, string>> {
  if (!message.includes('"referenceTaskIds"')) return new Map()
  const { referenceTaskIds = [] } = JSON.parse(message) as Message
  const heads = await Promise.all(referenceTaskIds.map((id) => deps.store.findHead(taskId(id))))
  return new Map(
    heads.flatMap((known): [string, string][] => {
      const isSame =
        known?.owner === head.owner && known.tenant === head.tenant && known.agentId === head.agentId
      return isSame && known.delivery.agentTaskId !== undefined
        ? [[known.id, known.delivery.agentTaskId]]
        : []
    }),
  )
}
