import assert from 'node:assert/strict'
import { request } from 'node:http'
import { networkInterfaces } from 'node:os'
import { after, before, describe, test } from 'node:test'
import { Client, credentials, Metadata, status } from '@grpc/grpc-js'
import { V1_0_METHODS } from '../../src/a2a/proto/methods-v1.ts'
import { at, listAt, parsed, textAt } from './json-path.ts'
import { type ParleyProcess, startParley } from './parley-process.ts'
import { agentCard } from './raw-agent.ts'

type Answer = {
  readonly status: number
  readonly text: string
  readonly headers: NodeJS.Dict<string | string[]>
}
type Asked = { readonly method?: string; readonly headers?: Record<string, string>; readonly body?: string }

/** An address of this machine that is not loopback's: who connects to it also comes from it. */
const outward = Object.values(networkInterfaces())
  .flat()
  .find((found) => found?.internal === false && found.family === 'IPv4')?.address

describe('beyond loopback, behind a proxy that ends TLS', { timeout: 120_000 }, () => {
  const opened = new AsyncDisposableStack()
  let parley: ParleyProcess
  let port: number

  before(async () => {
    const env = {
      PARLEY_HOST: '0.0.0.0',
      PARLEY_TRUSTED_PROXIES: '127.0.0.1',
      PARLEY_GRPC: '0=far',
      PARLEY_RATE_LIMIT: '0.001:40',
    }
    parley = opened.use(await startParley({ env }))
    port = Number(new URL(parley.url).port)
    const body = JSON.stringify({ card: agentCard('https://agent.example/'), slug: 'far' })
    const reply = await ask('127.0.0.1', '/agents/register', { method: 'POST', headers: asAdmin(), body })
    assert.equal(reply.status, 201, reply.text)
  })
  after(() => opened.disposeAsync())

  const asAdmin = (more: Record<string, string> = {}) => ({
    authorization: `Bearer ${parley.adminKey}`,
    'content-type': 'application/json',
    ...more,
  })

  /** Over a connection from `host` to itself; from `127.0.0.2` to the first address of loopback. */
  function ask(
    host: string,
    path: string,
    { method = 'GET', headers = {}, body = '' }: Asked = {},
  ): Promise<Answer> {
    const where = host === '127.0.0.2' ? { host: '127.0.0.1', localAddress: host } : { host }
    return new Promise((resolve, reject) => {
      const sent = request({ ...where, port, path, method, headers, agent: false }, async (answer) => {
        const chunks: Buffer[] = []
        for await (const chunk of answer) chunks.push(chunk)
        const text = Buffer.concat(chunks).toString()
        resolve({ status: answer.statusCode ?? 0, text, headers: answer.headers })
      })
      sent.once('error', reject)
      sent.end(body)
    })
  }

  function askOverGrpc(host: string, more: Record<string, string> = {}): Promise<number> {
    const list = V1_0_METHODS.find(({ operation }) => operation === 'ListTasks')
    const grpcPort = parley.grpc[0]?.split(':').at(-1)
    const client = new Client(`${host}:${grpcPort}`, credentials.createInsecure())
    const metadata = new Metadata()
    for (const [name, value] of Object.entries({ authorization: `Bearer ${parley.adminKey}`, ...more })) {
      metadata.set(name, value)
    }
    const same = (bytes: Buffer) => bytes
    return new Promise((resolve) => {
      client.makeUnaryRequest(list?.path ?? '', same, same, Buffer.alloc(0), metadata, (error) => {
        client.close()
        resolve(error?.code ?? status.OK)
      })
    })
  }

  /** Where the gateway says that the maker of a key came from. */
  async function addressOf(host: string, headers: Record<string, string>): Promise<unknown> {
    const key = JSON.stringify({ subject: 'ada', label: 'ada', scopes: ['tasks:read'] })
    const made = await ask(host, '/keys', { method: 'POST', headers: asAdmin(headers), body: key })
    assert.equal(made.status, 201, made.text)
    const { text } = await ask('127.0.0.1', '/audit?action=key.create&limit=100', { headers: asAdmin() })
    const id = textAt(parsed(made.text), 'key', 'id')
    const entry = listAt(parsed(text), 'items').find((item) => JSON.stringify(item).includes(id))
    return at(entry, 'names', textAt(entry, 'from'), 'text')
  }

  test('the proxy says whom it calls for, and nobody else does', async () => {
    const claim = { 'x-forwarded-for': '6.6.6.6, 203.0.113.7', forwarded: 'for=9.9.9.9' }

    assert.equal(await addressOf('127.0.0.1', claim), '203.0.113.7')
    assert.equal(await addressOf('127.0.0.1', {}), '127.0.0.1')
    assert.equal(await addressOf('127.0.0.2', claim), '127.0.0.2')
  })

  test('a caller that reached the proxy in the clear is refused, over every binding', async () => {
    const inTheClear = { 'x-forwarded-for': '203.0.113.7', 'x-forwarded-proto': 'http' }

    for (const path of ['/tasks', '/a2a/far/tasks', '/a2a/far/nothing', '/a2a/none/tasks']) {
      assert.equal((await ask('127.0.0.1', path, { headers: asAdmin(inTheClear) })).status, 403, path)
    }
    assert.equal(await askOverGrpc('127.0.0.1', inTheClear), status.PERMISSION_DENIED)
    assert.equal((await ask('127.0.0.1', '/healthz', { headers: inTheClear })).status, 200)
  })

  test('who comes past the proxy is refused, whatever it says', {
    skip:
      outward === undefined && process.env.CI === undefined
        ? 'this machine has no address but loopback'
        : false,
  }, async () => {
    assert.ok(outward !== undefined, 'this machine has no address but loopback')
    const claim = { 'x-forwarded-proto': 'https', 'x-forwarded-for': '127.0.0.1' }

    for (const path of ['/tasks', '/a2a/far/tasks', '/a2a/none/tasks']) {
      assert.equal((await ask(outward, path, { headers: asAdmin(claim) })).status, 403)
    }
    assert.equal(await askOverGrpc(outward, claim), status.PERMISSION_DENIED)
    assert.equal((await ask(outward, '/readyz')).status, 200)
  })

  test('browsers are told to come over TLS when the proxy says that they did', async () => {
    const over = async (proto: string, host = '127.0.0.1') =>
      (await ask(host, '/', { headers: { 'x-forwarded-proto': proto } })).headers['strict-transport-security']

    assert.equal(await over('https'), 'max-age=31536000')
    assert.equal(await over('http'), undefined)
    assert.equal(await over('https', '127.0.0.2'), undefined)
  })

  test('who calls too often is told when to call again, over HTTP and gRPC, and nobody else is kept away', async () => {
    const key = JSON.stringify({ subject: 'bob', label: 'bob', scopes: ['tasks:read'] })
    const made = await ask('127.0.0.1', '/keys', { method: 'POST', headers: asAdmin(), body: key })
    const bob = { authorization: `Bearer ${textAt(parsed(made.text), 'secret')}` }
    let refused = await ask('127.0.0.1', '/tasks', { headers: bob })
    for (let asked = 1; refused.status === 200 && asked < 100; asked++) {
      refused = await ask('127.0.0.1', '/a2a/far/tasks', { headers: bob })
    }

    assert.equal(refused.status, 429, refused.text)
    assert.equal(refused.headers['ratelimit-policy'], '"principal";q=40;w=40000')
    assert.match(String(refused.headers['retry-after']), /^\d+$/)
    assert.equal(await askOverGrpc('127.0.0.1', bob), status.RESOURCE_EXHAUSTED)
    assert.equal((await ask('127.0.0.1', '/tasks', { headers: asAdmin() })).status, 200)
  })
})
