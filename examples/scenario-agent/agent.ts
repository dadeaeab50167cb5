import { once } from 'node:events'
import { createServer } from 'node:http'
import { AgentCard } from '@a2a-js/sdk'
import { DefaultRequestHandler } from '@a2a-js/sdk/server'
import express from 'express'
import { createParleyTokenVerifier } from '../verify-parley/parley-token.ts'
import { type CardParts, createCard, type ScenarioCard } from './card.ts'
import { cutDroppedCalls } from './dropping.ts'
import { createExecutor } from './executor.ts'
import type { Addresses } from './forms.ts'
import { listenGrpc } from './grpc-server.ts'
import { mountHttp } from './http-app.ts'
import { createSkillBook } from './skill-book.ts'
import { createTaskShelf } from './task-shelf.ts'

const MAX_BODY_BYTES = 8 * 1024 * 1024

export type AgentOptions = {
  /** 0 takes a free port. */
  readonly port: number
  /** Default: a free one. */
  readonly grpcPort?: number
  readonly streaming: boolean
  /** Gets one JSON line per received message. */
  readonly recordFile?: string
  /** Calls are refused unless they come from this Parley, to which the agent is known by that id. */
  readonly onlyFrom?: { readonly parley: string; readonly agentId: () => string | undefined }
  /** Ends the process at once, for the skill `crash`. */
  readonly crash: () => void
}

export type ScenarioAgent = AsyncDisposable & Addresses & { readonly card: ScenarioCard }

/**
 * Starts the agent on loopback, in every form: A2A 1.0 and 0.3, over JSON-RPC at `/`, REST at `/rest`, and gRPC on a
 * port of its own. Its card is at the well-known path.
 */
export async function startAgent(options: AgentOptions): Promise<ScenarioAgent> {
  const { port, grpcPort = 0, streaming, recordFile, onlyFrom, crash } = options
  await using opened = new AsyncDisposableStack()
  const book = createSkillBook(crash)
  const stop = new AbortController()
  const app = express().disable('x-powered-by')
  const server = createServer(app)
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  opened.defer(async () => {
    const closed = once(server, 'close')
    server.close()
    server.closeAllConnections()
    await closed
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new TypeError('The agent has no TCP address.')
  const verify =
    onlyFrom && createParleyTokenVerifier({ ...onlyFrom, tenant: 'default', audience: () => audience })
  const grpc = opened.use(await listenGrpc(grpcPort, MAX_BODY_BYTES, verify))
  opened.defer(() => stop.abort())

  const addresses = { url: `http://127.0.0.1:${address.port}`, grpc: grpc.address }
  const parts: CardParts = { addresses, skills: book.listed, streaming }
  const card = createCard(parts)
  const audience = card.supportedInterfaces.map(({ url }) => url)
  const extended = AgentCard.fromJSON(createCard({ ...parts, skills: book.extended }))
  const requestHandler = new DefaultRequestHandler(
    AgentCard.fromJSON(card),
    createTaskShelf(),
    createExecutor(book, stop.signal),
    undefined,
    undefined,
    undefined,
    async () => extended,
  )
  cutDroppedCalls(requestHandler, book)
  const shared = { requestHandler, book, maxBodyBytes: MAX_BODY_BYTES, recordFile }
  mountHttp(app, { ...shared, card: parts, verify })
  grpc.serve(shared)
  const running = opened.move()
  return { ...addresses, card, [Symbol.asyncDispose]: () => running.disposeAsync() }
}
