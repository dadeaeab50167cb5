import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createCallers } from '../callers.ts'
import { describeBothWays } from './both-ways.case.ts'
import { createBrowserRules } from './browser-rules.ts'
import { fetchRequest } from './fetch-exchange.ts'
import { ROUTES } from './routes.ts'
import { bearer, post, scriptedApp } from './scripted-app.case.ts'

const APP = 'https://app.example'
const settings = { corsOrigins: [APP, 'http://localhost:3000'] }
const GET_TASK = { jsonrpc: '2.0', id: 1, method: 'GetTask', params: { id: 't' } }

const corsHeaders = ({ headers }: Response) =>
  [...headers].filter(([name]) => name.startsWith('access-control-'))

const preflight = (origin: string, more: Readonly<Record<string, string>> = {}): RequestInit => ({
  method: 'OPTIONS',
  headers: { origin, 'access-control-request-method': 'POST', ...more },
})

describeBothWays('a page of an origin that is listed', (ask) => {
  it('may read every answer, failures too', async () => {
    for (const [path, init] of [
      ['/a2a/echo', post(GET_TASK, { origin: APP })],
      ['/a2a/echo', post(GET_TASK, { origin: APP, authorization: 'Bearer stranger' })],
      ['/a2a/echo/tasks/t', { headers: { ...bearer('all'), origin: APP } }],
      ['/a2a/echo/v1/tasks/t', { headers: { ...bearer('all'), origin: APP } }],
      ['/a2a/echo/.well-known/agent-card.json', { headers: { ...bearer('all'), origin: APP } }],
      ['/tasks', { headers: { ...bearer('all'), origin: APP } }],
      ['/nothing', { headers: { origin: APP } }],
    ] as const) {
      const { response } = await ask({ settings }, path, init)

      assert.equal(response.headers.get('access-control-allow-origin'), APP, path)
      assert.equal(response.headers.get('access-control-allow-credentials'), null)
      const exposed = response.headers.get('access-control-expose-headers') ?? ''
      for (const name of ['RateLimit', 'WWW-Authenticate', 'A2A-Extensions', 'Retry-After']) {
        assert.ok(exposed.includes(name), name)
      }
      assert.match(response.headers.get('vary') ?? '', /\bOrigin\b/)
      await response.body?.cancel()
    }
  })

  it('keeps what an answer varies by besides', async () => {
    const { response } = await ask({ settings }, '/a2a/echo/.well-known/agent-card.json', {
      headers: { ...bearer('all'), origin: APP },
    })

    assert.equal(response.headers.get('vary'), 'A2A-Version, Authorization, X-API-Key, Origin')
  })

  it('is told beforehand what it may send, without a credential and alike for every path', async () => {
    const paths = [
      '/a2a/echo',
      '/a2a/none',
      '/a2a/echo/message:send',
      '/a2a/none/tasks/t',
      '/tasks',
      '/keys',
      '/nothing',
    ]
    const answers = await Promise.all(
      paths.map(async (path) => (await ask({ settings }, path, preflight(APP))).response),
    )

    for (const answer of answers) {
      assert.equal(answer.status, 200)
      assert.deepEqual(corsHeaders(answer), corsHeaders(answers[0] ?? answer))
      assert.equal(answer.headers.get('vary'), answers[0]?.headers.get('vary'))
      assert.equal(await answer.text(), '')
    }
    const allowed = answers[0]?.headers.get('access-control-allow-headers') ?? ''
    for (const name of ['Authorization', 'X-API-Key', 'A2A-Version', 'Idempotency-Key', 'Last-Event-ID']) {
      assert.ok(allowed.includes(name), name)
    }
  })
})

describeBothWays('a page of any other origin', (ask) => {
  it('reads nothing, and caches are told why', async () => {
    for (const origin of [
      'https://evil.example',
      `${APP}.evil.example`,
      `${APP}:444`,
      'http://app.example',
      'null',
      '*',
    ]) {
      for (const init of [post(GET_TASK, { origin }), preflight(origin)]) {
        const { response } = await ask({ settings }, '/a2a/echo', init)

        assert.deepEqual(corsHeaders(response), [], origin)
        assert.match(response.headers.get('vary') ?? '', /\bOrigin\b/)
      }
    }
  })

  it('is told what everybody is who asks without a credential', async () => {
    const { response } = await ask({ settings }, '/a2a/echo/tasks/t', preflight('https://evil.example'))

    assert.equal(response.status, 401)
  })

  it('finds no trace of the rules where no origin is listed', async () => {
    const { response } = await ask({}, '/a2a/echo', post(GET_TASK, { origin: APP }))

    assert.deepEqual(corsHeaders(response), [])
    assert.equal(response.headers.get('vary'), null)
  })
})

describeBothWays('a browser that comes in the clear', (ask) => {
  it('is not told to come over TLS, for anybody may have written that', async () => {
    const headers = { ...bearer('all'), 'x-forwarded-proto': 'https' }
    const { response } = await ask({ settings: { hsts: true } }, '/tasks', { headers })

    assert.equal(response.headers.get('strict-transport-security'), null)
  })
})

describe('a browser that is known to come over TLS', () => {
  it('is told to come in no other way, beyond loopback', () => {
    const callers = createCallers({ trustedProxies: [], forwarded: 'x-forwarded', demandsTls: true })
    const peer = { address: '203.0.113.7', isSecure: true }
    const request = { ...fetchRequest(new Request('https://parley.test/')), peer }

    const headers = createBrowserRules({ corsOrigins: [], hsts: true }, callers)?.headersFor(
      request,
      undefined,
    )
    assert.deepEqual(headers, { 'strict-transport-security': 'max-age=31536000' })
    assert.equal(createBrowserRules({ corsOrigins: [], hsts: false }, callers), undefined)
  })
})

describe('a page of ours', () => {
  const { app } = scriptedApp({ settings: { hsts: false } })

  it('runs no script, is framed by nobody, and tells nobody where its reader comes from', async () => {
    const pages = ROUTES.filter(({ method, responses }) =>
      Object.values(responses).some(({ contentType }) => method === 'GET' && contentType === 'text/html'),
    )
    assert.ok(pages.length >= 2)
    for (const { path } of pages) {
      const { status, headers } = await app.request(path, { headers: bearer('root') })

      assert.equal(status, 200, path)
      assert.equal(headers.get('x-content-type-options'), 'nosniff')
      assert.equal(headers.get('referrer-policy'), 'no-referrer')
      const policy = headers.get('content-security-policy') ?? ''
      assert.match(policy, /default-src 'none'/)
      assert.match(policy, /frame-ancestors 'none'/)
      assert.match(policy, /form-action 'none'/)
      assert.doesNotMatch(policy, /unsafe|script-src|\*/)
    }
  })

  it('is nothing else than what the table says is one', async () => {
    for (const { method, path, responses } of ROUTES) {
      const target = path.replaceAll(/\{\w+\}/g, 'echo')
      const { headers } = await app.request(target, { method, headers: bearer('root') })
      const isPage = Object.values(responses).some(({ contentType }) => contentType === 'text/html')

      const isHtml = (headers.get('content-type') ?? '').includes('html')
      assert.ok(isPage || !isHtml, `${method} ${path}`)
      assert.equal(headers.get('x-content-type-options'), 'nosniff', `${method} ${path}`)
    }
  })
})
