/**
 * An A2A agent that costs next to nothing, so that what is measured is the gateway. It answers over JSON-RPC, whole or
 * as a stream. What the message says decides what the task does:
 *
 * - `big <n>`: an artifact of n characters
 * - `ticks <n>`: from the next `POST /go` on, a chunk per second, n in all
 * - anything else: an artifact with the same text
 */
import { randomUUID } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { at, textAt } from './json-path.ts'
import { serveUntilOrphaned } from './serve-until-orphaned.ts'

type Task = { readonly taskId: string; readonly contextId: string }
type Emit = (event: unknown) => void

const TICK_MS = 1000
let waiting: (() => void)[] = []

serveUntilOrphaned(async (request, response) => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(Buffer.from(chunk))
  if (request.url === '/go') {
    const starts = waiting
    waiting = []
    for (const start of starts) start()
    response.end()
    return
  }
  answer(JSON.parse(Buffer.concat(chunks).toString()), response)
})

function answer(body: unknown, response: ServerResponse): void {
  const id = at(body, 'id')
  const text = textAt(body, 'params', 'message', 'parts', 0, 'text')
  const contextId = at(body, 'params', 'message', 'contextId')
  const task = { taskId: randomUUID(), contextId: typeof contextId === 'string' ? contextId : randomUUID() }
  const result = (event: unknown) => JSON.stringify({ jsonrpc: '2.0', id, result: event })
  if (at(body, 'method') !== 'SendStreamingMessage') {
    response.setHeader('content-type', 'application/json')
    const artifacts = [artifactOf(textFor(text))]
    response.end(result({ task: { ...taskOf(task, 'TASK_STATE_COMPLETED'), artifacts } }))
    return
  }
  response.setHeader('content-type', 'text/event-stream')
  const emit: Emit = (event) => response.write(`data: ${result(event)}\n\n`)
  emit({ task: taskOf(task, 'TASK_STATE_SUBMITTED') })
  const end = () => {
    emit({ statusUpdate: { ...task, status: statusOf('TASK_STATE_COMPLETED') } })
    response.end()
  }
  const [command, count] = text.split(' ')
  if (command === 'ticks') waiting.push(() => tick(task, Number(count), emit, end))
  else {
    emit({ artifactUpdate: { ...task, artifact: artifactOf(textFor(text)), lastChunk: true } })
    end()
  }
}

function tick(task: Task, count: number, emit: Emit, end: () => void): void {
  let sent = 0
  const timer = setInterval(() => {
    const append = sent > 0
    emit({
      artifactUpdate: { ...task, artifact: artifactOf(`${Date.now()} `), ...(append ? { append } : {}) },
    })
    if (++sent < count) return
    clearInterval(timer)
    end()
  }, TICK_MS)
}

function textFor(text: string): string {
  const [command, size] = text.split(' ')
  return command === 'big' ? 'x'.repeat(Number(size)) : text
}

const artifactOf = (text: string) => ({ artifactId: 'answer', parts: [{ text }] })

const taskOf = ({ taskId, contextId }: Task, state: string) => ({
  id: taskId,
  contextId,
  status: statusOf(state),
})

const statusOf = (state: string) => ({ state, timestamp: new Date().toISOString() })
