import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { securityOf } from '../a2a/security.ts'
import { NOTHING } from '../access/credentials/present-credentials.ts'
import { AgentFailure } from '../delivery/agent-client.ts'
import { never } from './agent-calls.case.ts'
import { openGrpcAgent } from './grpc-agent.case.ts'
import { ADA, openClient, openLoopbackServer, targetOf } from './loopback-server.case.ts'

const TOKEN = Array.from({ length: 200 }, (_, index) => index.toString(36).padStart(2, '0')).join('')

/** All that is said of a failure to the client and to the operator. */
async function saidBy(agent: 'JSONRPC' | 'GRPC', message: string): Promise<string> {
  const credentials = {
    present: async () => ({ ...NOTHING, schemes: ['token'], headers: { authorization: `Bearer ${TOKEN}` } }),
  }
  const security = securityOf({ securityRequirements: [{ schemes: { token: {} } }] })
  await using client = openClient({}, { credentials })
  await using http = await openLoopbackServer(({ response, body }) => {
    const { id } = JSON.parse(body)
    response.end(JSON.stringify({ jsonrpc: '2.0', id, error: { code: -32602, message } }))
  })
  await using grpc = await openGrpcAgent((exchange) => exchange.end({ code: 3, details: message }))
  const { via } = grpc.target()
  const target =
    agent === 'GRPC' ? targetOf(`grpc://${via.url}`, { protocolBinding: 'GRPC' }) : targetOf(http.url)
  const failure = await client.getTask({ ...target, security }, 't', { signal: never, onBehalfOf: ADA }).then(
    () => assert.fail('the agent refused'),
    (error: unknown) => error,
  )
  assert.ok(failure instanceof AgentFailure)
  assert.deepEqual([failure.kind, failure.code], ['refused', 'invalid_params'])
  const words = [failure.message]
  for (let { cause } = failure; cause instanceof Error; cause = cause.cause) words.push(cause.message)
  return words.join('\n')
}

describe('what an agent says in its error', () => {
  for (const agent of ['JSONRPC', 'GRPC'] as const) {
    it(`is told without what we showed it, also where it is cut off within that, over ${agent}`, async () => {
      assert.match(await saidBy(agent, 'no such thing'), /no such thing/)
      for (const before of [0, 700, 1000, 1010]) {
        const said = await saidBy(agent, `${'x'.repeat(before)} got Bearer ${TOKEN} from you`)
        assert.match(said, /x got \[redacted\]|\n got \[redacted\]/)
        assert.ok(!said.includes(TOKEN.slice(0, 8)), said)
      }
    })
  }
})
