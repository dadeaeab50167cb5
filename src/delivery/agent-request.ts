import { taskId } from '../a2a/ids.ts'
import { type JsonText, membersOf } from '../a2a/json-text.ts'
import type { Message } from '../a2a/message.ts'
import type { SendMessageRequest } from '../a2a/requests.ts'
import type { TaskEvent } from '../tasks/task-event.ts'
import type { TaskHead } from '../tasks/task-head.ts'
import type { DeliveryDeps } from './delivery.ts'
import { agentRequest } from './translate.ts'

/** A message for its agent, and the extensions to ask for with it. */
export type AgentMessage = {
  readonly request: JsonText<SendMessageRequest>
  readonly extensions: readonly string[]
}

/** The stored message `seq` as its agent shall read it: with the agent's ids in place of ours. */
export async function requestFor(deps: DeliveryDeps, head: TaskHead, seq: number): Promise<AgentMessage> {
  const [[event], context] = await Promise.all([
    deps.store.readEvents(head.id, { after: seq - 1, upTo: seq }),
    head.delivery.agentContextId === undefined ? deps.store.findContext(head) : undefined,
  ])
  if (event === undefined) throw new Error(`task ${head.id} has no event ${seq}`)
  const agentContextId = head.delivery.agentContextId ?? context?.agentContextId
  const references = await referencesOf(deps, head, event.body)
  return {
    request: agentRequest(head, event, agentContextId, references),
    extensions: extensionsOf(event),
  }
}

function extensionsOf({ trailer }: TaskEvent): readonly string[] {
  const text = membersOf(`{${trailer.slice(1)}}`).get('extensions')
  return text === undefined ? [] : (JSON.parse(text) as string[])
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
