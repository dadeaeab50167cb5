import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { agentId } from '../a2a/ids.ts'
import { publishedInterfaces } from './published-interfaces.ts'

const agent = { id: agentId('agent-1'), slug: 'echo' }
const url = 'https://gw.example/a2a/agent-1'

describe('the interfaces we publish', () => {
  it('are every binding in every version, 1.0 first and JSON-RPC foremost', () => {
    const interfaces = publishedInterfaces(agent, { http: 'https://gw.example/', grpc: [] })

    assert.deepEqual(interfaces, [
      { url, protocolBinding: 'JSONRPC', protocolVersion: '1.0' },
      { url, protocolBinding: 'HTTP+JSON', protocolVersion: '1.0' },
      { url, protocolBinding: 'JSONRPC', protocolVersion: '0.3' },
      { url, protocolBinding: 'HTTP+JSON', protocolVersion: '0.3' },
    ])
  })

  it('name the agent to a gRPC listener that serves others too, and are all of one that is its own', () => {
    const overGrpc = (listener: string) =>
      publishedInterfaces(agent, {
        http: 'https://gw.example',
        grpc: [{ url: 'gw.example:1' }, { url: 'gw.example:2', agent: listener }],
      }).filter(({ protocolBinding }) => protocolBinding === 'GRPC')
    const shared = { url: 'gw.example:1', protocolBinding: 'GRPC', protocolVersion: '1.0', tenant: 'agent-1' }
    const own = { url: 'gw.example:2', protocolBinding: 'GRPC' }

    for (const name of ['echo', 'agent-1']) {
      assert.deepEqual(overGrpc(name), [
        { ...own, protocolVersion: '1.0' },
        shared,
        { ...own, protocolVersion: '0.3' },
      ])
    }
    assert.deepEqual(overGrpc('another'), [shared, { ...shared, url: 'gw.example:2' }])
  })
})
