import { appendFileSync } from 'node:fs'
import { Message } from '@a2a-js/sdk'
import type { Form } from './forms.ts'
import type { Order } from './order.ts'
import type { SkillBook } from './skill-book.ts'

/** A message as it came, before the SDK's handlers see it. */
export type Received = Form & {
  readonly message: Message
  readonly order: Order
}

/** A header of the call, by its lower-case name. */
type ReadHeader = (name: string) => string | undefined

/** What the SDK can read of a message of either version; `undefined` when it cannot. */
export function parseMessage(value: unknown): Message | undefined {
  if (!isRecord(value)) return undefined
  try {
    // 0.3 over REST calls the parts "content". The marks that tell its other parts apart do not matter here.
    return Message.fromJSON({ ...value, parts: value.parts ?? value.content })
  } catch {
    return undefined
  }
}

export const receive = (form: Form, message: Message, book: SkillBook): Received => ({
  ...form,
  message,
  order: book.order(message),
})

const A2A_HEADERS = ['a2a-version', 'a2a-extensions', 'x-a2a-extensions']

/** Appends one JSON line; synchronous, so that a line outlives a crash in the next instruction. */
export function recordReceived(file: string, received: Received, header: ReadHeader): void {
  const { message, order, version, binding } = received
  const line = {
    messageId: message.messageId,
    taskId: message.taskId || null,
    contextId: message.contextId || null,
    skill: order.skill,
    version,
    binding,
    headers: Object.fromEntries(
      A2A_HEADERS.flatMap((name) => {
        const value = header(name)
        return value === undefined ? [] : [[name, value]]
      }),
    ),
    at: new Date().toISOString(),
    traceparent: header('traceparent') ?? null,
  }
  appendFileSync(file, `${JSON.stringify(line)}\n`)
}

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
