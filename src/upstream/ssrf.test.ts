import assert from 'node:assert/strict'
import { isIP } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { AgentFailure } from '../delivery/agent-client.ts'
import { ParleyError } from '../errors.ts'
import { createAgentClient } from './agent-client.ts'
import { createCardSource } from './fetch-card.ts'
import { createIdentitySource, createKeySource } from './fetch-keys.ts'
import { ALLOW_SETTINGS, createGuard, type Guard, type Purpose } from './guard.ts'
import { HttpError } from './http-error.ts'
import { ADA, type LoopbackServer, NOW, openLoopbackServer, targetOf } from './loopback-server.case.ts'
import { createTokenSource } from './request-token.ts'
import { ADDRESSES, type ForbiddenUrl, forbiddenUrls, type Refusal } from './ssrf-corpus.case.ts'

const never = new AbortController().signal
const userAgent = 'parley/0.0.0'

const resolve = async (host: string) =>
  (ADDRESSES[host] ?? ['93.184.215.14']).map((address) => ({ address, family: isIP(address) }))

const strict = createGuard({
  policies: { agents: { allow: [] }, cards: { allow: [] }, identity: { allow: [] }, alerts: { allow: [] } },
  resolve,
})

/** An address in words for people: four numbers, or groups with two colons. */
const ADDRESS = /\d+\.\d+\.\d+\.\d+|[\da-f]*:[\da-f]*:[\da-f:]*/i

/** What the guard said, wherever that is in an error. */
const refusalIn = (error: unknown): unknown =>
  error instanceof AgentFailure && error.cause instanceof HttpError ? error.cause.cause : error

/** Policy refused it before anything was sent, and the refusal says what would allow it, not where it leads. */
function assertRefused(error: unknown, { url, refusal }: ForbiddenUrl, purpose: Purpose): void {
  assert.ok(error instanceof Error)
  const forbidden = refusalIn(error)
  if (error instanceof AgentFailure) assert.equal(error.kind, 'not_accepted', url)
  assert.ok(forbidden instanceof ParleyError, `${url}: ${error.message}`)
  assert.equal(forbidden.code, 'invalid_params', url)
  assert.doesNotMatch(error.message, ADDRESS, url)
  const setting = ALLOW_SETTINGS[purpose]
  const says: Readonly<Record<Refusal, boolean>> = {
    setting: error.message.includes(setting) && forbidden.details.setting === setting,
    metadata: forbidden.message.includes('metadata') && forbidden.details.setting === undefined,
    url: /URL|address/.test(error.message) && forbidden.details.setting === undefined,
  }
  assert.ok(says[refusal], `${url} is refused with "${error.message}"`)
}

describe('a forbidden URL', () => {
  const opened = new AsyncDisposableStack()
  let server: LoopbackServer
  let corpus: readonly ForbiddenUrl[]

  before(async () => {
    server = opened.use(
      await openLoopbackServer(({ response }) => {
        response.end('{"skills":[]}')
      }),
    )
    corpus = forbiddenUrls(server.port)
  })
  after(() => opened.disposeAsync())

  async function allRefused(purpose: Purpose, call: (url: string) => Promise<unknown>, urls = corpus) {
    for (const forbidden of urls) {
      await call(forbidden.url).then(
        () => assert.fail(`${forbidden.url} was called`),
        (error: unknown) => assertRefused(error, forbidden, purpose),
      )
    }
    assert.equal(server.connections(), 0)
  }

  test('is one of many', () => {
    assert.ok(new Set(corpus.map(({ url }) => url)).size >= 160, `${corpus.length}`)
  })

  for (const purpose of ['agents', 'cards', 'identity', 'alerts'] as const) {
    test(`is refused by the guard for ${purpose}`, () =>
      allRefused(purpose, async (url) => strict.resolve(strict.check(url, purpose), purpose)))
  }

  test('brings no card', async () => {
    await using cards = createCardSource({ guard: strict, userAgent })
    await allRefused('cards', (url) => cards.fetchCard(url, never))
    await allRefused('cards', (url) => cards.refetchCard(url, undefined, never))
  })

  test('brings no keys', async () => {
    await using keys = createKeySource({ guard: strict, userAgent })
    await allRefused('cards', (url) => keys.fetchKeys(url, never))
  })

  test('brings no keys of an identity provider, nor where they are', async () => {
    await using source = createIdentitySource({ guard: strict, userAgent })
    await allRefused('identity', (url) => source.fetchKeys(url, never))
    await allRefused('identity', (url) => source.fetchMetadata(url, never))
  })

  test('brings no access token, and is shown no secret of a client', async () => {
    await using source = createTokenSource({ guard: strict, userAgent })
    const client = {
      clientId: 'parley',
      clientSecret: 's3cret',
      authentication: 'basic',
      scopes: [],
    } as const
    await allRefused('identity', (url) => source.requestToken(url, client, never))
    await allRefused('identity', (url) => source.fetchMetadata(url, never))
  })

  const clientWith = (guard: Guard) =>
    createAgentClient({ guard, now: () => NOW, newId: () => '1', userAgent })

  const ways = ['JSONRPC', 'HTTP+JSON', 'GRPC'].flatMap((protocolBinding) =>
    ['1.0', '0.3'].map((protocolVersion) => ({ protocolBinding, protocolVersion })),
  )
  for (const way of ways) {
    test(`is not called as an agent of ${way.protocolVersion} over ${way.protocolBinding}`, async () => {
      await using client = clientWith(strict)
      const isGrpc = way.protocolBinding === 'GRPC'
      const call = (url: string) =>
        client.getTask(targetOf(url, way), 't', { signal: never, onBehalfOf: ADA })
      if (!isGrpc) {
        await allRefused('agents', call)
        return
      }
      for (const { url, refusal } of corpus) {
        // An address for gRPC is no URL; what cannot be read as one is refused as that.
        const forbidden = await call(url).catch((error: unknown) => error)
        assert.ok(forbidden instanceof AgentFailure, url)
        const readable = /not valid/.test(String(refusalIn(forbidden))) ? 'url' : refusal
        assertRefused(forbidden, { url, refusal: readable }, 'agents')
      }
      assert.equal(server.connections(), 0)
    })
  }

  test('is not called over gRPC as host and port either', async () => {
    await using client = clientWith(strict)
    const hosts = corpus.filter(
      ({ url, refusal }) => refusal === 'setting' && url.endsWith(`:${server.port}/`),
    )
    assert.ok(hosts.length > 100)
    for (const { url } of hosts) {
      const address = url.slice(url.indexOf('//') + 2, -1)
      const target = targetOf(address, { protocolBinding: 'GRPC' })
      const refused = await client
        .getTask(target, 't', { signal: never, onBehalfOf: ADA })
        .catch((error: unknown) => error)
      const readable = /not valid/.test(String(refusalIn(refused))) ? 'url' : 'setting'
      assertRefused(refused, { url, refusal: readable }, 'agents')
    }
    assert.equal(server.connections(), 0)
  })

  test('is followed by no redirect', async () => {
    let location = ''
    await using moved = await openLoopbackServer(({ response }) => {
      response.writeHead(302, { location }).end()
    })
    const guard = createGuard({ policies: { cards: { allow: [`127.0.0.1:${moved.port}`] } }, resolve })
    await using cards = createCardSource({ guard, userAgent })
    const escaped = corpus.filter(({ url }) => URL.canParse(url))
    await allRefused(
      'cards',
      async (url) => {
        // As a header can hold it.
        location = url.replace(/[^\x20-\x7e]/gu, encodeURIComponent)
        return cards.fetchCard(`${moved.url}/.well-known/agent-card.json`, never)
      },
      escaped,
    )
    assert.equal(moved.exchanges.length, escaped.length)
  })
})
