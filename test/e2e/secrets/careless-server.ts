import { createServer, type IncomingHttpHeaders } from 'node:http'
import { at, numberAt, parsed } from '../json-path.ts'

/** What came in: all of it is shown to nobody but the test. */
export type Received = { readonly url: string; readonly headers: IncomingHttpHeaders; readonly body: string }

/**
 * Agents and an authorization server in one. Below `/good` an agent completes tasks; elsewhere one fails, in its own way, and repeats everything it was told, credentials too; so does `/token/bad`. `/token`
 * answers `accessToken`.
 */
export type CarelessServer = AsyncDisposable & {
  readonly url: string
  readonly received: readonly Received[]
}

export async function startCarelessServer(accessToken: string): Promise<CarelessServer> {
  const received: Received[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(Buffer.from(chunk))
    const body = Buffer.concat(chunks).toString()
    const { url = '/', headers } = request
    received.push({ url, headers, body })
    const answer = (status: number, value: unknown) => {
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(JSON.stringify(value))
    }
    const repeated = JSON.stringify({ url, headers, body })
    if (url.startsWith('/metadata')) {
      return answer(200, { issuer: `${base}/metadata`, token_endpoint: `${base}/token` })
    }
    if (url.startsWith('/token/bad')) {
      return answer(400, { error: 'invalid_client', error_description: repeated })
    }
    if (url.startsWith('/token')) {
      return answer(200, { access_token: accessToken, token_type: 'Bearer', expires_in: 600 })
    }
    if (url.startsWith('/careless')) return answer(500, { error: repeated })
    if (url.startsWith('/refuses')) return answer(401, { error: repeated })
    if (url.startsWith('/mumbles')) {
      response.setHeader('content-type', 'application/json')
      return response.end(repeated.slice(0, -1))
    }
    const call = parsed(body)
    if (url.startsWith('/babbles')) {
      return answer(200, {
        jsonrpc: '2.0',
        id: at(call, 'id'),
        result: { [repeated]: repeated, task: repeated },
      })
    }
    if (url.startsWith('/complains')) {
      const error = { code: -32603, message: repeated, data: [{ '@type': 'x', repeated }] }
      return answer(200, { jsonrpc: '2.0', id: at(call, 'id'), error })
    }
    const task = { id: 'their-task', contextId: 'their-context', status: { state: 'TASK_STATE_COMPLETED' } }
    answer(200, { jsonrpc: '2.0', id: at(call, 'id'), result: { task } })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const base = `http://127.0.0.1:${numberAt(server.address(), 'port')}`
  return {
    url: base,
    received,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
