import type { DefaultRequestHandler } from '@a2a-js/sdk/server'
import { jsonRpcHandler, restHandler, UserBuilder } from '@a2a-js/sdk/server/express'
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express'
import type { VerifyParleyToken } from '../verify-parley/parley-token.ts'
import { requireParley } from '../verify-parley/require-parley.ts'
import { type CardParts, createCard, createFormCard } from './card.ts'
import { connection } from './dropping.ts'
import { activateExtensions } from './extension.ts'
import { commitFault } from './faults.ts'
import { FORMS, formPath } from './forms.ts'
import { readHttpCall } from './http-call.ts'
import { recordReceived } from './received.ts'
import type { SkillBook } from './skill-book.ts'

const CARD_PATH = '/.well-known/agent-card.json'

type HttpParts = {
  readonly requestHandler: DefaultRequestHandler
  readonly book: SkillBook
  readonly card: CardParts
  readonly maxBodyBytes: number
  readonly recordFile: string | undefined
  /** Calls are refused unless their token is good; cards are for everybody. */
  readonly verify: VerifyParleyToken | undefined
}

/** Both versions of A2A over JSON-RPC at `/` and over REST below `/rest`, and every card. */
export function mountHttp(
  app: Express,
  { requestHandler, book, card, maxBodyBytes, recordFile, verify }: HttpParts,
): void {
  const options = {
    requestHandler,
    userBuilder: UserBuilder.noAuthentication,
    contextBuilder: activateExtensions,
    legacyCompat: { enabled: true },
  }
  app.get(CARD_PATH, (_request, response) => {
    response.json(createCard(card))
  })
  for (const form of FORMS) {
    app.get(`${formPath(form)}${CARD_PATH}`, (_request, response) => {
      response.json(createFormCard(card, form))
    })
  }
  if (verify) app.use(requireParley(verify))
  app.use(express.json({ type: ['application/json', 'application/a2a+json'], limit: maxBodyBytes }))
  app.use(refuseBrokenJson, watch(book, recordFile))
  // REST first: the JSON-RPC handler refuses other content types for every path below its own.
  app.use('/rest', restHandler(options))
  app.use('/', jsonRpcHandler(options))
}

const watch =
  (book: SkillBook, recordFile: string | undefined): RequestHandler =>
  (request, response, next) => {
    const call = readHttpCall(request, book)
    if (call && recordFile !== undefined) recordReceived(recordFile, call, (name) => request.get(name))
    if (call && commitFault(call, response)) return
    connection.run(request.socket, next)
  }

const refuseBrokenJson: ErrorRequestHandler = (error, _request, response, next) => {
  if (!(error instanceof SyntaxError)) return next(error)
  response.json({ jsonrpc: '2.0', id: null, error: { code: -32700, message: 'The body is not JSON.' } })
}
