import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { addressOf } from './interface-address.ts'

const http = (url: string) => addressOf({ url, protocolBinding: 'JSONRPC' })
const grpc = (url: string) => addressOf({ url, protocolBinding: 'GRPC' })

describe('the address of an interface', () => {
  it('is one, however a URL is spelt', () => {
    const spellings = [
      'https://agent.example/a2a',
      'HTTPS://Agent.EXAMPLE:443/a2a/',
      'https://agent.example./a2a?key=1',
      'https://agent.example//a2a//',
      'https://agent.example/x/../%612a',
    ]

    for (const url of spellings) assert.equal(http(url), 'https://agent.example/a2a', url)
    assert.equal(http('https://agent.example'), http('https://agent.example/?'))
    assert.equal(http('https://agent.example/%40a%3ab%7C'), http('https://agent.example/@a:b|'))
    assert.equal(http('https://[::FFFF:10.1.2.3]/a2a'), 'https://10.1.2.3/a2a')
    assert.equal(grpc('[::ffff:a01:203]:443'), grpc('10.1.2.3:443'))
    assert.equal(http('https://agent.example/%c3%a4'), http('https://agent.example/ä'))
  })

  it('is another where scheme, host, port or path are', () => {
    const others = [
      'http://agent.example/a2a',
      'https://www.agent.example/a2a',
      'https://agent.example:8443/a2a',
      'https://agent.example/A2A',
      'https://agent.example/a2a/b',
      'https://agent.example/a2%2Fb',
      'https://agent.example/',
    ]

    assert.equal(new Set([...others, 'https://agent.example/a2a'].map(http)).size, others.length + 1)
  })

  it('is host and port of a gRPC server', () => {
    for (const url of ['agent.example:443', 'grpcs://AGENT.example', 'https://agent.example/x']) {
      assert.equal(grpc(url), 'grpc://agent.example:443', url)
    }
    assert.notEqual(grpc('agent.example:444'), grpc('agent.example:443'))
  })

  it('is none where no server is named', () => {
    assert.equal(http('urn:agent'), undefined)
    assert.equal(http('no url'), undefined)
    assert.equal(grpc('agent.example'), undefined)
  })
})
