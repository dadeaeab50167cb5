import { AsyncLocalStorage } from 'node:async_hooks'
import type { Socket } from 'node:net'
import type { Message, StreamResponse } from '@a2a-js/sdk'
import { A2AError } from '@a2a-js/sdk/errors'
import type { DefaultRequestHandler } from '@a2a-js/sdk/server'
import { status } from '@grpc/grpc-js'
import type { SkillBook } from './skill-book.ts'
import { eventsBeforeDrop } from './skills/breakdowns.ts'

/** The HTTP/1.1 connection that the current call came over. Calls of gRPC share theirs, so they have none here. */
export const connection = new AsyncLocalStorage<Socket>()

/**
 * Makes `handler` cut the connection of a message that asks for it: a stream after so many events, a unary call as
 * soon as it has begun. Over gRPC only the call ends, as if the connection were lost. The task goes on, because its
 * events are still pulled and stored.
 */
export function cutDroppedCalls(handler: DefaultRequestHandler, book: SkillBook): void {
  const send = handler.sendMessage.bind(handler)
  const stream = handler.sendMessageStream.bind(handler)
  const dropped = new Set<string>()

  const eventsBeforeCut = (message: Message | undefined): number | undefined => {
    if (!message) return undefined
    const order = book.order(message)
    if (order.skill !== 'drop' && order.skill !== 'droponce') return undefined
    if (order.skill === 'droponce') {
      if (dropped.has(message.messageId)) return undefined
      dropped.add(message.messageId)
    }
    return eventsBeforeDrop(order)
  }

  handler.sendMessage = async (request, context) => {
    const answer = send(request, context)
    if (eventsBeforeCut(request.message) !== undefined) {
      const socket = connection.getStore()
      if (!socket) {
        answer.catch(ignore)
        throw new ConnectionLost()
      }
      socket.destroySoon()
    }
    return answer
  }
  handler.sendMessageStream = (request, context) => {
    const events = eventsBeforeCut(request.message)
    const all = stream(request, context)
    return events === undefined ? all : cutAfter(events, all, connection.getStore())
  }
}

async function* cutAfter(
  count: number,
  events: AsyncGenerator<StreamResponse, void, undefined>,
  socket: Socket | undefined,
): AsyncGenerator<StreamResponse, void, undefined> {
  let sent = 0
  for (let step = await events.next(); step.done !== true; step = await events.next()) {
    yield step.value
    sent += 1
    if (sent !== count) continue
    if (!socket) {
      drain(events).catch(ignore)
      throw new ConnectionLost()
    }
    socket.destroySoon()
  }
}

async function drain(events: AsyncIterable<unknown>): Promise<void> {
  for await (const event of events) ignore(event)
}

/** What happens to a dropped call is told by its task. */
const ignore = (_: unknown): void => undefined

/** The SDK answers a gRPC call with the status that its error names. */
class ConnectionLost extends A2AError {
  readonly transport = 'grpc'
  readonly status = status.UNAVAILABLE

  constructor() {
    super('The connection is lost, as asked.')
  }
}
