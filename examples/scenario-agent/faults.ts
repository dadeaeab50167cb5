import { SSE_HEADERS } from '@a2a-js/sdk'
import type { Response } from 'express'
import type { HttpCall } from './http-call.ts'
import { numberAt } from './order.ts'

const ENDLESS_CHUNK = 'x'.repeat(65_536)

/** Misbehaves below A2A when the message asks for it. False: nothing was done, the call goes on as usual. */
export function commitFault(call: HttpCall, response: Response): boolean {
  switch (call.order.skill) {
    case 'hang':
      return true
    case 'garbage':
      return answerGarbage(call, response)
    case 'status':
      return answerStatus(call, response)
    default:
      return false
  }
}

function answerStatus({ order }: HttpCall, response: Response): boolean {
  const code = numberAt(order, 0, 503, 599)
  if (code < 400) return false
  if (code === 401) response.setHeader('WWW-Authenticate', 'Bearer')
  if (code === 429) response.setHeader('Retry-After', '1')
  response.status(code).json({ error: `Status ${code}, as asked.` })
  return true
}

function answerGarbage(call: HttpCall, response: Response): boolean {
  const { messageId } = call.message
  switch (call.order.words[0] ?? 'html') {
    case 'html':
      response.type('html').send('<!doctype html><title>Welcome</title><p>This is not A2A.')
      return true
    case 'json':
      response.json({ hello: 'world' })
      return true
    case 'state':
      answerTask(call, response, {
        id: messageId,
        contextId: messageId,
        status: { state: 'TASK_STATE_DREAMING' },
      })
      return true
    case 'shape':
      answerTask(call, response, {
        id: 7,
        contextId: [],
        status: 'done',
        artifacts: { parts: 'none' },
        history: true,
      })
      return true
    case 'huge':
      answerEndlessly(call, response)
      return true
    default:
      return false
  }
}

function answerTask({ streaming, envelope }: HttpCall, response: Response, task: object): void {
  const body = envelope(task)
  if (!streaming) {
    response.json(body)
    return
  }
  response.writeHead(200, SSE_HEADERS)
  response.end(`data: ${JSON.stringify(body)}\n\n`)
}

/** One JSON text that never ends, at the pace the reader sets. */
function answerEndlessly({ streaming }: HttpCall, response: Response): void {
  response.writeHead(200, streaming ? SSE_HEADERS : { 'Content-Type': 'application/json' })
  response.write(streaming ? 'data: {"jsonrpc":"2.0","filler":"' : '{"jsonrpc":"2.0","filler":"')
  const pour = () => {
    if (!response.destroyed && response.write(ENDLESS_CHUNK)) setImmediate(pour)
  }
  response.on('drain', pour)
  pour()
}
