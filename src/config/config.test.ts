import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ParleyError } from '../errors.ts'
import { toConfig } from './config.ts'
import type { Env } from './env.ts'

const facts = { cwd: '/srv', isProduction: false }

/** The settings that were refused, as the error names them. */
function problemsOf(env: Env, isProduction = false): readonly string[] {
  try {
    toConfig(env, { ...facts, isProduction })
    return []
  } catch (error) {
    assert.ok(error instanceof ParleyError)
    assert.equal(error.code, 'invalid_params')
    return error.violations.map(({ pointer }) => pointer)
  }
}

describe('the configuration', () => {
  it('needs no settings: SQLite in ./data, on loopback, anonymous readers welcome', () => {
    const config = toConfig({}, facts)

    assert.deepEqual([config.host, config.port, config.role], ['127.0.0.1', 7420, 'all'])
    assert.deepEqual(config.backend, { kind: 'sqlite', path: '/srv/data/parley.db' })
    assert.deepEqual([config.anonymous, config.demo, config.publicUrl], [true, false, undefined])
    assert.deepEqual([config.allowAgents, config.allowCards], [[], []])
  })

  it('takes addresses and ranges for proxies, and nothing else', () => {
    const behind = (proxies: string) => problemsOf({ HOST: '0.0.0.0', TRUSTED_PROXIES: proxies })

    assert.deepEqual(behind('10.0.0.1, 10.1.0.0/16, fd00::/8'), [])
    for (const bad of ['none', '10.0.0.0/33', 'proxy.internal', '10.0.0.1/8/8', '10.0.0.1/x']) {
      assert.deepEqual(behind(bad), ['PARLEY_TRUSTED_PROXIES'], bad)
    }
  })

  it('names every problem at once, and the text that caused it', () => {
    const env = { PORT: '70000', ROLE: 'boss', DEMO: 'yes', PUBLIC_URL: 'ftp://x', MAX_WAIT_MS: '-1' }

    assert.deepEqual(problemsOf(env).toSorted(), [
      'PARLEY_DEMO',
      'PARLEY_MAX_WAIT_MS',
      'PARLEY_PORT',
      'PARLEY_PUBLIC_URL',
      'PARLEY_ROLE',
    ])
    assert.throws(() => toConfig({ PORT: '70000' }, facts), /PARLEY_PORT is 70000/)
  })

  it('takes numbers as plain digits only', () => {
    for (const text of ['1e3', '0x10', '1.5', ' 1', '+1', '']) {
      assert.deepEqual(problemsOf({ CONCURRENCY: text }), ['PARLEY_CONCURRENCY'], text)
    }
    assert.equal(toConfig({ CONCURRENCY: '7' }, facts).concurrency, 7)
  })

  it('refuses to serve plain HTTP beyond loopback unless told that this is meant', () => {
    for (const HOST of ['0.0.0.0', '::', '10.0.0.1', 'gateway.example']) {
      assert.deepEqual(problemsOf({ HOST }), ['PARLEY_HOST'], HOST)
      assert.deepEqual(problemsOf({ HOST, ALLOW_PLAINTEXT: '1' }), [])
      assert.deepEqual(problemsOf({ HOST, TRUSTED_PROXIES: '10.0.0.0/8' }), [])
    }
    for (const HOST of ['127.0.0.1', '127.9.9.9', '::1', 'localhost'])
      assert.deepEqual(problemsOf({ HOST }), [])
  })

  it('serves beyond loopback over TLS, which takes a certificate and its key', () => {
    const tls = { TLS_CERT_FILE: '/tls/cert.pem', TLS_KEY_FILE: '/tls/key.pem' }

    assert.deepEqual(problemsOf({ HOST: '0.0.0.0', ...tls }), [])
    assert.deepEqual(toConfig(tls, facts).tls, { certFile: '/tls/cert.pem', keyFile: '/tls/key.pem' })
    assert.deepEqual(problemsOf({ TLS_CERT_FILE: 'x' }), ['PARLEY_TLS_KEY_FILE'])
    assert.deepEqual(problemsOf({ TLS_KEY_FILE: 'x' }), ['PARLEY_TLS_CERT_FILE'])
  })

  it('reads gRPC listeners, each with its default agent and public address', () => {
    const env = { GRPC: '7421, [::1]:0=echo', GRPC_PUBLIC_URL: 'grpc.example:443' }

    assert.deepEqual(toConfig(env, facts).grpc, [
      { host: '127.0.0.1', port: 7421, publicAddress: 'grpc.example:443' },
      { host: '::1', port: 0, agent: 'echo' },
    ])
    for (const GRPC of ['x', '70000', '1=', 'a:b', '1:2:3', '=a']) {
      assert.deepEqual(problemsOf({ GRPC }), ['PARLEY_GRPC'], GRPC)
    }
    assert.deepEqual(problemsOf({ GRPC: '0.0.0.0:7421' }), ['PARLEY_GRPC'])
    assert.deepEqual(problemsOf({ GRPC_PUBLIC_URL: 'a:1' }), ['PARLEY_GRPC_PUBLIC_URL'])
    for (const good of ['a.example:1', '[::1]:443', 'grpc://a:80', 'https://a.example']) {
      assert.deepEqual(problemsOf({ GRPC: '0', GRPC_PUBLIC_URL: good }), [], good)
    }
    for (const bad of ['a', 'ftp://a:1', 'a:1/x', 'https://u@a:1', 'a b:1']) {
      assert.deepEqual(problemsOf({ GRPC: '0', GRPC_PUBLIC_URL: bad }), ['PARLEY_GRPC_PUBLIC_URL'], bad)
    }
  })

  it('lets nobody in without a credential beyond loopback unless told so', () => {
    const beyond = { HOST: '0.0.0.0', ALLOW_PLAINTEXT: '1' }

    assert.equal(toConfig(beyond, facts).anonymous, false)
    assert.equal(toConfig({ ...beyond, ANONYMOUS: '1' }, facts).anonymous, true)
    assert.equal(toConfig({ ANONYMOUS: '0' }, facts).anonymous, false)
  })

  it('keeps demo mode to a loopback listener of one process outside production', () => {
    assert.deepEqual(problemsOf({ DEMO: '1' }), [])
    assert.ok(problemsOf({ DEMO: '1', HOST: '0.0.0.0', ALLOW_PLAINTEXT: '1' }).includes('PARLEY_DEMO'))
    assert.deepEqual(problemsOf({ DEMO: '1' }, true), ['PARLEY_DEMO'])
    assert.deepEqual(problemsOf({ DEMO: '1', ROLE: 'api' }), ['PARLEY_DEMO'])
  })

  it('lets demo mode call loopback only, whatever else is allowed', () => {
    const { allowAgents, allowCards, allowIdentity, allowAlerts } = toConfig(
      { DEMO: '1', ALLOW_AGENTS: '10.0.0.0/8', ALLOW_IDENTITY: '10.0.0.0/8', ALLOW_ALERTS: '10.0.0.0/8' },
      facts,
    )

    assert.deepEqual([allowAgents, allowCards, allowIdentity, allowAlerts], Array(4).fill('loopbackOnly'))
  })

  it('fetches cards from where agents may be, unless it has a list of its own', () => {
    const agents = { ALLOW_AGENTS: '10.0.0.0/8, agents.example:8443 ,' }

    assert.deepEqual(toConfig(agents, facts).allowAgents, ['10.0.0.0/8', 'agents.example:8443'])
    assert.deepEqual(toConfig(agents, facts).allowCards, ['10.0.0.0/8', 'agents.example:8443'])
    assert.deepEqual(toConfig({ ...agents, ALLOW_CARDS: 'cards.example' }, facts).allowCards, [
      'cards.example',
    ])
  })

  it('asks identity providers only where its own list says', () => {
    assert.deepEqual(toConfig({ ALLOW_AGENTS: '10.0.0.0/8' }, facts).allowIdentity, [])
    assert.deepEqual(toConfig({ ALLOW_IDENTITY: 'id.internal' }, facts).allowIdentity, ['id.internal'])
  })

  it('sends alerts only where their own list says', () => {
    assert.deepEqual(toConfig({ ALLOW_AGENTS: '10.0.0.0/8' }, facts).allowAlerts, [])
    assert.deepEqual(toConfig({ ALLOW_ALERTS: 'hooks.internal' }, facts).allowAlerts, ['hooks.internal'])
  })

  it('trusts keys of cards at URLs only', () => {
    const urls = 'https://keys.example/a, http://127.0.0.1:9/jwks.json'
    assert.deepEqual(toConfig({ CARD_JKU: urls }, facts).cardKeyUrls, urls.split(', '))
    for (const bad of ['keys.example', 'https://keys.example/?x', 'file:///keys', 'https://a.example, b']) {
      assert.deepEqual(problemsOf({ CARD_JKU: bad }), ['PARLEY_CARD_JKU'], bad)
    }
  })

  it('judges every setting, also one that changes nothing here', () => {
    assert.deepEqual(problemsOf({ ALLOW_PLAINTEXT: 'yes' }), ['PARLEY_ALLOW_PLAINTEXT'])
  })

  it('refuses to split the memory backend over processes', () => {
    assert.deepEqual(problemsOf({ BACKEND: 'memory', ROLE: 'api' }), ['PARLEY_ROLE'])
    assert.deepEqual(toConfig({ BACKEND: 'memory' }, facts).backend, { kind: 'memory' })
  })

  it('gives a worker a free port unless it names one', () => {
    const worker = { ROLE: 'worker', PUBLIC_URL: 'https://gw.example' }

    assert.equal(toConfig(worker, facts).port, 0)
    assert.equal(toConfig({ ...worker, PORT: '9000' }, facts).port, 9000)
  })

  it('lets no worker start that cannot tell agents who calls', () => {
    assert.deepEqual(problemsOf({ ROLE: 'worker' }), ['PARLEY_PUBLIC_URL'])
  })

  it('takes a public URL without its last slash, and refuses one with a query', () => {
    assert.equal(
      toConfig({ PUBLIC_URL: 'https://gw.example/a2a/' }, facts).publicUrl,
      'https://gw.example/a2a',
    )
    assert.deepEqual(problemsOf({ PUBLIC_URL: 'https://gw.example/?x=1' }), ['PARLEY_PUBLIC_URL'])
    assert.deepEqual(problemsOf({ PUBLIC_URL: 'gw.example' }), ['PARLEY_PUBLIC_URL'])
  })
})
