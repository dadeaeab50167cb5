import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { at, parsed } from './json-path.ts'

/** One call the agent got, with the body as it came over the wire. */
export type AgentCall = {
  readonly headers: IncomingHttpHeaders
  readonly text: string
  readonly method: unknown
  readonly params: unknown
}

/** What the agent says, as JSON text byte for byte: one result, or the results of a stream. */
export type AgentAnswer = { readonly result: string } | { readonly stream: readonly string[] }

/** An agent that answers exact texts, for what an agent built on a library cannot say. */
export type RawAgent = AsyncDisposable & {
  readonly url: string
  readonly card: Readonly<Record<string, unknown>>
  readonly calls: readonly AgentCall[]
}

export async function startRawAgent(
  answer: (call: AgentCall) => AgentAnswer,
  card: Readonly<Record<string, unknown>> = {},
): Promise<RawAgent> {
  const calls: AgentCall[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(Buffer.from(chunk))
    const text = Buffer.concat(chunks).toString()
    if (request.method !== 'POST') {
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify(agentCard(url, card)))
      return
    }
    const body = parsed(text)
    const call = { headers: request.headers, text, method: at(body, 'method'), params: at(body, 'params') }
    calls.push(call)
    const said = answer(call)
    const wrap = (result: string) =>
      `{"jsonrpc":"2.0","id":${JSON.stringify(at(body, 'id'))},"result":${result}}`
    if ('result' in said) {
      response.setHeader('content-type', 'application/json')
      response.end(wrap(said.result))
      return
    }
    response.setHeader('content-type', 'text/event-stream')
    for (const result of said.stream) response.write(`data: ${wrap(result)}\n\n`)
    response.end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${portOf(server.address())}`
  return {
    url,
    calls,
    card: agentCard(url, card),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

export function agentCard(
  url: string,
  more: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> {
  return {
    name: 'Raw agent',
    description: 'Answers exact texts',
    version: '1.0.0',
    supportedInterfaces: [{ url, protocolBinding: 'JSONRPC', protocolVersion: '1.0' }],
    capabilities: {},
    defaultInputModes: ['text/plain', 'application/json'],
    defaultOutputModes: ['text/plain', 'application/json'],
    skills: [{ id: 'raw', name: 'Raw', description: 'Exact texts', tags: ['raw'] }],
    ...more,
  }
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new Error('not listening on a port')
  return address.port
}
