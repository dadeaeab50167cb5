import type { StreamResponse } from '../../src/a2a/task.ts'
import { at, listAt, textAt } from '../e2e/json-path.ts'
import { type Endpoint, rpc } from '../e2e/rpc.ts'
import { openStream, payload } from '../e2e/sse.ts'
import { ALL_ABILITIES, type Frame, Refusal, type TasksClient } from './tasks-client.ts'

/** JSON-RPC of 1.0 with nothing between: what a client library drops is seen here. */
export function rawTasksClient(endpoint: Endpoint): TasksClient {
  const call = async <T>(method: string, params: unknown, headers: Readonly<Record<string, string>> = {}) => {
    const reply = await rpc(endpoint, method, params, { headers })
    return resultIn(reply.body) as T
  }
  const keyed = (key: string | undefined): Record<string, string> =>
    key === undefined ? {} : { 'idempotency-key': key }
  return {
    can: ALL_ABILITIES,
    send: (request, options) => call('SendMessage', request, keyed(options?.idempotencyKey)),
    stream: (request, options) =>
      frames(endpoint, 'SendStreamingMessage', request, keyed(options?.idempotencyKey)),
    get: (request) => call('GetTask', request),
    list: (request) => call('ListTasks', request),
    cancel: (request) => call('CancelTask', request),
    subscribe: ({ id, afterSeq }) => {
      const headers: Record<string, string> =
        afterSeq === undefined ? {} : { 'last-event-id': String(afterSeq) }
      return frames(endpoint, 'SubscribeToTask', { id }, headers)
    },
  }
}

async function* frames(
  endpoint: Endpoint,
  method: string,
  params: unknown,
  headers: Readonly<Record<string, string>>,
): AsyncGenerator<Frame, void, undefined> {
  const stream = await opened(endpoint, method, params, headers)
  try {
    for (let event = await stream.next(); event !== undefined; event = await stream.next()) {
      const seq = event.id === '' ? undefined : Number(event.id)
      yield { seq, event: resultIn(payload(event)) as StreamResponse }
    }
  } finally {
    stream.cut()
  }
}

/** A call that is refused before its first event is answered as plain JSON. */
async function opened(...args: Parameters<typeof openStream>): ReturnType<typeof openStream> {
  const [endpoint, method, params, headers = {}] = args
  const accept = { accept: 'text/event-stream', ...headers }
  try {
    return await openStream(endpoint, method, params, headers)
  } catch {
    const reply = await rpc(endpoint, method, params, { headers: accept })
    resultIn(reply.body)
    throw new Error(`neither a stream nor a refusal: ${reply.text}`)
  }
}

/** The result of a JSON-RPC answer; its error becomes a refusal. */
function resultIn(body: unknown): unknown {
  const error = at(body, 'error')
  if (error === undefined) return at(body, 'result')
  const data = listAt(error, 'data')
  const fields = data.flatMap((detail) =>
    at(detail, 'fieldViolations') === undefined ? [] : listAt(detail, 'fieldViolations'),
  )
  const info = data.find((detail) => /ErrorInfo$/.test(textAt(detail, '@type')))
  throw new Refusal(
    textAt(info, 'reason'),
    textAt(error, 'message'),
    fields.map((field) => textAt(field, 'field')),
  )
}
