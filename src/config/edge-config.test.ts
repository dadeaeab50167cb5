import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ParleyError } from '../errors.ts'
import { toConfig } from './config.ts'
import type { Env } from './env.ts'

const facts = { cwd: '/srv', isProduction: false }
const edgeOf = (env: Env) => toConfig(env, facts).edge

const problemsOf = (env: Env): readonly string[] => {
  try {
    toConfig(env, facts)
    return []
  } catch (error) {
    assert.ok(error instanceof ParleyError)
    return error.violations.map(({ pointer }) => pointer)
  }
}

describe('what the edges are configured with', () => {
  it('limits nothing by rate, lists no origin and trusts no proxy unless it is told to', () => {
    assert.deepEqual(edgeOf({}), {
      trustedProxies: [],
      forwarded: 'x-forwarded',
      allowPlaintext: false,
      corsOrigins: [],
      maxStreams: 10_000,
    })
    assert.equal(edgeOf({ RATE_LIMIT: '0' }).rate, undefined)
  })

  it('takes rates with and without what may come at once', () => {
    assert.deepEqual(edgeOf({ RATE_LIMIT: '20' }).rate, { perSecond: 20, burst: 40 })
    assert.deepEqual(edgeOf({ RATE_LIMIT: '20:100' }).rate, { perSecond: 20, burst: 100 })
    assert.deepEqual(edgeOf({ AGENT_RATE_LIMIT: '0.1' }).agentRate, { perSecond: 0.1, burst: 1 })
    for (const text of ['-1', '20:', '20:0', '0.0', '20/s', '20:1.5', 'many', '99999999']) {
      assert.deepEqual(problemsOf({ RATE_LIMIT: text }), ['PARLEY_RATE_LIMIT'], text)
    }
  })

  it('takes origins as browsers write them, and never any', () => {
    const origins = ['https://app.example', 'http://localhost:3000']
    assert.deepEqual(edgeOf({ CORS_ORIGINS: origins.join(', ') }).corsOrigins, origins)
    for (const text of [
      '*',
      'null',
      'https://*.example',
      'app.example',
      'https://app.example/',
      'https://App.example',
      'https://app.example:443',
      'https://user@app.example',
      'file:///x',
    ]) {
      assert.deepEqual(problemsOf({ CORS_ORIGINS: text }), ['PARLEY_CORS_ORIGINS'], text)
    }
  })

  it('asks for client certificates only with all that this takes', () => {
    const tls = { TLS_CERT_FILE: '/c', TLS_KEY_FILE: '/k' }
    const clients = { TLS_CLIENT_CA_FILE: '/ca', CLIENT_CERTIFICATES_FILE: '/list' }

    assert.deepEqual(toConfig({ ...tls, ...clients }, facts).tls?.clients, {
      caFile: '/ca',
      rulesFile: '/list',
    })
    assert.deepEqual(problemsOf(clients), ['PARLEY_TLS_CERT_FILE'])
    assert.deepEqual(problemsOf({ ...tls, TLS_CLIENT_CA_FILE: '/ca' }), ['PARLEY_CLIENT_CERTIFICATES_FILE'])
    assert.deepEqual(problemsOf({ ...tls, CLIENT_CERTIFICATES_FILE: '/list' }), ['PARLEY_TLS_CLIENT_CA_FILE'])
  })
})
