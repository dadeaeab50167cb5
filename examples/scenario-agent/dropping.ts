import { AsyncLocalStorage } from 'node:async_hooks'
import type { Socket } from 'node:net'
import type { Message, StreamResponse } from '@a2a-js/sdk'
import type { DefaultRequestHandler } from '@a2a-js/sdk/server'
import type { SkillBook } from './skill-book.ts'
import { eventsBeforeDrop } from './skills/breakdowns.ts'

/** The connection that the current call came over. */
export const connection = new AsyncLocalStorage<Socket>()

/**
 * Makes `handler` cut the connection of a message that asks for it: a stream after so many events, a unary call as
 * soon as it has begun. The task goes on, because its events are still pulled and stored.
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
    if (eventsBeforeCut(request.message) !== undefined) connection.getStore()?.destroySoon()
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
  events: AsyncIterable<StreamResponse>,
  socket: Socket | undefined,
): AsyncGenerator<StreamResponse, void, undefined> {
  let sent = 0
  for await (const event of events) {
    yield event
    sent += 1
    if (sent === count) socket?.destroySoon()
  }
}
