import { hash } from 'node:crypto'
import { createServer } from 'node:http'
import { numberAt } from './json-path.ts'

/** Serves one card, told by its ETag, as a publisher does. */
export type CardServer = AsyncDisposable & {
  readonly url: string
  /** What is served from now on. */
  serve(card: object): void
  /** How often it was asked, and how often it said that the card is the same. */
  readonly counts: () => { readonly asked: number; readonly unchanged: number }
}

export async function startCardServer(): Promise<CardServer> {
  let body = '{}'
  let asked = 0
  let unchanged = 0
  const server = createServer((request, response) => {
    asked++
    const etag = `"${hash('sha256', body)}"`
    response.setHeader('etag', etag)
    response.setHeader('content-type', 'application/json')
    if (request.headers['if-none-match'] === etag) {
      unchanged++
      response.writeHead(304).end()
    } else {
      response.end(body)
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${numberAt(server.address(), 'port')}/card.json`,
    serve(card) {
      body = JSON.stringify(card)
    },
    counts: () => ({ asked, unchanged }),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
