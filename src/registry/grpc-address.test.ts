import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { grpcAddressProblem, isSameGrpcAddress, parseGrpcAddress } from './grpc-address.ts'

describe('the address of a gRPC server', () => {
  it('is host:port, or a URL whose scheme says whether it speaks TLS', () => {
    const spelt = {
      'Agent.example:50051': { host: 'agent.example', port: 50051 },
      '127.0.0.1:80': { host: '127.0.0.1', port: 80 },
      '[::1]:443': { host: '[::1]', port: 443 },
      'http://agent.example:50051': { host: 'agent.example', port: 50051, tls: false },
      'https://agent.example': { host: 'agent.example', port: 443, tls: true },
      'grpc://agent.example:50051/': { host: 'agent.example', port: 50051, tls: false },
      'GRPCS://agent.example': { host: 'agent.example', port: 443, tls: true },
      'http:8080': { host: 'http', port: 8080 },
    }
    for (const [text, address] of Object.entries(spelt)) {
      assert.deepEqual(parseGrpcAddress(text), address, text)
      assert.equal(grpcAddressProblem(text), undefined, text)
    }
  })

  it('is nothing else', () => {
    const others = [
      '',
      'agent.example',
      ':50051',
      'agent.example:0',
      'agent.example:70000',
      'agent example:1',
      'user@agent.example:1',
      'agent.example:1/path',
      'javascript://agent.example:1',
      'dns:///agent.example:1',
      'ftp://agent.example',
      'https://user:password@agent.example',
      'grpc://',
      `${'a'.repeat(3000)}:1`,
    ]
    for (const text of others) assert.notEqual(grpcAddressProblem(text), undefined, text)
  })

  it('is the same however it is spelt', () => {
    assert.ok(isSameGrpcAddress('GW.example:443', 'https://gw.example'))
    assert.ok(isSameGrpcAddress('grpc://gw.example:50051', 'gw.example:50051'))
    assert.ok(!isSameGrpcAddress('gw.example:50051', 'gw.example:50052'))
    assert.ok(!isSameGrpcAddress('nothing', 'nothing'))
  })

  it('is judged without throwing, whatever the text', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        grpcAddressProblem(text)
        parseGrpcAddress(text)
      }),
    )
  })
})
