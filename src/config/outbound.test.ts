import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { rootCertificates } from 'node:tls'
import { ParleyError } from '../errors.ts'
import { type Env, readEnvironment } from './env.ts'
import { toOutbound } from './outbound.ts'

/** The proxies that come of these variables, as text. */
function proxiesOf(env: Env, variables: Readonly<Record<string, string>> = {}) {
  const { proxies } = toOutbound(env, readEnvironment(variables).proxyVariables)
  return proxies && [proxies.https?.url.href, proxies.http?.url.href, proxies.bypass.join()]
}

describe('the way out', () => {
  it('is straight unless a proxy is named', () => {
    assert.deepEqual(toOutbound({}, {}), {})
    assert.equal(proxiesOf({}, { HTTPS_PROXY: '', NO_PROXY: 'a.example' }), undefined)
  })

  it('follows the variables that other programs follow, lower case first', () => {
    const variables = { HTTPS_PROXY: 'http://a:1', https_proxy: 'http://b:2', NO_PROXY: 'x, .y.example z:1' }
    assert.deepEqual(proxiesOf({}, variables), ['http://b:2/', undefined, 'x,.y.example,z:1'])
    assert.deepEqual(proxiesOf({}, { http_proxy: 'proxy.example:3128' }), [
      undefined,
      'http://proxy.example:3128/',
      '',
    ])
  })

  it('is for every scheme what the setting says, or none', () => {
    const variables = { HTTPS_PROXY: 'http://a:1', NO_PROXY: 'x' }
    const OUTBOUND_PROXY = 'https://proxy.example:8443'
    const url = 'https://proxy.example:8443/'
    assert.deepEqual(proxiesOf({ OUTBOUND_PROXY }, variables), [url, url, 'x'])
    assert.equal(proxiesOf({ OUTBOUND_PROXY: 'none' }, { HTTPS_PROXY: 'socks5://a' }), undefined)
  })

  it('keeps the credentials of a proxy apart from its URL', () => {
    const { proxies } = toOutbound({ OUTBOUND_PROXY: 'http://me:s%40cret@proxy:1' }, {})
    assert.equal(proxies?.https?.url.href, 'http://proxy:1/')
    const authorization = `Basic ${Buffer.from('me:s@cret').toString('base64')}`
    assert.equal(proxies?.https?.authorization, authorization)
  })

  it('refuses what is no HTTP proxy, without repeating it', () => {
    for (const text of [
      'socks5://me:hunter2@a:1',
      'http://me:hunter2@a/b',
      'http://me:hunter2%zz@a',
      'http://',
    ]) {
      assert.throws(
        () => toOutbound({ OUTBOUND_PROXY: text }, {}),
        (error: unknown) => {
          assert.ok(error instanceof ParleyError)
          assert.match(error.message, /^PARLEY_OUTBOUND_PROXY /)
          assert.doesNotMatch(`${error.stack} ${String(error.cause)}`, /hunter2/)
          return true
        },
        text,
      )
    }
    assert.throws(() => toOutbound({}, { HTTPS_PROXY: 'socks5://a' }), /^ParleyError: HTTPS_PROXY .*=none/)
  })

  it('trusts the certificates of a file, and refuses a file without any', (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'parley-ca-'))
    t.after(() => rmSync(folder, { recursive: true }))
    const file = join(folder, 'ca.pem')
    const two = rootCertificates.slice(0, 2).join('\n')
    writeFileSync(file, `# Our own\n${two}\n`)
    assert.equal(toOutbound({ CA_FILE: file }, {}).extraCa, two)

    const bad = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----'
    for (const text of ['', 'none', bad, `${two}\n${bad}`]) {
      writeFileSync(file, text)
      assert.throws(() => toOutbound({ CA_FILE: file }, {}), /PARLEY_CA_FILE/)
    }
    assert.throws(() => toOutbound({ CA_FILE: join(folder, 'none') }, {}), /PARLEY_CA_FILE/)
  })
})
