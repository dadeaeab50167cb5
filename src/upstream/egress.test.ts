import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createEgress } from './egress.ts'

const https = { url: new URL('http://proxy.example:3128') }
const http = { url: new URL('http://plain.example:3128') }

describe('the way out', () => {
  test('is straight where there is no proxy', () => {
    assert.equal(createEgress({}).proxyFor(new URL('https://agent.example'), '93.184.215.14'), undefined)
    const onlyPlain = createEgress({ proxies: { http, bypass: [] } })
    assert.equal(onlyPlain.proxyFor(new URL('https://agent.example'), '93.184.215.14'), undefined)
  })

  test('is the proxy of the scheme', () => {
    const { proxyFor } = createEgress({ proxies: { https, http, bypass: [] } })
    assert.equal(proxyFor(new URL('https://agent.example'), '93.184.215.14'), https)
    assert.equal(proxyFor(new URL('http://agent.example'), '93.184.215.14'), http)
  })

  test('is straight to this machine, which a proxy would take for its own', () => {
    const { proxyFor } = createEgress({ proxies: { https, http, bypass: [] } })
    for (const address of ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1']) {
      assert.equal(proxyFor(new URL('http://agent.example'), address), undefined, address)
    }
  })

  const bypassed: readonly (readonly [entry: string, url: string, address: string, straight: boolean])[] = [
    ['*', 'https://agent.example', '93.184.215.14', true],
    ['agent.example', 'https://agent.example', '93.184.215.14', true],
    ['agent.example', 'https://a.agent.example', '93.184.215.14', true],
    ['agent.example', 'https://myagent.example', '93.184.215.14', false],
    ['.agent.example', 'https://a.agent.example', '93.184.215.14', true],
    ['*.agent.example', 'https://a.agent.example', '93.184.215.14', true],
    ['AGENT.example.', 'https://agent.example', '93.184.215.14', true],
    ['agent.example:8443', 'https://agent.example:8443', '93.184.215.14', true],
    ['agent.example:8443', 'https://agent.example', '93.184.215.14', false],
    ['agent.example:80', 'http://agent.example', '93.184.215.14', true],
    ['10.0.0.0/8', 'https://agent.example', '10.1.2.3', true],
    ['10.0.0.0/8', 'https://10.1.2.3', '10.1.2.3', true],
    ['10.0.0.0/8', 'https://agent.example', '11.1.2.3', false],
    ['10.1.2.3', 'https://10.1.2.3', '10.1.2.3', true],
    ['10.0.0.0/8:8443', 'https://10.1.2.3', '10.1.2.3', false],
    ['fd00::/8', 'https://[fd00::1]', 'fd00::1', true],
    ['http://agent.example', 'https://agent.example', '93.184.215.14', false],
    ['10.0.0.0/99', 'https://agent.example', '10.1.2.3', false],
    ['.', 'https://agent.example', '93.184.215.14', false],
  ]
  for (const [entry, url, address, straight] of bypassed) {
    test(`to ${url} at ${address} is ${straight ? 'straight' : 'the proxy'} with NO_PROXY=${entry}`, () => {
      const { proxyFor } = createEgress({ proxies: { https, http: https, bypass: ['other.example', entry] } })
      assert.equal(proxyFor(new URL(url), address), straight ? undefined : https)
    })
  }
})
