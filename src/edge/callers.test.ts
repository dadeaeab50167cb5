import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type CallerSettings, createCallers } from './callers.ts'

const PROXY = '10.0.0.1'
const STRANGER = '203.0.113.9'

const callersOf = (settings: Partial<CallerSettings> = {}) =>
  createCallers({
    trustedProxies: ['10.0.0.0/8', 'fd00::/8'],
    forwarded: 'x-forwarded',
    demandsTls: true,
    ...settings,
  })

const requestOf = (address: string, headers: Readonly<Record<string, string>> = {}, isSecure = false) => ({
  peer: { address, isSecure },
  header: (name: string) => headers[name],
})

const over = (
  address: string,
  headers: Readonly<Record<string, string>>,
  settings?: Partial<CallerSettings>,
) => callersOf(settings).addressOf(requestOf(address, headers))

describe('the address of a caller', () => {
  it('is that of the connection, whatever a stranger says of itself', () => {
    for (const header of ['x-forwarded-for', 'forwarded', 'x-real-ip', 'client-ip', 'x-client-ip']) {
      assert.equal(over(STRANGER, { [header]: 'for=1.1.1.1' }), STRANGER)
      assert.equal(over(STRANGER, { [header]: '1.1.1.1' }), STRANGER)
    }
    assert.equal(over(PROXY, { 'x-forwarded-for': '1.1.1.1' }, { trustedProxies: [] }), PROXY)
  })

  it('is the first from the right that is no trusted proxy', () => {
    for (const [header, address] of [
      ['1.1.1.1', '1.1.1.1'],
      ['6.6.6.6, 1.1.1.1', '1.1.1.1'],
      ['6.6.6.6, 1.1.1.1, 10.0.0.2,10.9.9.9', '1.1.1.1'],
      ['6.6.6.6, 1.1.1.1:4711, fd00::1', '1.1.1.1'],
      ['[2001:db8::1]:443', '2001:db8::1'],
      ['2001:DB8::1', '2001:db8::1'],
      ['::ffff:1.1.1.1', '1.1.1.1'],
      ['10.0.0.3, 10.0.0.2', '10.0.0.3'],
    ] as const) {
      assert.equal(over(PROXY, { 'x-forwarded-for': header }), address)
    }
    assert.equal(over('fd00::7', { 'x-forwarded-for': '1.1.1.1' }), '1.1.1.1')
  })

  it('is that of the last proxy that says nothing good', () => {
    assert.equal(over(PROXY, {}), PROXY)
    for (const header of [
      '',
      'unknown',
      '1.1.1.1, unknown',
      '1.1.1.1, <script>',
      '1.1.1.1,',
      '1.1.1.1 6.6.6.6',
    ]) {
      assert.equal(over(PROXY, { 'x-forwarded-for': header }), PROXY)
    }
    assert.equal(over(PROXY, { 'x-forwarded-for': '1.1.1.1, unknown, 10.0.0.2' }), '10.0.0.2')
  })

  it('is read from Forwarded where that is what the proxies write, and from nothing else', () => {
    const settings = { forwarded: 'forwarded' } as const
    for (const [header, address] of [
      ['for=1.1.1.1', '1.1.1.1'],
      ['for=6.6.6.6, For="1.1.1.1:99";proto=https;by=10.0.0.1', '1.1.1.1'],
      ['for="[2001:db8::1]:4711"', '2001:db8::1'],
      ['for=1.1.1.1, for=10.0.0.2', '1.1.1.1'],
      ['for="6.6.6.6, for=1.1.1.1', '1.1.1.1'],
      ['for=unknown', PROXY],
      ['for=_hidden', PROXY],
      ['for=1.1.1.1;for=6.6.6.6', PROXY],
      ['by=1.1.1.1', PROXY],
      [`${';'.repeat(10_000)}for=1.1.1.1`, PROXY],
    ] as const) {
      assert.equal(over(PROXY, { forwarded: header }, settings), address)
    }
    assert.equal(over(PROXY, { 'x-forwarded-for': '6.6.6.6' }, settings), PROXY)
    assert.equal(over(PROXY, { forwarded: 'for=6.6.6.6', 'x-forwarded-for': '1.1.1.1' }), '1.1.1.1')
  })

  it('is unknown where no network is between', () => {
    assert.equal(callersOf().addressOf({ peer: undefined, header: () => undefined }), undefined)
  })
})

describe('a call where TLS is demanded', () => {
  const isTaken = (request: ReturnType<typeof requestOf>, settings?: Partial<CallerSettings>): boolean => {
    try {
      callersOf(settings).requireTls(request)
      return true
    } catch {
      return false
    }
  }

  it('comes over TLS that ends here, from a trusted proxy, or from this machine', () => {
    assert.ok(isTaken(requestOf(STRANGER, {}, true)))
    assert.ok(isTaken(requestOf(PROXY)))
    assert.ok(isTaken(requestOf(PROXY, { 'x-forwarded-for': STRANGER, 'x-forwarded-proto': 'https' })))
    assert.ok(isTaken(requestOf('127.0.0.1')))
    assert.ok(isTaken(requestOf('::1')))
    assert.ok(isTaken(requestOf(STRANGER), { demandsTls: false }))
  })

  it('is refused in the clear, also when it says otherwise of itself', () => {
    const claim = { 'x-forwarded-proto': 'https', 'x-forwarded-for': PROXY, forwarded: 'proto=https' }

    assert.throws(() => callersOf().requireTls(requestOf(STRANGER, claim)), { code: 'forbidden' })
    assert.ok(!isTaken(requestOf(STRANGER)))
    assert.ok(!isTaken(requestOf('')))
  })

  it('is refused when it reached the trusted proxy in the clear', () => {
    for (const proto of ['http', 'HTTP', 'https, http', 'http, https', 'ws']) {
      assert.ok(!isTaken(requestOf(PROXY, { 'x-forwarded-proto': proto })), proto)
    }
    const forwarded = 'for=1.1.1.1;proto=http, for=10.0.0.2;proto=https'
    assert.ok(!isTaken(requestOf(PROXY, { forwarded }), { forwarded: 'forwarded' }))
    assert.ok(!isTaken(requestOf(PROXY, { 'x-forwarded-proto': 'http' }, true)), 'also over TLS from there')
  })

  it('is not judged by what the caller itself put before what the proxy says', () => {
    const forwarded = 'for=6.6.6.6;proto=http, for=1.1.1.1;proto=https'

    assert.ok(isTaken(requestOf(PROXY, { forwarded }), { forwarded: 'forwarded' }))
  })

  it('counts as secure only by what is known', () => {
    const { isSecure } = callersOf()

    assert.equal(isSecure(requestOf(STRANGER, {}, true)), true)
    assert.equal(isSecure(requestOf(STRANGER, { 'x-forwarded-proto': 'https' })), false)
    assert.equal(isSecure(requestOf(PROXY)), false)
    assert.equal(isSecure(requestOf(PROXY, { 'x-forwarded-proto': 'https' })), true)
  })
})
