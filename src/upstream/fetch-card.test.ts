import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ParleyError } from '../errors.ts'
import { createEgress } from './egress.ts'
import { createCardSource } from './fetch-card.ts'
import { createGuard } from './guard.ts'
import {
  answerJson,
  type Exchange,
  type LoopbackServer,
  loopbackGuard,
  openLoopbackServer,
} from './loopback-server.case.ts'
import { CERTIFICATE, PRIVATE_KEY } from './tls-identity.case.ts'
import { DEFAULT_UPSTREAM_LIMITS, type UpstreamLimits } from './upstream-limits.ts'

const CARD = '{ "name": "Echo", "supportedInterfaces": [], "x": 1.0 }'
const WELL_KNOWN = '/.well-known/agent-card.json'
const OLD_WELL_KNOWN = '/.well-known/agent.json'

type Page = {
  readonly status?: number
  readonly body?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** Serves each path as given, and 404 elsewhere. */
const serve = (pages: Readonly<Record<string, Page>>): Promise<LoopbackServer> =>
  openLoopbackServer(({ request, response }: Exchange) => {
    const {
      status = 200,
      body = CARD,
      headers = {},
    } = pages[request.url ?? ''] ?? { status: 404, body: 'nothing' }
    response.writeHead(status, headers).end(body)
  })

async function fetchCard(url: string, limits: Partial<UpstreamLimits> = {}, guard = loopbackGuard) {
  await using source = createCardSource({
    guard,
    limits: { ...DEFAULT_UPSTREAM_LIMITS, ...limits },
    userAgent: 'parley/0.0.0',
  })
  return await source.fetchCard(url, new AbortController().signal)
}

const fails =
  (code: string, ...texts: readonly string[]) =>
  (error: unknown) => {
    assert.ok(error instanceof ParleyError)
    assert.equal(error.code, code)
    for (const text of texts) assert.ok(error.message.includes(text), error.message)
    return true
  }

describe('fetching a card', () => {
  test('takes the exact URL when a card is there, byte for byte', async () => {
    await using server = await serve({ '/cards/echo.json?v=1': {} })
    assert.deepEqual(await fetchCard(`${server.url}/cards/echo.json?v=1`), {
      url: `${server.url}/cards/echo.json?v=1`,
      text: CARD,
      origin: server.url,
    })
    assert.equal(server.exchanges.length, 1)
  })

  const bases: readonly (readonly [base: string, path: string])[] = [
    ['', WELL_KNOWN],
    ['/', WELL_KNOWN],
    ['/agents/x', `/agents/x${WELL_KNOWN}`],
    ['/agents/x/', `/agents/x${WELL_KNOWN}`],
    ['/agents/x?key=1#top', `/agents/x${WELL_KNOWN}`],
    ['//other.example/x', `//other.example/x${WELL_KNOWN}`],
  ]
  for (const [base, path] of bases) {
    test(`finds the card below the base "${base}"`, async () => {
      await using server = await serve({ [path]: {} })
      assert.deepEqual(await fetchCard(`${server.url}${base}`), {
        url: `${server.url}${path}`,
        text: CARD,
        origin: server.url,
      })
    })
  }

  const noCards: readonly (readonly [name: string, page: Page])[] = [
    ['answers 405', { status: 405 }],
    ['asks for credentials', { status: 401 }],
    ['answers with HTML', { body: '<html>' }],
    ['answers with an array', { body: '[]' }],
    ['answers with another object', { body: '{"status":"ok"}' }],
    ['answers with more than the limit', { body: `"${'x'.repeat(2000)}"` }],
    ['answers with an event stream', { headers: { 'content-type': 'text/event-stream' } }],
  ]
  for (const [name, page] of noCards) {
    test(`looks at the well-known path when the URL itself ${name}`, async () => {
      await using server = await serve({ '/a': page, [`/a${WELL_KNOWN}`]: {} })
      assert.equal((await fetchCard(`${server.url}/a`, { maxCardBytes: 1000 })).text, CARD)
    })
  }

  test('does not look at the root of the host for a base with a path', async () => {
    await using server = await serve({ [WELL_KNOWN]: {} })
    await assert.rejects(
      fetchCard(`${server.url}/a`),
      fails(
        'agent_unavailable',
        `${server.url}/a answers HTTP 404; ${server.url}/a${WELL_KNOWN} answers HTTP 404`,
      ),
    )
  })

  test('finds the card of an old agent where such cards were', async () => {
    const card = '{"protocolVersion":"0.2.5","url":"https://agent.example/","skills":[]}'
    await using server = await serve({ [`/a${OLD_WELL_KNOWN}`]: { body: card } })
    assert.deepEqual(await fetchCard(`${server.url}/a`), {
      url: `${server.url}/a${OLD_WELL_KNOWN}`,
      text: card,
      origin: server.url,
    })
  })

  test('prefers the card in the present place to the one in the old place', async () => {
    await using server = await serve({
      [WELL_KNOWN]: {},
      [OLD_WELL_KNOWN]: { body: '{"skills":[],"protocolVersion":"0.3.0"}' },
    })
    assert.equal((await fetchCard(server.url)).text, CARD)
  })

  test('asks a server that has a card for each version for that of 1.0', async () => {
    await using server = await openLoopbackServer(({ request, response }) => {
      const version = request.headers['a2a-version'] ?? 'none'
      response.end(`{"supportedInterfaces":[],"shown for":"${version}"}`)
    })
    assert.match((await fetchCard(server.url)).text, /"shown for":"1.0"/)
  })

  for (const path of [WELL_KNOWN, OLD_WELL_KNOWN]) {
    test(`looks once when the URL ends in ${path}`, async () => {
      await using server = await serve({})
      await assert.rejects(
        fetchCard(`${server.url}${path}`),
        fails('agent_unavailable', `${path} answers HTTP 404`),
      )
      assert.equal(server.exchanges.length, 1)
    })
  }

  test('gives an object that is no card when nothing better is there', async () => {
    await using server = await serve({ '/a': { body: '{"name":"x"}' } })
    assert.deepEqual(await fetchCard(`${server.url}/a`), {
      url: `${server.url}/a`,
      text: '{"name":"x"}',
      origin: server.url,
    })
  })

  test('sends no credentials and says what it accepts', async () => {
    await using server = await serve({ '/a': {} })
    await fetchCard(`${server.url}/a`)
    const headers = server.exchanges[0]?.request.headers ?? {}
    assert.equal(headers.authorization, undefined)
    assert.equal(headers.cookie, undefined)
    assert.match(headers.accept ?? '', /application\/json/)
    assert.equal(headers['user-agent'], 'parley/0.0.0')
  })

  test('follows three redirects and no fourth', async () => {
    const to = (location: string): Page => ({ status: 302, headers: { location } })
    await using server = await serve({
      '/3': to('/2'),
      '/2': to('/1'),
      '/1': to('/card'),
      '/card': {},
      '/4': to('/3'),
    })
    assert.deepEqual(await fetchCard(`${server.url}/3`), {
      url: `${server.url}/3`,
      text: CARD,
      origin: server.url,
    })
    await assert.rejects(
      fetchCard(`${server.url}/4`),
      fails('agent_unavailable', 'redirects more than 3 times'),
    )
  })

  test('says which server the card came from in the end', async () => {
    await using other = await serve({ '/card': {} })
    await using server = await serve({ '/a': { status: 302, headers: { location: `${other.url}/card` } } })
    const { url, origin } = await fetchCard(`${server.url}/a`)
    assert.deepEqual([url, origin], [`${server.url}/a`, other.url])
  })

  test('refuses a redirect to a forbidden address', async () => {
    await using inside = await serve({ '/': {} })
    await using server = await serve({ '/a': { status: 302, headers: { location: inside.url } } })
    const onlyServer = createGuard({
      policies: { agents: { allow: [] }, cards: { allow: [`127.0.0.1:${server.port}`] } },
    })
    await assert.rejects(
      fetchCard(`${server.url}/a`, {}, onlyServer),
      fails('invalid_params', 'PARLEY_ALLOW_CARDS'),
    )
    assert.equal(inside.exchanges.length, 0)
  })

  test('steps down from https to plain http with no redirect, wherever that is allowed', async () => {
    await using plain = await serve({ '/': {} })
    await using server = await openLoopbackServer(
      ({ response }) => {
        response.writeHead(302, { location: plain.url }).end()
      },
      { cert: CERTIFICATE, key: PRIVATE_KEY },
    )
    const guard = createGuard({
      policies: { cards: { allow: ['127.0.0.0/8'] } },
      egress: createEgress({ extraCa: CERTIFICATE }),
    })
    await assert.rejects(
      fetchCard(server.url, {}, guard),
      fails('agent_unavailable', 'redirects from https to plain http'),
    )
    assert.equal(plain.connections(), 0)
  })

  test('carries no credentials along a redirect, and takes none from it', async () => {
    await using server = await openLoopbackServer((exchange) => {
      const { url = '' } = exchange.request
      const location = `http://me:secret@127.0.0.1:${server.port}/card`
      if (url === '/a') answerJson(exchange, '', 302, { location, 'set-cookie': 'a=b' })
      else answerJson(exchange, CARD)
    })
    await assert.rejects(
      fetchCard(`${server.url}/a`),
      fails('invalid_params', 'must not contain credentials'),
    )
    assert.equal(server.exchanges.length, 1)
  })

  test('refuses a name that resolves to a forbidden address', async () => {
    await using server = await serve({ '/': {} })
    const rebound = createGuard({
      policies: { agents: { allow: [] }, cards: { allow: ['10.0.0.0/8'] } },
      resolve: async () => [{ address: '127.0.0.1', family: 4 }],
    })
    await assert.rejects(
      fetchCard(`http://rebound.example:${server.port}/`, {}, rebound),
      fails('invalid_params', 'rebound.example', 'PARLEY_ALLOW_CARDS'),
    )
    assert.equal(server.exchanges.length, 0)
  })

  test('refuses what is no URL', async () => {
    await assert.rejects(fetchCard('agent.example'), fails('invalid_params', 'URL'))
  })

  test('says when nobody listens', async () => {
    const server = await serve({})
    await server[Symbol.asyncDispose]()
    await assert.rejects(fetchCard(server.url), fails('agent_unavailable', 'cannot be reached'))
  })

  test('gives up on a slow server', async () => {
    await using server = await openLoopbackServer(() => {})
    await assert.rejects(
      fetchCard(server.url, { cardTimeoutMs: 50 }),
      fails('agent_unavailable', '0.05 seconds'),
    )
    await server.exchanges[0]?.closed
  })

  test('gives up on a server that never ends its answer', async () => {
    await using server = await openLoopbackServer(({ response }) => {
      const drip = setInterval(() => response.write(' '), 10)
      response.once('close', () => clearInterval(drip))
    })
    await assert.rejects(
      fetchCard(server.url, { cardTimeoutMs: 100 }),
      fails('agent_unavailable', '0.1 seconds'),
    )
    await server.exchanges[0]?.closed
  })

  test('stops with its signal', async () => {
    const stop = new AbortController()
    await using server = await openLoopbackServer(() => stop.abort(new Error('stopped')))
    await using source = createCardSource({ guard: loopbackGuard, userAgent: 'parley/0.0.0' })
    await assert.rejects(source.fetchCard(server.url, stop.signal), /stopped/)
    await server.exchanges[0]?.closed
  })
})
