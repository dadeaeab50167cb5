import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:https'
import { createServer as createTcpServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import canonicalize from 'canonicalize'
import { newSigningKey, signatureOf } from '../../src/registry/signatures/signing-key.case.ts'
import { openConnectProxy } from '../../src/upstream/connect-proxy.case.ts'
import { type LoopbackServer, openLoopbackServer } from '../../src/upstream/loopback-server.case.ts'
import { CERTIFICATE, PRIVATE_KEY } from '../../src/upstream/tls-identity.case.ts'
import { at, numberAt, textAt } from './json-path.ts'
import { type ParleyProcess, startParley } from './parley-process.ts'
import { agentCard, startRawAgent } from './raw-agent.ts'
import { errorOf, native, resultOf, rpc } from './rpc.ts'
import { newClient, register } from './world.ts'

const message = { messageId: 'm-1', role: 'ROLE_USER', parts: [{ text: 'hello' }] }

/** Hosts that are this machine, however they are spelt, or no host of ours to call. */
const HOSTS = [
  '127.0.0.1',
  '127.1',
  '2130706433',
  '0x7f.1',
  '0177.0.0.1',
  '127。0。0。1',
  '0',
  '[::1]',
  '[::ffff:7f00:1]',
  '[64:ff9b::7f00:1]',
  'localhost',
  'LOCALHOST.',
  'any.localhost',
  '10.0.0.1',
  '100.64.0.1',
  '[fd00::1]',
]
const METADATA = ['169.254.169.254', '0xa9fea9fe', '[::ffff:a9fe:a9fe]', '[fd00:ec2::254]', 'metadata.goog']

const ADDRESS = /\b(?:127|10|169|100)\.\d+\.\d+\.\d+|::|\b(?:0x)?7f00(?::|00)/i

describe('what the gateway may not call', { timeout: 60_000 }, () => {
  const opened = new AsyncDisposableStack()
  let parley: ParleyProcess
  let redirector: LoopbackServer
  let location = ''
  let port = 0
  let connections = 0

  before(async () => {
    const canary = createTcpServer((socket) => {
      connections++
      socket.destroy()
    }).listen(0, '127.0.0.1')
    await once(canary, 'listening')
    opened.defer(() => void canary.close())
    port = numberAt(canary.address(), 'port')
    redirector = opened.use(
      await openLoopbackServer(({ response }) => {
        response.writeHead(302, { location }).end()
      }),
    )
    const env = {
      PARLEY_ALLOW_AGENTS: '',
      PARLEY_ALLOW_CARDS: `127.0.0.1:${redirector.port}`,
      PARLEY_CARD_JKU: `https://127.0.0.1:${port}/`,
    }
    parley = opened.use(await startParley({ env }))
  })
  after(() => opened.disposeAsync())

  const registerAt = (cardUrl: string) =>
    native(parley.adminKey, 'POST', `${parley.url}/agents/register`, { cardUrl })

  test('is not called for a card, and the refusal names the setting and no address', async () => {
    for (const host of HOSTS) {
      for (const scheme of ['http', 'https']) {
        const refused = await registerAt(`${scheme}://${host}:${port}/`)
        assert.ok([400, 422].includes(refused.status), refused.text)
        assert.match(refused.text, /PARLEY_ALLOW_CARDS/, host)
        assert.doesNotMatch(refused.text, ADDRESS, host)
      }
    }
    for (const host of METADATA) {
      const refused = await registerAt(`https://${host}/latest/`)
      assert.match(refused.text, /metadata service, which is never called/, host)
      assert.doesNotMatch(refused.text, ADDRESS, host)
    }
    for (const url of [
      'https://agent.example:25/',
      'https://me:secret@agent.example/',
      'file:///etc/passwd',
    ]) {
      assert.ok([400, 422].includes((await registerAt(url)).status), url)
    }
    assert.equal(connections, 0)
  })

  test('is not called where a card is said to have moved', async () => {
    for (const host of HOSTS.filter((host) => /^[\x20-\x7e]+$/.test(host))) {
      location = `https://${host}:${port}/`
      const refused = await registerAt(`http://127.0.0.1:${redirector.port}/.well-known/agent-card.json`)
      assert.match(refused.text, /PARLEY_ALLOW_CARDS/, `${location} ${refused.text}`)
    }
    assert.equal(connections, 0)
  })

  test('is not called for the keys of a signature, though they are trusted', async () => {
    const card = agentCard('https://agent.example/')
    const key = newSigningKey('elsewhere')
    const jku = `https://127.0.0.1:${port}/jwks.json`
    const signatures = [await signatureOf(canonicalize(card) ?? '', key, { jku })]
    const body = { card: { ...card, signatures }, slug: 'signed' }
    const made = await native(parley.adminKey, 'POST', `${parley.url}/agents/register`, body)
    assert.equal(at(made.body, 'signatures', 0, 'status'), 'untrusted', made.text)
    const record = await parley
      .child()
      .line((line) => (line.includes('"card_keys_unreachable"') ? line : undefined))
    assert.match(record, /PARLEY_ALLOW_CARDS/)
    assert.equal(connections, 0)
  })

  for (const [slug, protocolBinding, addressOf] of [
    ['rpc', 'JSONRPC', (host: string) => `https://${host}:${port}/`],
    ['rest', 'HTTP+JSON', (host: string) => `https://${host}:${port}/`],
    ['grpc', 'GRPC', (host: string) => `${host}:${port}`],
    ['grpc-tls', 'GRPC', (host: string) => `https://${host}:${port}`],
  ] as const) {
    test(`is not called as an agent (${slug})`, async () => {
      const cardAt = (host: string) => ({
        ...agentCard('x'),
        supportedInterfaces: [{ url: addressOf(host), protocolBinding, protocolVersion: '1.0' }],
        capabilities: { extendedAgentCard: true },
      })
      for (const host of ['127.0.0.1', '2130706433', '[::ffff:7f00:1]', '10.0.0.1']) {
        const body = { card: cardAt(host), slug }
        const refused = await native(parley.adminKey, 'POST', `${parley.url}/agents/register`, body)
        assert.equal(refused.status, 422, host)
        assert.match(refused.text, /PARLEY_ALLOW_AGENTS/)
        assert.doesNotMatch(refused.text, ADDRESS)
      }
      for (const host of ['localhost', 'agent.localhost']) {
        await native(parley.adminKey, 'DELETE', `${parley.url}/agents/${slug}`)
        await register(parley, cardAt(host), { slug })
        const client = await newClient(parley, slug, 'caller')
        const reply = await rpc(client, 'SendMessage', { message: { ...message, messageId: host } })
        const task = at(resultOf(reply), 'task')
        assert.equal(textAt(task, 'status', 'state'), 'TASK_STATE_FAILED')
        const said = JSON.stringify(at(task, 'status', 'message'))
        assert.match(said, /PARLEY_ALLOW_AGENTS/)
        assert.doesNotMatch(said, ADDRESS)
        const extended = errorOf(await rpc(client, 'GetExtendedAgentCard', {}))
        assert.doesNotMatch(extended.message, ADDRESS)
      }
      assert.equal(connections, 0)
    })
  }
})

describe('the way out', { timeout: 60_000 }, () => {
  test('leads through the proxy, and trusts the certificates of a file', async () => {
    await using opened = new AsyncDisposableStack()
    const folder = await mkdtemp(join(tmpdir(), 'parley-ca-'))
    opened.defer(() => rm(folder, { recursive: true }))
    await writeFile(join(folder, 'ca.pem'), CERTIFICATE)
    const agent = opened.use(
      await startRawAgent(() => ({
        result: '{"message":{"messageId":"r","role":"ROLE_AGENT","parts":[{"text":"hi"}]}}',
      })),
    )
    const proxy = opened.use(
      await openConnectProxy({ answer: () => ({ port: Number(new URL(agent.url).port) }) }),
    )
    const cards = createServer({ cert: CERTIFICATE, key: PRIVATE_KEY }, (_request, response) => {
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify(agentCard('http://93.184.215.14:8080/')))
    }).listen(0, '127.0.0.1')
    await once(cards, 'listening')
    opened.defer(() => {
      cards.closeAllConnections()
      cards.close()
    })
    const parley = opened.use(
      await startParley({
        env: {
          PARLEY_ALLOW_AGENTS: '93.184.215.14',
          PARLEY_ALLOW_CARDS: '127.0.0.1',
          PARLEY_CA_FILE: join(folder, 'ca.pem'),
          PARLEY_OUTBOUND_PROXY: `http://me:hunter2@127.0.0.1:${proxy.url.port}`,
          HTTP_PROXY: 'http://127.0.0.1:1',
        },
      }),
    )

    const cardUrl = `https://127.0.0.1:${numberAt(cards.address(), 'port')}/`
    const made = await native(parley.adminKey, 'POST', `${parley.url}/agents/register`, {
      cardUrl,
      slug: 'far',
    })
    assert.equal(made.status, 201, made.text)
    const client = await newClient(parley, 'far', 'caller')
    const reply = await rpc(client, 'SendMessage', { message })

    assert.equal(textAt(resultOf(reply), 'message', 'parts', 0, 'text'), 'hi', reply.text)
    assert.deepEqual(
      proxy.tunnels.map(({ authority, headers }) => [authority, headers['proxy-authorization']]),
      [['93.184.215.14:8080', `Basic ${Buffer.from('me:hunter2').toString('base64')}`]],
    )
    assert.equal(agent.calls[0]?.headers.host, '93.184.215.14:8080')
    assert.doesNotMatch(parley.child().lines.join('\n'), /hunter2/)
  })

  test('does not begin with a proxy or a file that is none', async () => {
    const refused = /PARLEY_OUTBOUND_PROXY|PARLEY_CA_FILE/
    await assert.rejects(startParley({ env: { PARLEY_OUTBOUND_PROXY: 'socks5://127.0.0.1' } }), refused)
    await assert.rejects(startParley({ env: { PARLEY_CA_FILE: '/nowhere/ca.pem' } }), refused)
  })
})
