import type { Request } from 'express'
import type { Form } from './forms.ts'
import { isRecord, parseMessage, type Received, receive } from './received.ts'
import type { SkillBook } from './skill-book.ts'

/** A call over HTTP that sends a message. */
export type HttpCall = Received & {
  readonly streaming: boolean
  /** The answer that says `task`, as the caller's form writes it. */
  readonly envelope: (task: object) => unknown
}

/** The message that the call sends, in whatever form; `undefined` for every other call. */
export function readHttpCall({ path, body }: Request, book: SkillBook): HttpCall | undefined {
  const call = path === '/' ? fromJsonRpc(body) : fromRest(path, body)
  const message = parseMessage(call?.message)
  if (!call || !message) return undefined
  const { form, streaming, envelope } = call
  return { ...receive(form, message, book), streaming, envelope }
}

type Call = Pick<HttpCall, 'streaming' | 'envelope'> & { readonly form: Form; readonly message: unknown }

const METHODS: Readonly<Record<string, Pick<Form, 'version'> & { readonly streaming: boolean }>> = {
  SendMessage: { version: '1.0', streaming: false },
  SendStreamingMessage: { version: '1.0', streaming: true },
  'message/send': { version: '0.3', streaming: false },
  'message/stream': { version: '0.3', streaming: true },
}

function fromJsonRpc(body: unknown): Call | undefined {
  if (!isRecord(body) || !isRecord(body.params) || typeof body.method !== 'string') return undefined
  const { id = null, params } = body
  const method = Object.hasOwn(METHODS, body.method) ? METHODS[body.method] : undefined
  if (method === undefined) return undefined
  const { version, streaming } = method
  return {
    form: { version, binding: 'JSONRPC' },
    message: params.message,
    streaming,
    envelope: (task) => ({
      jsonrpc: '2.0',
      id,
      result: version === '1.0' ? { task } : { kind: 'task', ...task },
    }),
  }
}

function fromRest(path: string, body: unknown): Call | undefined {
  const streaming = path.endsWith('/message:stream')
  if (!isRecord(body) || (!streaming && !path.endsWith('/message:send'))) return undefined
  return {
    form: { version: path.startsWith('/rest/v1/') ? '0.3' : '1.0', binding: 'HTTP+JSON' },
    message: body.message ?? body.request,
    streaming,
    envelope: (task) => ({ task }),
  }
}
