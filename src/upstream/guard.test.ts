import assert from 'node:assert/strict'
import { isIP } from 'node:net'
import { describe, test } from 'node:test'
import { ParleyError } from '../errors.ts'
import type { AddressPolicy } from './address-policy.ts'
import { ALLOW_SETTINGS, createGuard, type Purpose } from './guard.ts'

const guardWith = (agents: AddressPolicy, names: Readonly<Record<string, readonly string[]>> = {}) =>
  createGuard({
    policies: { agents, cards: { allow: [] } },
    resolve: async (host) =>
      (names[host] ?? ['93.184.215.14']).map((address) => ({ address, family: isIP(address) })),
  })

const open = guardWith({ allow: [] })

const isPurpose = (name: string): name is Purpose => Object.hasOwn(ALLOW_SETTINGS, name)

const refused = (message: RegExp) => (error: unknown) =>
  error instanceof ParleyError && error.code === 'invalid_params' && message.test(error.message)

describe('the guard, by default', () => {
  const publicUrls = [
    'https://93.184.215.14/',
    'https://agent.example:8443/a2a?x=1',
    'https://[2606:2800:220:1:248:1893:25c8:1946]/',
    'https://[64:ff9b::5db8:d70e]/',
    'https://[::ffff:93.184.215.14]/',
    'https://1.1.1.1./',
  ]
  for (const url of publicUrls) {
    test(`lets ${url} pass`, async () => {
      const parsed = open.check(url, 'agents')
      assert.equal((await open.resolve(parsed, 'agents')).length, 1)
    })
  }

  const blockedHosts = [
    '127.0.0.1',
    '127.1',
    '2130706433',
    '0x7f000001',
    '0177.0.0.1',
    '0x7f.0.0.0x1',
    '127.0.0.1.',
    '%31%32%37.0.0.1',
    '１２７.0.0.1',
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '169.254.1.1',
    '172.16.0.1',
    '172.31.255.255',
    '192.0.0.8',
    '192.0.2.1',
    '192.88.99.1',
    '192.168.1.1',
    '198.18.0.1',
    '198.51.100.1',
    '203.0.113.1',
    '224.0.0.1',
    '240.0.0.1',
    '255.255.255.255',
    '[::]',
    '[::1]',
    '[::127.0.0.1]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[0:0:0:0:0:ffff:10.0.0.1]',
    '[64:ff9b::7f00:1]',
    '[64:ff9b::10.0.0.1]',
    '[64:ff9b:1::1]',
    '[2002:7f00:1::]',
    '[2002:5db8:d70e::]',
    '[2001::1]',
    '[2001:db8::1]',
    '[3fff::1]',
    '[fc00::1]',
    '[fd12:3456::1]',
    '[fe80::1]',
    '[fec0::1]',
    '[ff02::1]',
    '[100::1]',
    '[4000::1]',
  ]
  for (const host of blockedHosts) {
    test(`refuses ${host} and names the setting`, async () => {
      assert.throws(() => open.check(`https://${host}/`, 'agents'), refused(/PARLEY_ALLOW_AGENTS/))
      await assert.rejects(
        open.resolve(new URL(`https://${host}/`), 'agents'),
        refused(/PARLEY_ALLOW_AGENTS/),
      )
    })
  }

  const badUrls = ['', 'agent.example', 'ftp://agent.example/', 'file:///etc/passwd', 'javascript:alert(1)']
  for (const url of [...badUrls, 'https://me:secret@agent.example/', 'https://me@agent.example/']) {
    test(`refuses the URL "${url}"`, () => {
      assert.throws(() => open.check(url, 'agents'), refused(/URL/))
    })
  }

  test('refuses plain http to a name and to a public address', async () => {
    assert.throws(
      () => open.check('http://agent.example/', 'agents'),
      refused(/plain http.*PARLEY_ALLOW_AGENTS/),
    )
    assert.throws(
      () => open.check('http://93.184.215.14/', 'cards'),
      refused(/plain http.*PARLEY_ALLOW_CARDS/),
    )
  })

  test('refuses the ports of other protocols, whoever is there', async () => {
    for (const port of [0, 1, 22, 25, 53, 110, 143, 465, 587, 993, 2049, 5060, 6000, 6667, 10080]) {
      for (const host of ['agent.example', '93.184.215.14', '[2606:2800:220:1:248:1893:25c8:1946]']) {
        const url = `https://${host}:${port}/`
        assert.throws(() => open.check(url, 'agents'), refused(/another protocol.*PARLEY_ALLOW_AGENTS/), url)
        await assert.rejects(open.resolve(new URL(url), 'agents'), refused(/another protocol/))
      }
    }
  })

  test('refuses the names of metadata services before they are resolved', () => {
    const named = guardWith({ allow: ['metadata.google.internal', '0.0.0.0/0'] })
    for (const host of ['metadata.google.internal', 'Metadata.Google.Internal.', 'instance-data']) {
      assert.throws(() => named.check(`http://${host}/computeMetadata/v1/`, 'agents'), refused(/metadata/))
    }
  })

  test('lets each purpose that has no policy call what is public, and names its setting', () => {
    for (const [purpose, setting] of Object.entries(ALLOW_SETTINGS)) {
      if (!isPurpose(purpose)) assert.fail(purpose)
      assert.equal(setting, `PARLEY_ALLOW_${purpose.toUpperCase()}`)
      assert.ok(open.check('https://93.184.215.14/', purpose))
      assert.throws(() => open.check('https://10.0.0.1/', purpose), refused(new RegExp(setting)))
    }
  })

  test('refuses a name when one of its addresses is private', async () => {
    const mixed = guardWith({ allow: [] }, { 'mixed.example': ['93.184.215.14', '10.0.0.1'] })
    await assert.rejects(
      mixed.resolve(new URL('https://mixed.example/'), 'agents'),
      refused(/not at a public/),
    )
  })

  test('keeps the resolved address out of the message', async () => {
    const inside = guardWith({ allow: [] }, { 'inside.example': ['10.9.8.7'] })
    await assert.rejects(inside.resolve(new URL('https://inside.example/'), 'agents'), (error: Error) => {
      assert.doesNotMatch(error.message, /10\.9\.8\.7/)
      assert.match(String(error.cause), /10\.9\.8\.7/)
      return true
    })
  })

  test('judges a link-local address with a zone', async () => {
    const zoned = guardWith({ allow: [] }, { 'zoned.example': ['fe80::1%eth0'] })
    await assert.rejects(
      zoned.resolve(new URL('https://zoned.example/'), 'agents'),
      refused(/not at a public/),
    )
  })
})

describe('the guard, with allow-lists', () => {
  const cases: readonly (readonly [
    allow: string,
    url: string,
    addresses: readonly string[],
    passes: boolean,
  ])[] = [
    ['127.0.0.0/8', 'http://127.0.0.1:3000/', [], true],
    ['127.0.0.0/8', 'http://[::ffff:127.0.0.1]:3000/', [], true],
    ['127.0.0.0/8', 'https://10.0.0.1/', [], false],
    ['127.0.0.1', 'https://127.0.0.2/', [], false],
    ['127.0.0.0/8:3000', 'http://127.0.0.1:3000/', [], true],
    ['127.0.0.0/8:3000', 'http://127.0.0.1:3001/', [], false],
    ['localhost', 'http://localhost:3000/', ['127.0.0.1', '::1'], true],
    ['LocalHost', 'http://localhost./', ['127.0.0.1'], true],
    ['agents.internal:8443', 'https://agents.internal:8443/', ['10.0.0.7'], true],
    ['agents.internal:8443', 'https://agents.internal/', ['10.0.0.7'], false],
    ['agents.internal:80', 'http://agents.internal/', ['10.0.0.7'], true],
    ['agents.internal', 'https://other.internal/', ['10.0.0.7'], false],
    ['agents.internal', 'https://agents.internal/', ['10.0.0.7', '169.254.169.254'], false],
    ['10.0.0.0/8', 'http://svc.internal/', ['10.0.0.7'], true],
    ['10.0.0.0/8', 'http://svc.internal/', ['93.184.215.14'], false],
    ['10.0.0.0/8', 'https://svc.internal/', ['10.0.0.7', '192.168.0.1'], false],
    ['10.0.0.0/8', 'https://svc.internal/', ['10.0.0.7', '93.184.215.14'], true],
    ['fd00::/8', 'http://[fd12::1]/', [], true],
    ['[fd00::/8]:443', 'https://[fd12::1]/', [], true],
    ['[fd00::/8]:443', 'https://[fd12::1]:444/', [], false],
    ['[::1]:80', 'http://[::1]/', [], true],
    ['::1', 'http://[::1]:3001/', [], true],
    ['mail.example:25', 'https://mail.example:25/', ['93.184.215.14'], true],
    ['mail.example', 'https://mail.example:25/', ['93.184.215.14'], false],
    ['mail.example:587', 'https://mail.example:25/', ['93.184.215.14'], false],
    ['10.0.0.0/8:6000', 'http://svc.internal:6000/', ['10.0.0.7'], true],
    ['10.0.0.0/8:6000', 'http://svc.internal:6000/', ['10.0.0.7', '93.184.215.14'], false],
    ['10.0.0.0/8', 'http://svc.internal:6000/', ['10.0.0.7'], false],
    ['10.0.0.0/8:6000', 'http://10.0.0.7:6000/', [], true],
    ['10.0.0.0/8', 'https://agents.internal/', ['::ffff:10.0.0.7'], true],
    ['10.0.0.0/8', 'https://agents.internal/', ['64:ff9b::a00:7'], true],
    ['10.0.0.0/8', 'https://agents.internal/', ['2002:a00:7::'], false],
    ['10.0.0.0/8', 'https://agents.internal/', ['2001::f5ff:fff8'], false],
  ]
  for (const [allow, url, addresses, passes] of cases) {
    test(`${passes ? 'passes' : 'refuses'} ${url} at ${addresses.join(', ') || 'itself'} when ${allow} is allowed`, async () => {
      const guard = guardWith({ allow: [allow] }, { [new URL(url).hostname]: addresses })
      const attempt = async () => guard.resolve(guard.check(url, 'agents'), 'agents')
      if (passes) assert.ok((await attempt()).length > 0)
      else await assert.rejects(attempt(), refused(/./))
    })
  }

  const metadata = [
    '169.254.169.254',
    '169.254.170.2',
    '100.100.100.200',
    '168.63.129.16',
    '[fd00:ec2::254]',
    '[::ffff:169.254.169.254]',
    '[64:ff9b::a9fe:a9fe]',
    '[2002:a9fe:a9fe::]',
    '[::169.254.169.254]',
    '[2001::5601:5601]',
    '[::ffff:0:a9fe:a9fe]',
  ]
  for (const host of metadata) {
    test(`never lets the metadata service ${host} pass`, async () => {
      const everything = guardWith({ allow: ['0.0.0.0/0', '::/0', '169.254.169.254', 'meta.example'] })
      assert.throws(() => everything.check(`http://${host}/`, 'agents'), refused(/metadata/))
      const address = new URL(`http://${host}/`).hostname.replace(/^\[|\]$/g, '')
      const named = guardWith({ allow: ['meta.example'] }, { 'meta.example': [address] })
      await assert.rejects(named.resolve(new URL('http://meta.example/'), 'agents'), refused(/metadata/))
    })
  }

  test('keeps the lists of two purposes apart', () => {
    const guard = guardWith({ allow: ['10.0.0.0/8'] })
    assert.ok(guard.check('https://10.0.0.1/', 'agents'))
    assert.throws(() => guard.check('https://10.0.0.1/', 'cards'), refused(/PARLEY_ALLOW_CARDS/))
  })

  for (const entry of [
    '',
    '*',
    '*.internal',
    '10.0.0.0/33',
    '10.0.0.0/x',
    '::/129',
    'http://agent.example',
    'a b',
    '/8',
  ]) {
    test(`does not start with the entry "${entry}"`, () => {
      assert.throws(() => guardWith({ allow: [entry] }), refused(/^PARLEY_ALLOW_AGENTS: /))
    })
  }
})

describe('the guard in demo mode', () => {
  const demo = guardWith('loopbackOnly', {
    localhost: ['127.0.0.1', '::1'],
    'rebound.example': ['127.0.0.1', '1.1.1.1'],
  })

  test('lets loopback pass, plain http included', async () => {
    for (const url of [
      'http://127.0.0.1:3000/',
      'http://[::1]/',
      'https://localhost/',
      'http://localhost:3000/',
    ]) {
      assert.ok((await demo.resolve(demo.check(url, 'agents'), 'agents')).length > 0)
    }
  })

  test('refuses the ports of other protocols', () => {
    assert.throws(() => demo.check('http://127.0.0.1:25/', 'agents'), refused(/another protocol/))
    assert.throws(() => demo.check('http://localhost:6000/', 'agents'), refused(/another protocol/))
  })

  test('refuses everything else and names the setting', async () => {
    assert.throws(() => demo.check('https://1.1.1.1/', 'agents'), refused(/PARLEY_DEMO=0/))
    assert.throws(() => demo.check('https://10.0.0.1/', 'agents'), refused(/PARLEY_DEMO=0/))
    assert.throws(() => demo.check('http://169.254.169.254/', 'agents'), refused(/PARLEY_DEMO=0/))
    await assert.rejects(demo.resolve(new URL('https://agent.example/'), 'agents'), refused(/PARLEY_DEMO=0/))
    await assert.rejects(
      demo.resolve(new URL('https://rebound.example/'), 'agents'),
      refused(/PARLEY_DEMO=0/),
    )
  })
})
