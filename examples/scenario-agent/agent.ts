import { once } from 'node:events'
import { createServer } from 'node:http'
import { AgentCard } from '@a2a-js/sdk'
import { DefaultRequestHandler } from '@a2a-js/sdk/server'
import { jsonRpcHandler, restHandler, UserBuilder } from '@a2a-js/sdk/server/express'
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express'
import { createCard, type ScenarioCard } from './card.ts'
import { connection, cutDroppedCalls } from './dropping.ts'
import { createExecutor } from './executor.ts'
import { commitFault } from './faults.ts'
import { readReceived, recordReceived } from './received.ts'
import { createSkillBook, type SkillBook } from './skill-book.ts'
import { createTaskShelf } from './task-shelf.ts'

const MAX_BODY_BYTES = 8 * 1024 * 1024

export type AgentOptions = {
  /** 0 takes a free port. */
  readonly port: number
  readonly streaming: boolean
  /** Gets one JSON line per received message. */
  readonly recordFile?: string
  /** Ends the process at once, for the skill `crash`. */
  readonly crash: () => void
}

export type ScenarioAgent = AsyncDisposable & { readonly url: string; readonly card: ScenarioCard }

/** Starts the agent on loopback: JSON-RPC at `/`, REST at `/rest`, its card at the well-known path. */
export async function startAgent({
  port,
  streaming,
  recordFile,
  crash,
}: AgentOptions): Promise<ScenarioAgent> {
  const book = createSkillBook(crash)
  const stop = new AbortController()
  const app = express().disable('x-powered-by')
  const server = createServer(app)
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new TypeError('The agent has no TCP address.')

  const url = `http://127.0.0.1:${address.port}`
  const card = createCard(url, book.listed, streaming)
  mountAgent(app, card, book, stop.signal, recordFile)
  return {
    url,
    card,
    async [Symbol.asyncDispose]() {
      stop.abort()
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

function mountAgent(
  app: Express,
  card: ScenarioCard,
  book: SkillBook,
  signal: AbortSignal,
  recordFile?: string,
): void {
  const requestHandler = new DefaultRequestHandler(
    AgentCard.fromJSON(card),
    createTaskShelf(),
    createExecutor(book, signal),
  )
  cutDroppedCalls(requestHandler, book)
  const options = { requestHandler, userBuilder: UserBuilder.noAuthentication }

  app.get('/.well-known/agent-card.json', (_request, response) => {
    response.json(card)
  })
  app.use(express.json({ type: ['application/json', 'application/a2a+json'], limit: MAX_BODY_BYTES }))
  app.use(refuseBrokenJson, receive(book, recordFile))
  // REST first: the JSON-RPC handler refuses other content types for every path below its own.
  app.use('/rest', restHandler(options))
  app.use('/', jsonRpcHandler(options))
}

const receive =
  (book: SkillBook, recordFile?: string): RequestHandler =>
  (request, response, next) => {
    const received = readReceived(request, book)
    if (received && recordFile !== undefined) {
      recordReceived(recordFile, received, request.get('traceparent'))
    }
    if (received && commitFault(received, response)) return
    connection.run(request.socket, next)
  }

const refuseBrokenJson: ErrorRequestHandler = (error, _request, response, next) => {
  if (!(error instanceof SyntaxError)) return next(error)
  response.json({ jsonrpc: '2.0', id: null, error: { code: -32700, message: 'The body is not JSON.' } })
}
