import { appendFileSync } from 'node:fs'
import { Message } from '@a2a-js/sdk'
import type { Request } from 'express'
import type { Order } from './order.ts'
import type { SkillBook } from './skill-book.ts'

/** A message as it came over HTTP, before the SDK sees it. */
export type Received = {
  readonly message: Message
  readonly order: Order
  readonly streaming: boolean
  /** Wraps a result as the caller's binding expects it. */
  readonly envelope: (result: unknown) => unknown
}

/** The message that the call sends; `undefined` for every other call. */
export function readReceived({ path, body }: Request, book: SkillBook): Received | undefined {
  const call = path === '/' ? fromJsonRpc(body) : fromRest(path, body)
  if (!call || !isRecord(call.message)) return undefined
  const message = parseMessage(call.message)
  return (
    message && { message, order: book.order(message), streaming: call.streaming, envelope: call.envelope }
  )
}

/** Appends one JSON line; synchronous, so that a line outlives a crash in the next instruction. */
export function recordReceived(file: string, { message, order }: Received, traceparent: string | undefined) {
  const line = {
    messageId: message.messageId,
    taskId: message.taskId || null,
    contextId: message.contextId || null,
    skill: order.skill,
    at: new Date().toISOString(),
    traceparent: traceparent ?? null,
  }
  appendFileSync(file, `${JSON.stringify(line)}\n`)
}

/** `undefined` for what the SDK cannot read; its own handler answers that. */
function parseMessage(value: Record<string, unknown>): Message | undefined {
  try {
    return Message.fromJSON(value)
  } catch {
    return undefined
  }
}

type Call = Pick<Received, 'streaming' | 'envelope'> & { readonly message: unknown }

function fromJsonRpc(body: unknown): Call | undefined {
  if (!isRecord(body) || !isRecord(body.params)) return undefined
  const { id = null, method, params } = body
  if (method !== 'SendMessage' && method !== 'SendStreamingMessage') return undefined
  return {
    message: params.message,
    streaming: method === 'SendStreamingMessage',
    envelope: (result) => ({ jsonrpc: '2.0', id, result }),
  }
}

function fromRest(path: string, body: unknown): Call | undefined {
  const streaming = path.endsWith('/message:stream')
  if (!isRecord(body) || (!streaming && !path.endsWith('/message:send'))) return undefined
  return { message: body.message, streaming, envelope: (result) => result }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
