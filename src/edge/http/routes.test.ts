import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { SCOPES } from '../../access/principal.ts'
import { ParleyError } from '../../errors.ts'
import { createCallLimits } from '../call-limits.ts'
import { isArdPath } from './ard-error.ts'
import { ROUTES } from './routes.ts'
import { agent, bearer, post, type Script, scriptedApp } from './scripted-app.case.ts'

/** The routes that tell nothing about anybody, and so need no credential. */
const OPEN = [
  'GET /.well-known/jwks.json',
  'GET /.well-known/oauth-authorization-server',
  'GET /.well-known/oauth-protected-resource',
  'GET /.well-known/oauth-protected-resource/a2a/{agent}',
  'GET /',
  'GET /healthz',
  'GET /livez',
  'GET /readyz',
  'GET /openapi.json',
  'GET /docs',
]

const nameOf = ({ method, path }: { method: string; path: string }) => `${method} ${path}`

const pathOf = (path: string) => path.replace('{id}', 'echo').replace('{agent}', 'echo')

async function ask(path: string, init: RequestInit = {}, script: Script = {}) {
  const { app, calls } = scriptedApp(script)
  const response = await app.request(path, init)
  const text = await response.text()
  return { status: response.status, headers: response.headers, text, calls, json: () => JSON.parse(text) }
}

describe('every native route', () => {
  it('declares its scope', () => {
    for (const route of ROUTES) {
      const known = route.scope === 'none' || SCOPES.includes(route.scope)
      assert.ok(known, `${nameOf(route)} declares no scope`)
    }
    assert.deepEqual(ROUTES.filter(({ scope }) => scope === 'none').map(nameOf), OPEN)
  })

  it('is mounted from the table, and nothing else is but A2A', () => {
    const { app } = scriptedApp()
    const mounted = app.routes.map(
      ({ method, path }) => `${method} ${path.replace(/:(\w+)(?:\{.*\})?/g, '{$1}')}`,
    )

    assert.deepEqual(
      mounted.sort(),
      [...ROUTES.map(nameOf), 'POST /a2a/{agent}', 'POST /a2a/{agent}/', 'ALL /a2a/{agent}/{path}'].sort(),
    )
  })

  it('refuses a principal without its scope, naming it', async () => {
    for (const route of ROUTES.filter(({ scope }) => scope !== 'none')) {
      const other = route.scope === 'metrics:read' ? 'tasks:read' : 'metrics:read'
      const { status, headers, json } = await ask(pathOf(route.path), {
        method: route.method,
        headers: bearer(other),
      })

      assert.equal(status, 403, nameOf(route))
      if (isArdPath(route.path)) assert.equal(json().errorCode, 'PERMISSION_DENIED')
      else assert.deepEqual([json().code, json().details.scope], ['forbidden', route.scope])
      const challenge = headers.get('www-authenticate') ?? ''
      assert.ok(challenge.includes(`error="insufficient_scope", scope="${route.scope}"`), challenge)
    }
  })

  it('refuses a credential that is limited to agents where more is at stake than these', async () => {
    const wide = ROUTES.filter(({ isTenantWide }) => isTenantWide === true)

    assert.deepEqual(wide.map(nameOf), [
      'GET /alerts/channels',
      'POST /alerts/channels',
      'GET /alerts/channels/{id}',
      'PUT /alerts/channels/{id}',
      'DELETE /alerts/channels/{id}',
      'POST /alerts/channels/{id}/test',
      'GET /alerts/{id}/notifications',
      'GET /audit',
      'POST /audit/erase',
      'GET /metrics',
    ])
    for (const { method, path } of wide) {
      const { status, json } = await ask(pathOf(path), { method, headers: bearer('limited') })
      assert.deepEqual([status, json().code], [403, 'forbidden'])
      assert.match(json().detail, /limited to certain agents/)
    }
  })

  it('refuses an unknown credential, and none where anonymous callers are not served', async () => {
    for (const route of ROUTES) {
      const expected = route.scope === 'none' ? 200 : 401
      const unknown = await ask(pathOf(route.path), { method: route.method, headers: bearer('nobody') })
      const none = await ask(pathOf(route.path), { method: route.method }, { settings: { anonymous: false } })

      assert.deepEqual([unknown.status, none.status], [expected, expected], nameOf(route))
      if (expected === 200) continue
      assert.match(none.headers.get('www-authenticate') ?? '', /^Bearer realm="parley", resource_metadata="/)
      assert.match(
        unknown.headers.get('www-authenticate') ?? '',
        /error="invalid_token", resource_metadata="/,
      )
    }
  })

  it('is counted against the limit of who asks, and says how much of it is left', async () => {
    for (const route of ROUTES.filter(({ scope }) => scope !== 'none')) {
      const limits = createCallLimits({ rate: { perSecond: 1, burst: 1 }, maxStreams: 1 }, () => 0)
      const call = () =>
        ask(pathOf(route.path), { method: route.method, headers: bearer('root') }, { deps: { limits } })

      const [first, second] = [await call(), await call()]

      assert.notEqual(first.status, 429, nameOf(route))
      assert.equal(second.status, 429, nameOf(route))
      assert.equal(second.headers.get('retry-after'), '1', nameOf(route))
      for (const { headers } of [first, second]) {
        assert.equal(headers.get('ratelimit-policy'), '"principal";q=1;w=1', nameOf(route))
        assert.equal(headers.get('ratelimit'), '"principal";r=0;t=1', nameOf(route))
      }
    }
  })

  it('refuses a body that nests too deeply', async () => {
    const body = `${'{"a":'.repeat(200)}1${'}'.repeat(200)}`
    // What these take is text for the room behind: a card that is told all its problems, secrets.
    const others = [
      '/agents/validate',
      '/agents/{id}/credentials/{scheme}',
      '/alerts/channels',
      '/alerts/channels/{id}',
    ]
    const taking = ROUTES.filter((route) => route.body !== undefined && !others.includes(route.path))
    assert.ok(taking.length >= 10)
    for (const route of taking) {
      const headers = { ...bearer('root'), 'content-type': 'application/json' }
      const { status, text } = await ask(pathOf(route.path), { method: route.method, headers, body })
      assert.equal(status, 400, nameOf(route))
      assert.match(text, /JSON nests deeper than 64 levels/)
    }
  })

  it('asks an anonymous caller for a credential where its scope does not suffice', async () => {
    for (const route of ROUTES.filter(({ scope }) => scope !== 'none' && scope !== 'agents:read')) {
      const { status } = await ask(pathOf(route.path), { method: route.method })
      assert.equal(status, 401, nameOf(route))
    }
    assert.equal((await ask('/agents')).status, 200)
  })
})

describe('the native API', () => {
  it('registers, updates and removes agents', async () => {
    const card = { name: 'x' }
    const seen: unknown[] = []
    const register = (created: boolean): Script => ({
      registry: {
        async register(_call, registration) {
          seen.push(registration.card)
          return { agent: agent(), created }
        },
      },
    })
    const made = await ask('/agents/register', post(card), register(true))
    const updated = await ask('/agents/register', post(card), register(false))

    assert.deepEqual(
      [made.status, updated.status, made.headers.get('location')],
      [201, 200, '/agents/agent-1'],
    )
    assert.deepEqual([made.json().id, made.json().slug], ['agent-1', 'echo'])
    assert.deepEqual(seen, ['{"name":"x"}', '{"name":"x"}'])
    assert.equal((await ask('/agents/echo', { method: 'DELETE', headers: bearer('all') })).status, 204)
  })

  it('tells every problem of a card as a pointer', async () => {
    const violations = [
      { pointer: '/name', code: 'required', message: 'is required' },
      { pointer: '/skills', code: 'type', message: 'must be array', hint: 'Send []' },
    ]
    const { status, headers, json } = await ask(
      '/agents/register',
      post({ name: 1 }, { 'x-request-id': 'r-1' }),
      {
        registry: {
          async register() {
            throw new ParleyError('invalid_registration', 'The card has 2 problems', { violations })
          },
        },
      },
    )

    assert.equal(status, 422)
    assert.equal(headers.get('content-type'), 'application/problem+json')
    assert.deepEqual(json(), {
      type: 'https://parley.dev/problems/invalid_registration',
      title: 'Invalid card',
      status: 422,
      detail: 'The card has 2 problems',
      instance: 'r-1',
      code: 'invalid_registration',
      errors: [
        { pointer: '/name', code: 'required', detail: 'is required' },
        { pointer: '/skills', code: 'type', detail: 'must be array', hint: 'Send []' },
      ],
    })
  })

  it('passes the filters of a search on, repeated ones as lists', async () => {
    let seen: unknown
    const { json } = await ask(
      '/agents?name=a&name=b&skill=s&only_alive=true&health=up&health=unknown&verified=true&limit=7&cursor=c',
      { headers: bearer('all') },
      {
        registry: {
          async search(_call, query) {
            seen = query
            return { items: [agent()], total: 12, totalCapped: false, nextCursor: 'n' }
          },
        },
      },
    )

    assert.deepEqual(seen, {
      names: ['a', 'b'],
      filters: { skill: ['s'] },
      health: ['up', 'unknown'],
      verified: true,
      onlyAlive: true,
      limit: 7,
      cursor: 'c',
    })
    assert.deepEqual([json().total, json().nextCursor, json().items.length], [12, 'n', 1])
  })

  it('names every query parameter it cannot accept', async () => {
    const headers = bearer('all')
    const pointers = async (query: string) => {
      const { status, json } = await ask(`/agents?${query}`, { headers })
      assert.equal(status, 400, query)
      return json().errors.map(({ pointer }: { pointer: string }) => pointer)
    }

    assert.deepEqual(await pointers('color=red&size=1'), ['/color', '/size'])
    assert.deepEqual(await pointers('only_alive=yes'), ['/only_alive'])
    assert.deepEqual(await pointers('health=well'), ['/health/0'])
    assert.deepEqual(await pointers('limit=1&limit=2'), ['/limit'])
    for (const limit of ['0', '101', '-1', '1.5', '', 'x'])
      assert.deepEqual(await pointers(`limit=${limit}`), ['/limit'])
    assert.deepEqual(await pointers('__proto__=1&constructor=2'), ['/__proto__', '/constructor'])
  })

  it('shows the last page of a list with a null cursor', async () => {
    const { json } = await ask('/contexts', { headers: bearer('tasks:read') })

    assert.deepEqual(json(), { items: [], total: 0, totalCapped: false, nextCursor: null })
  })

  it("pages through a task's log, or streams it", async () => {
    const page = await ask('/tasks/t/events?after=0&limit=1', { headers: bearer('all') })
    assert.deepEqual(page.json(), { items: [{ seq: 1 }], total: 2, totalCapped: false, nextCursor: '1' })

    const headers = { ...bearer('all'), accept: 'text/event-stream' }
    const stream = await ask('/tasks/t/events?after=1', { headers })
    assert.equal(stream.headers.get('content-type'), 'text/event-stream')
    assert.equal(stream.text, 'id: 2\ndata: {"seq":2}\n\n')
    assert.equal((await ask('/tasks/t/events', { method: 'HEAD', headers })).text, '')
  })

  it('tells where to send messages for an agent', async () => {
    const { json } = await ask('/agents/echo/invoke_url', { headers: bearer('all') })

    assert.deepEqual(
      [json().invokeUrl, json().protocolBinding, json().protocolVersion],
      ['http://parley.test/a2a/agent-1', 'JSONRPC', '1.0'],
    )
  })

  it('shows the secret of a key once, and never its hash', async () => {
    const key = {
      id: 'k',
      hash: 'h',
      tenant: 'default',
      subject: 'key:x',
      scopes: [],
      label: 'l',
      createdAt: 0,
      version: 1,
    }
    const script: Script = {
      access: {
        createKey: async () => ({ key, secret: 's3cret' }),
        rotateKey: async () => ({ key, secret: 's3cret' }),
        getKey: async () => key,
        listKeys: async () => ({ items: [key], total: 1, totalCapped: false }),
      },
    }
    const body = { subject: 'key:x', scopes: ['tasks:read'], label: 'l' }
    const made = await ask('/keys', post(body, bearer('root')), script)
    const listed = await ask('/keys', { headers: bearer('root') }, script)

    assert.deepEqual([made.status, made.json().secret, made.json().key.hash], [201, 's3cret', undefined])
    const rotated = await ask('/keys/k/rotate', { method: 'POST', headers: bearer('root') }, script)
    assert.deepEqual([rotated.status, rotated.json()], [201, made.json()])
    const one = await ask('/keys/k', { headers: bearer('root') }, script)
    for (const { text } of [listed, one]) assert.ok(!text.includes('s3cret') && !text.includes('hash'))
    assert.equal((await ask('/keys', post({ label: 1 }, bearer('root')), script)).status, 400)
    assert.equal((await ask('/keys/k', { method: 'DELETE', headers: bearer('root') })).status, 204)
  })

  it('answers 404 where there is nothing and 405 where another method would do', async () => {
    const nothing = await ask('/nothing')
    const wrong = await ask('/agents', { method: 'PUT' })
    const rpc = await ask('/a2a/echo', { method: 'GET', headers: bearer('all') })

    assert.deepEqual([nothing.status, nothing.json().code], [404, 'not_found'])
    assert.deepEqual([wrong.status, wrong.headers.get('allow')], [405, 'GET, HEAD'])
    assert.deepEqual([rpc.status, rpc.headers.get('allow')], [405, 'POST'])
  })

  it('tells an anonymous caller below /a2a/ nothing but that a credential is needed', async () => {
    const answers = await Promise.all(
      [
        '/a2a/echo/.well-known/agent-card.json',
        '/a2a/none/.well-known/agent-card.json',
        '/a2a/echo',
        '/a2a/none',
      ].map((path) => ask(path, { headers: { 'x-request-id': 'r' } })),
    )

    for (const { status, text } of answers) {
      assert.equal(status, 401)
      assert.equal(text, answers[0]?.text)
    }
  })

  it('turns unready before anything else when it stops', async () => {
    assert.equal((await ask('/readyz')).status, 200)
    assert.equal((await ask('/readyz', {}, { deps: { isReady: async () => false } })).status, 503)
    assert.equal((await ask('/livez', {}, { deps: { isReady: async () => false } })).status, 200)
  })

  it('answers only to the hosts it is given', async () => {
    const script: Script = { settings: { allowedHosts: ['localhost', '127.0.0.1', '[::1]'] } }
    for (const host of ['localhost:7420', '127.0.0.1', '[::1]:7420']) {
      assert.equal((await ask(`http://${host}/healthz`, {}, script)).status, 200, host)
    }
    for (const host of ['evil.test', 'localhost.evil.test']) {
      assert.equal((await ask(`http://${host}/healthz`, {}, script)).status, 403, host)
    }
  })

  it('withholds the text of what was not thrown on purpose', async () => {
    const { status, text, calls } = await ask(
      '/tasks',
      { headers: bearer('all') },
      {
        tasks: {
          async list() {
            throw new Error('disk /var/secret failed')
          },
        },
      },
    )

    assert.equal(status, 500)
    assert.ok(!text.includes('secret'))
    assert.equal(calls[0]?.error?.code, 'internal')
  })
})
