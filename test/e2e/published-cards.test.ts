import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { verifyAgentCardSignature } from '@a2a-js/sdk'
import { DefaultAgentCardResolver } from '@a2a-js/sdk/client'
import canonicalize from 'canonicalize'
import { createRemoteJWKSet, type FlattenedJWSInput, flattenedVerify, type JWK } from 'jose'
import { agentCardCheck } from '../../src/a2a/agent-card.ts'
import { legacyCardViolations } from '../../src/a2a/v0_3/card-schema.ts'
import { at, listAt, textAt } from './json-path.ts'
import { startParley } from './parley-process.ts'
import { errorOf, native, type Reply, resultOf, rpc } from './rpc.ts'
import { newKey, startWorld, type World } from './world.ts'

const PATH = '/.well-known/agent-card.json'

describe('published cards', { timeout: 180_000 }, () => {
  let world: World
  let reader: string
  const opened = new AsyncDisposableStack()

  before(async () => {
    const env = { PARLEY_ROOT_AGENT: 'scenario', PARLEY_ANONYMOUS: '1' }
    world = opened.use(await startWorld({ env, registration: { visibility: 'public' } }))
    reader = await newKey(world.parley, 'reader', ['agents:read'])
  })
  after(() => opened.disposeAsync())

  const to = (path: string) => `${world.parley.url}${path}`
  const get = (path: string, headers: Record<string, string> = {}, key: string | undefined = reader) =>
    native(key, 'GET', to(path), undefined, headers)
  const card = (slug: string, version?: string) =>
    get(`/a2a/${slug}${PATH}`, version === undefined ? {} : { 'a2a-version': version })

  /** Registers the scenario agent in one of its forms. */
  const register = async (slug: string, form: string, more: object = {}): Promise<Reply> => {
    const cardUrl = `${world.agent.url}/forms/${form}`
    const made = await native(world.parley.adminKey, 'POST', to('/agents/register'), {
      cardUrl,
      slug,
      ...more,
    })
    assert.equal(made.status, 201, made.text)
    return made
  }

  /** Whether a card is signed as it is with a key that we publish, as the document of cards says to find out. */
  const isSigned = async (value: unknown): Promise<boolean> => {
    const keys = createRemoteJWKSet(new URL(to('/.well-known/jwks.json')))
    const { signatures, ...card } = value as { readonly signatures: readonly object[] }
    const payload = Buffer.from(canonicalize(card) ?? '').toString('base64url')
    const verified = signatures.map((each) =>
      flattenedVerify({ ...(each as FlattenedJWSInput), payload }, keys, { algorithms: ['ES256'] }),
    )
    return Promise.any(verified).then(
      () => true,
      () => false,
    )
  }

  test('come in the form of the agent’s profile, or in the version that is asked for', async () => {
    for (const profile of ['superset', 'v1', 'v0.3']) {
      const slug = `as-${profile.replace('.', '-')}`
      const made = await register(slug, 'v1.0/jsonrpc', { cardProfile: profile })
      assert.equal(at(made.body, 'cardProfile'), profile)
      const unasked = (await card(slug)).body
      const current = (await card(slug, '1.0')).body
      const legacy = (await card(slug, '0.3')).body

      assert.deepEqual(agentCardCheck.violations(current), [])
      assert.deepEqual(legacyCardViolations(legacy), [])
      assert.deepEqual([at(current, 'url'), at(legacy, 'supportedInterfaces')], [undefined, undefined])
      const same = profile === 'v1' ? current : profile === 'v0.3' ? legacy : undefined
      if (same === undefined) {
        assert.deepEqual(agentCardCheck.violations(unasked), [])
        assert.deepEqual(legacyCardViolations(unasked), [])
      } else assert.deepEqual(unasked, same)
    }
    assert.equal((await card('as-v1', '1.1')).status, 400)
    assert.equal((await get(`/a2a/as-v1${PATH}?A2A-Version=0.3`)).text, (await card('as-v1', '0.3')).text)
  })

  test('are signed in every form with the one key, and no longer once changed', async () => {
    for (const version of [undefined, '1.0', '0.3']) {
      const { body } = await card('scenario', version)

      assert.ok(await isSigned(body), version)
      assert.ok(!(await isSigned({ ...(body as object), name: 'Another' })), version)
    }
  })

  test('satisfy the official SDK’s verifier', async (t) => {
    // The SDK tells of each signature that is not the one it looks for.
    t.mock.method(console, 'debug', () => {})
    const keys = await get('/.well-known/jwks.json', {}, undefined)
    const verify = verifyAgentCardSignature(async (kid, jku) => {
      assert.equal(jku, to('/.well-known/jwks.json'))
      return listAt(keys.body, 'keys').find((key) => at(key, 'kid') === kid) as JWK
    })
    for (const version of [undefined, '1.0']) {
      const text = (await card('scenario', version)).text
      await verify(JSON.parse(text))
      await assert.rejects(verify({ ...JSON.parse(text), version: '2' }))
    }
  })

  test('are read by the official SDK’s clients of either version', async () => {
    const seenBy = async (version: string | undefined, legacy: boolean) => {
      const fetchImpl: typeof fetch = (input, init) => {
        const headers = new Headers(init?.headers)
        headers.delete('a2a-version')
        if (version !== undefined) headers.set('a2a-version', version)
        return fetch(input, { ...init, headers })
      }
      const resolver = new DefaultAgentCardResolver({ fetchImpl, legacyCompat: { enabled: legacy } })
      return resolver.resolve(to('/a2a/scenario/'))
    }
    for (const [version, legacy] of [
      [undefined, false],
      [undefined, true],
      ['1.0', true],
      ['0.3', true],
    ] as const) {
      const seen = await seenBy(version, legacy)
      const label = `${version} ${legacy}`

      assert.equal(seen.name, 'Scenario agent', label)
      assert.ok(seen.skills.length > 10, label)
      const interfaces = seen.supportedInterfaces.map(
        (each) => `${each.protocolBinding} ${each.protocolVersion} ${each.url}`,
      )
      const url = to(`/a2a/${await idOf('scenario')}`)
      const spoken = version === '0.3' ? /^0\.3/ : /^(1\.0|0\.3)/
      for (const each of seen.supportedInterfaces) assert.match(each.protocolVersion, spoken, label)
      for (const binding of ['JSONRPC', 'HTTP+JSON']) {
        assert.ok(
          interfaces.some((each) => each.startsWith(`${binding} `) && each.endsWith(url)),
          `${label}: ${interfaces}`,
        )
      }
    }
  })

  const idOf = async (slug: string) => textAt((await get(`/agents/${slug}`)).body, 'id')

  test('are not sent again to who has them', async () => {
    const first = await card('scenario')
    const etag = first.headers.get('etag') ?? ''
    const modified = first.headers.get('last-modified') ?? ''

    assert.match(etag, /^W\/"[\w-]+"$/)
    assert.equal(first.headers.get('cache-control'), 'public, max-age=60')
    assert.equal(first.headers.get('vary'), 'A2A-Version, Authorization, X-API-Key')
    for (const headers of [{ 'if-none-match': etag }, { 'if-modified-since': modified }]) {
      const again = await get(`/a2a/scenario${PATH}`, headers)
      assert.deepEqual([again.status, again.text, again.headers.get('etag')], [304, '', etag])
    }
    assert.equal(
      (await get(`/a2a/scenario${PATH}`, { 'if-none-match': etag, 'a2a-version': '0.3' })).status,
      200,
    )
  })

  test('are the same to a client after a restart, which signs them anew', async () => {
    await using parley = await startParley()
    const body = { card: world.agent.card, slug: 'kept' }
    await native(parley.adminKey, 'POST', `${parley.url}/agents/register`, body)
    const ask = (headers = {}) =>
      native(parley.adminKey, 'GET', `${parley.url}/a2a/kept${PATH}`, undefined, headers)
    const keys = () => native(undefined, 'GET', `${parley.url}/.well-known/jwks.json`)
    const before = await ask()
    const keysBefore = await keys()
    await parley.restart()

    assert.equal((await keys()).text, keysBefore.text)
    assert.equal((await ask({ 'if-none-match': before.headers.get('etag') ?? '' })).status, 304)
    assert.notEqual((await ask()).text, before.text)
  })

  test('stand at the root of the host for the chosen agent, to whoever may see it', async () => {
    const own = await get(`/a2a/scenario${PATH}`)
    assert.equal((await get(PATH)).text, own.text)
    assert.equal((await get(PATH, {}, undefined)).text, own.text)
    assert.equal(at((await get('/.well-known/agent.json')).body, 'protocolVersion'), '0.3.0')
    assert.equal(at((await get('/a2a/scenario/.well-known/agent.json')).body, 'protocolVersion'), '0.3.0')

    await using hiding = await startParley({ env: { PARLEY_ROOT_AGENT: 'kept', PARLEY_ANONYMOUS: '1' } })
    const root = (key?: string) => native(key, 'GET', `${hiding.url}${PATH}`)
    const missing = await root()
    await native(hiding.adminKey, 'POST', `${hiding.url}/agents/register`, {
      card: world.agent.card,
      slug: 'kept',
    })

    const hidden = await root()
    const facts = ({ status, body }: Reply) => [status, at(body, 'code'), at(body, 'detail')]
    assert.deepEqual(facts(hidden), [404, 'agent_not_found', 'Agent not found'])
    assert.deepEqual(facts(missing), facts(hidden))
    assert.equal((await root(hiding.adminKey)).status, 200)
  })
})

describe('cards of a gateway that serves gRPC', { timeout: 180_000 }, () => {
  test('name its listeners, each agent by its id where it is not the default one', async () => {
    const env = { PARLEY_GRPC: '0=scenario,0', PARLEY_GRPC_PUBLIC_URL: 'gw.example:50051,grpcs://gw.example' }
    await using world = await startWorld({ env })
    const { parley } = world
    const ask = (slug: string, version: string) =>
      native(parley.adminKey, 'GET', `${parley.url}/a2a/${slug}${PATH}`, undefined, {
        'a2a-version': version,
      })
    const register = (card: unknown, slug: string) =>
      native(parley.adminKey, 'POST', `${parley.url}/agents/register`, { card, slug })
    const other = await register(world.agent.card, 'other')
    const id = textAt(other.body, 'id')
    const grpcIn = (reply: Reply, list: string, binding: string) =>
      listAt(reply.body, list)
        .filter((each) => at(each, binding) === 'GRPC')
        .map((each) => [at(each, 'url'), at(each, 'protocolVersion'), at(each, 'tenant')])
    const [own, shared] = ['gw.example:50051', 'grpcs://gw.example']

    const scenario = await ask('scenario', '1.0')
    const scenarioId = textAt(
      (await native(parley.adminKey, 'GET', `${parley.url}/agents/scenario`)).body,
      'id',
    )
    assert.deepEqual(grpcIn(scenario, 'supportedInterfaces', 'protocolBinding'), [
      [own, '1.0', undefined],
      [shared, '1.0', scenarioId],
      [own, '0.3', undefined],
    ])
    assert.deepEqual(grpcIn(await ask('other', '1.0'), 'supportedInterfaces', 'protocolBinding'), [
      [own, '1.0', id],
      [shared, '1.0', id],
    ])
    const inLegacy = async (slug: string) =>
      grpcIn(await ask(slug, '0.3'), 'additionalInterfaces', 'transport')
    assert.deepEqual(await inLegacy('scenario'), [[own, undefined, undefined]])
    assert.deepEqual(await inLegacy('other'), [])

    const loop = { ...(world.agent.card as object), supportedInterfaces: [] as object[] }
    loop.supportedInterfaces = [{ url: 'gw.example:443', protocolBinding: 'GRPC', protocolVersion: '1.0' }]
    const refused = await register(loop, 'loop')
    assert.deepEqual([refused.status, at(refused.body, 'errors', 0, 'code')], [422, 'loop'])
  })
})

describe('extended cards', { timeout: 180_000 }, () => {
  let world: World
  let reader: string
  const opened = new AsyncDisposableStack()

  before(async () => {
    world = opened.use(await startWorld())
    reader = await newKey(world.parley, 'reader', ['agents:read'])
  })
  after(() => opened.disposeAsync())

  const to = (path: string) => `${world.parley.url}${path}`
  const skillsOf = (card: unknown) => listAt(card, 'skills').map((skill) => textAt(skill, 'id'))

  test('show more to those who are known, in every version and binding of agent and client', async () => {
    for (const form of ['v1.0/jsonrpc', 'v1.0/rest', 'v0.3/jsonrpc', 'v0.3/rest']) {
      const slug = form.replace(/[./]/g, '-')
      const cardUrl = `${world.agent.url}/forms/${form}`
      const made = await native(world.parley.adminKey, 'POST', to('/agents/register'), { cardUrl, slug })
      assert.equal(made.status, 201, made.text)
      const url = to(`/a2a/${slug}`)
      const endpoint = { url, key: reader }
      const legacy = { headers: { 'a2a-version': '0.3' } }
      const cards = [
        resultOf(await rpc(endpoint, 'GetExtendedAgentCard', {})),
        resultOf(await rpc(endpoint, 'agent/getAuthenticatedExtendedCard', {}, legacy)),
        (await native(reader, 'GET', `${url}/extendedAgentCard`)).body,
        (await native(reader, 'GET', `${url}/v1/card`)).body,
      ]
      for (const card of cards) {
        assert.ok(skillsOf(card).includes('whisper'), form)
        assert.doesNotMatch(JSON.stringify(card), new RegExp(new URL(world.agent.url).host), form)
      }
      assert.ok(listAt(cards[0], 'signatures').length > 0)
      assert.equal(at(cards[1], 'signatures'), undefined)
      const plain = await native(reader, 'GET', `${url}${PATH}`)
      assert.ok(!skillsOf(plain.body).includes('whisper'))
      assert.equal(at(plain.body, 'capabilities', 'extendedAgentCard'), true)
      assert.equal(at(plain.body, 'supportsAuthenticatedExtendedCard'), true)
    }
  })

  test('are for whoever asked alone', async () => {
    const { headers } = await native(reader, 'GET', to('/a2a/scenario/extendedAgentCard'))

    assert.equal(headers.get('cache-control'), 'private, max-age=60')
    assert.equal(headers.get('vary'), 'Authorization, X-API-Key')
    assert.equal((await native(undefined, 'GET', to('/a2a/scenario/extendedAgentCard'))).status, 401)
    assert.equal((await rpc({ url: to('/a2a/scenario') }, 'GetExtendedAgentCard', {})).status, 401)
  })

  test('are refused where the agent has none, and where it gives none', async () => {
    const code = async (slug: string, extendedAgentCard: boolean) => {
      const card = {
        ...(world.agent.card as object),
        supportedInterfaces: [
          { url: `${world.agent.url}/nowhere`, protocolBinding: 'HTTP+JSON', protocolVersion: '1.0' },
        ],
        capabilities: { extendedAgentCard },
      }
      await native(world.parley.adminKey, 'POST', to('/agents/register'), { card, slug })
      const reply = await rpc({ url: to(`/a2a/${slug}`), key: reader }, 'GetExtendedAgentCard', {})
      return errorOf(reply).code
    }

    assert.equal(await code('plain', false), -32004)
    assert.equal(await code('promising', true), -32007)
  })
})
