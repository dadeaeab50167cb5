import { createServer } from 'node:http'
import { numberAt } from './json-path.ts'

/** Serves one key set, as a publisher of cards does, and counts how often it is asked for. */
export type KeyServer = AsyncDisposable & { readonly url: string; readonly asked: () => number }

export async function startKeyServer(keys: readonly object[]): Promise<KeyServer> {
  let asked = 0
  const server = createServer((_request, response) => {
    asked++
    response.setHeader('content-type', 'application/jwk-set+json')
    response.end(JSON.stringify({ keys }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${numberAt(server.address(), 'port')}`,
    asked: () => asked,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
