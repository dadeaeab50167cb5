import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { after, before, describe, test } from 'node:test'
import { at, listAt, numberAt, textAt } from './json-path.ts'
import { agentCard } from './raw-agent.ts'
import { errorOf, native, type Reply, rpc, send, withoutRequest } from './rpc.ts'
import { newClient, newKey, startWorld, type World } from './world.ts'

const NEVER_EXISTED = '0190a0a0-0000-7000-8000-00000000dead'
const PUBLISHER = ['agents:read', 'agents:write', 'agents:heartbeat', 'tasks:submit', 'tasks:read']
const THERE = 'http://127.0.0.1:9900'

describe('the registry', { timeout: 180_000 }, () => {
  let world: World
  let publisher: string
  let reader: string
  const opened = new AsyncDisposableStack()

  before(async () => {
    world = opened.use(await startWorld({ registration: { owner: 'key:publisher' } }))
    publisher = await newKey(world.parley, 'publisher', PUBLISHER)
    reader = await newKey(world.parley, 'reader', ['agents:read'])
  })
  after(() => opened.disposeAsync())

  const to = (path: string) => `${world.parley.url}${path}`
  const register = (body: unknown, key = publisher) => native(key, 'POST', to('/agents/register'), body)
  const find = (query: string, key = publisher) => native(key, 'GET', to(`/agents?${query}`))
  const namesOf = (reply: Reply) =>
    listAt(reply.body, 'items')
      .map((item) => textAt(item, 'slug'))
      .toSorted()

  test('takes a card in every form, and each answers', async () => {
    const { url, card } = world.agent
    const exact = `${url}/.well-known/agent-card.json`
    const forms: readonly (readonly [string, unknown])[] = [
      ['a bare card', card],
      ['a card with a slug', { card, slug: 'form-card' }],
      ['the exact address', { cardUrl: exact, slug: 'form-exact' }],
      ['the base address', { cardUrl: url, slug: 'form-base' }],
      ['the base address with a slash', { cardUrl: `${url}/`, slug: 'form-slash' }],
      ['only the base address', { url }],
      ['only the exact address', { url: exact }],
    ]
    const ids = new Map<string, string>()
    for (const [form, body] of forms) {
      const reply = await register(body)
      const slug = textAt(reply.body, 'slug')
      const id = textAt(reply.body, 'id')
      // A form without a slug takes it from the card, so these are one agent.
      assert.equal(reply.status, ids.has(slug) ? 200 : 201, `${form}: ${reply.text}`)
      assert.equal(ids.get(slug) ?? id, id, form)
      ids.set(slug, id)
      assert.equal(slug, at(body, 'slug') ?? slug, form)
      for (const name of [slug, id]) {
        const sent = await send({ url: to(`/a2a/${name}`), key: publisher }, `echo by ${form}`)
        assert.equal(at(sent, 'task', 'status', 'state'), 'TASK_STATE_COMPLETED', form)
      }
    }
    assert.equal(ids.size, 5, [...ids.keys()].join())
  })

  test('updates for the same owner and refuses another one', async () => {
    const first = await register({ card: agentCard(THERE, { name: 'Version one' }), slug: 'mine' })
    assert.equal(first.status, 201, first.text)
    const again = await register({ card: agentCard(THERE, { name: 'Version two' }), slug: 'mine' })
    assert.equal(again.status, 200, again.text)
    assert.equal(at(again.body, 'id'), at(first.body, 'id'))
    const shown = await native(publisher, 'GET', to('/agents/mine'))
    const byId = await native(publisher, 'GET', to(`/agents/${textAt(first.body, 'id')}`))
    assert.equal(byId.status, 200)
    assert.match(byId.text, /Version two/)
    assert.equal(shown.text, byId.text)
    const thief = await newKey(world.parley, 'thief', PUBLISHER)
    const refused = await register({ card: agentCard(THERE), slug: 'mine' }, thief)
    assert.equal(refused.status, 409, refused.text)
    assert.match(refused.headers.get('content-type') ?? '', /problem\+json/)
  })

  test('names everything that is wrong with a card at once', async () => {
    const { name: _, ...unnamed } = agentCard(THERE)
    const card = {
      ...unnamed,
      version: 7,
      supportedInterfaces: [],
      skills: [{ id: 'a' }],
      capabilities: 'all',
    }
    const pointersOf = (reply: Reply) => {
      assert.equal(reply.status, 422, reply.text)
      assert.match(reply.headers.get('content-type') ?? '', /problem\+json/)
      return [...reply.text.matchAll(/"pointer":\s*"([^"]*)"/g)].map((match) => match[1] ?? '')
    }
    const expected = [
      'name',
      'version',
      'supportedInterfaces',
      'skills/0/name',
      'skills/0/tags',
      'capabilities',
    ]
    const bare = pointersOf(await register(card))
    const wrapped = pointersOf(await register({ card, slug: 'wrong' }))
    for (const member of expected) {
      assert.ok(
        bare.some((pointer) => `#${pointer}`.includes(`/${member}`)),
        `${member} in ${bare}`,
      )
      assert.ok(
        wrapped.some((pointer) => `#${pointer}`.includes(`/card/${member}`)),
        `${member} in ${wrapped}`,
      )
    }
    for (const pointer of bare) assert.match(pointer, /^#?(\/|$)/)
  })

  test('refuses bad slugs, bodies and addresses', async () => {
    for (const slug of ['', 'Has Space', 'a/b', '../x', 'x'.repeat(300), '-', 'register', 7]) {
      const reply = await register({ card: agentCard(THERE), slug })
      assert.ok([400, 422].includes(reply.status), `${slug}: ${reply.status} ${reply.text}`)
    }
    for (const body of [
      '[]',
      '5',
      'null',
      '{}',
      '{"card":null}',
      '{"card":{},"cardUrl":"http://127.0.0.1:9900"}',
    ]) {
      const reply = await register(body)
      assert.ok([400, 422].includes(reply.status), `${body}: ${reply.status} ${reply.text}`)
    }
    assert.equal((await register('{"card":')).status, 400)
  })

  test('fetches no card from an address that policy forbids, and names the setting', async () => {
    for (const cardUrl of ['http://10.0.0.1/', 'http://[::ffff:10.0.0.1]/']) {
      const reply = await register({ cardUrl, slug: 'forbidden' })
      assert.ok(reply.status >= 400 && reply.status < 500, `${cardUrl}: ${reply.status}`)
      assert.match(reply.text, /PARLEY_ALLOW_\w+/, cardUrl)
    }
    const metadata = await register({ cardUrl: 'http://169.254.169.254/latest', slug: 'forbidden' })
    assert.ok(metadata.status >= 400 && metadata.status < 500, metadata.text)
    assert.match(metadata.text, /metadata/)
    for (const cardUrl of ['file:///etc/passwd', 'javascript:alert(1)', 'not a url', 'ftp://127.0.0.1/']) {
      const reply = await register({ cardUrl, slug: 'forbidden' })
      assert.ok(reply.status >= 400 && reply.status < 500, `${cardUrl}: ${reply.status}`)
    }
  })

  test('tells what is wrong with a card that it fetched', async () => {
    const server = createServer((request, response) => {
      if (request.url === '/redirect') {
        response.writeHead(302, { location: 'http://169.254.169.254/' }).end()
        return
      }
      response.setHeader('content-type', 'application/json')
      if (request.url === '/huge') response.end(`{"name":"${'x'.repeat(2_000_000)}"}`)
      else response.end('<html>not a card</html>')
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const base = `http://127.0.0.1:${numberAt(server.address(), 'port')}`
    try {
      for (const path of ['/html', '/huge', '/redirect']) {
        const reply = await register({ cardUrl: `${base}${path}`, slug: 'fetched' })
        assert.ok(reply.status >= 400 && reply.status < 600 && reply.status !== 500, `${path}: ${reply.text}`)
        assert.match(reply.headers.get('content-type') ?? '', /problem\+json/)
        assert.doesNotMatch(reply.text, /<html>/)
      }
    } finally {
      server.closeAllConnections()
      server.close()
    }
  })

  test('finds agents by name, skill, capability, owner and life', async () => {
    const make = (slug: string, name: string, skill: string, capabilities: object) =>
      register({
        card: agentCard(THERE, {
          name,
          capabilities,
          skills: [{ id: skill, name: skill, description: skill, tags: [skill] }],
        }),
        slug,
      })
    await make('search-cook', 'Quokka Cook', 'cooking', { streaming: true })
    await make('search-tailor', 'Quokka Tailor', 'sewing', {})
    const both = ['search-cook', 'search-tailor']
    assert.deepEqual(namesOf(await find('name=quokka&only_alive=true')), [], 'nothing was seen of them yet')
    for (const slug of both) await native(publisher, 'POST', to(`/agents/${slug}/heartbeat`))
    assert.deepEqual(namesOf(await find('name=quokka')), both)
    assert.deepEqual(namesOf(await find('name=quokka&skill=cooking')), ['search-cook'])
    assert.deepEqual(namesOf(await find('name=quokka&skill=cooking&skill=sewing')), both)
    assert.deepEqual(namesOf(await find('name=quokka&capabilities=streaming')), ['search-cook'])
    assert.deepEqual(namesOf(await find('name=quokka&only_alive=true')), both)
    assert.deepEqual(namesOf(await find('name=no-such-animal')), [])
    const cook = await native(publisher, 'GET', to('/agents/search-cook'))
    const owner = textAt(cook.body, 'owner')
    assert.ok(namesOf(await find(`owner=${encodeURIComponent(owner)}`)).includes('search-cook'))
    assert.deepEqual(namesOf(await find('owner=nobody')), [])
    assert.deepEqual(namesOf(await find('name=quokka', reader)), both, 'tenant agents are seen in the tenant')

    const page = await find('name=quokka&limit=1')
    assert.equal(numberAt(page.body, 'total'), 2)
    const cursor = encodeURIComponent(textAt(page.body, 'nextCursor'))
    const next = await find(`name=quokka&limit=1&cursor=${cursor}`)
    assert.deepEqual([...namesOf(page), ...namesOf(next)].toSorted(), both)
    assert.ok(
      [null, undefined, ''].some((none) => at(next.body, 'nextCursor') === none),
      next.text,
    )
    for (const query of ['limit=0', 'limit=101', 'limit=x', 'cursor=garbage', 'only_alive=maybe']) {
      assert.equal((await find(query)).status, 400, query)
    }
  })

  test('finds agents by words and by whatever their cards declare, and counts what it found', async () => {
    const made = await register({
      card: agentCard(THERE, {
        name: 'Numbat Router',
        description: 'Plans tours around traffic jams',
        provider: { organization: 'Termite Transports', url: 'https://termite.example' },
        defaultInputModes: ['application/geo+json'],
        capabilities: { streaming: true, extensions: [{ uri: 'urn:termite:tolls' }] },
        securitySchemes: { key: { apiKeySecurityScheme: { location: 'header', name: 'X-Key' } } },
        skills: [
          {
            id: 'route-optimizer-traffic',
            name: 'Optimise',
            description: 'Fast routes',
            tags: ['Logistics'],
            examples: ['Avoid the bridge'],
          },
        ],
      }),
      slug: 'numbat',
      visibility: 'public',
    })
    assert.equal(made.status, 201, made.text)
    const queries = [
      'q=numbat',
      'q=tours%20jam',
      'q=TERMITE',
      'q=bridge',
      'q=numbat&tag=logistics',
      'capabilities=urn:termite:tolls',
      'provider=termite%20transports',
      'q=numbat&security=apiKey&binding=JSONRPC&version=1.0&lifecycle=active',
      'mode=application/geo%2Bjson',
      'skill=route-optimizer-traffic&sort=updated&updated_since=2020-01-01T00:00:00Z',
    ]
    for (const query of queries) assert.deepEqual(namesOf(await find(query)), ['numbat'], query)
    for (const query of ['q=umbat', 'q=numbat%20quokka', 'q=numbat&security=none', 'q=numbat&version=0.3']) {
      assert.deepEqual(namesOf(await find(query)), [], query)
    }
    const counted = await find('q=numbat&facets=tag&facets=security')
    assert.deepEqual(at(counted.body, 'facets'), {
      tag: [{ value: 'logistics', count: 1 }],
      security: [{ value: 'apiKey', count: 1 }],
    })
    for (const query of ['q=', 'sort=size', 'facets=name', 'updated_since=yesterday']) {
      assert.equal((await find(query)).status, 400, query)
    }

    assert.equal((await native(publisher, 'POST', to('/agents/numbat/heartbeat'))).status, 200)
    const original = 'skill=route-optimizer-traffic&capabilities=streaming&only_alive=true'
    const anonymous = await native(undefined, 'GET', to(`/agents?${original}`))
    assert.deepEqual(namesOf(anonymous), ['numbat'], 'also without a credential, on loopback')
  })

  test('keeps every card that was sent, and says what the next one changed', async () => {
    const sent = { ...agentCard(THERE, { name: 'Wombat', version: '1.0.0' }), 'x-note': 1 }
    const again = async (card: object) => register({ card, slug: 'wombat' })
    const made = await again(sent)
    assert.equal(numberAt(made.body, 'cardVersion'), 1)
    assert.equal(numberAt((await again(sent)).body, 'cardVersion'), 1, 'the same card is no new version')
    assert.equal(numberAt((await again({ ...sent, version: '1.0.1' })).body, 'cardVersion'), 2)
    assert.equal(numberAt((await again({ ...sent, version: '1.0.1', skills: [] })).body, 'cardVersion'), 3)

    const versions = await native(publisher, 'GET', to('/agents/wombat/versions'))
    assert.deepEqual(
      listAt(versions.body, 'items').map((item) => [at(item, 'number'), at(item, 'verdict')]),
      [
        [3, 'breaking'],
        [2, 'cosmetic'],
        [1, undefined],
      ],
    )
    const first = await native(publisher, 'GET', to('/agents/wombat/versions/1'))
    assert.equal(first.text, JSON.stringify(sent), 'byte for byte')
    const changes = await native(publisher, 'GET', to('/agents/wombat/versions/3/changes?since=1'))
    assert.deepEqual(
      listAt(changes.body, 'changes').map((change) => `${at(change, 'kind')} ${at(change, 'pointer')}`),
      ['breaking /skills/0', 'cosmetic /version'],
    )
    for (const path of ['versions/4', 'versions/1/changes', 'versions/3/changes?since=9']) {
      const reply = await native(publisher, 'GET', to(`/agents/wombat/${path}`))
      assert.ok([400, 404].includes(reply.status), `${path}: ${reply.text}`)
    }
    assert.equal((await native(publisher, 'GET', to('/agents/wombat/versions/x'))).status, 400)
    assert.equal((await native(reader, 'GET', to('/agents/wombat/versions'))).status, 403)
  })

  test('takes heartbeats from who may give them', async () => {
    const made = await register({ card: agentCard(THERE), slug: 'beating' })
    const id = textAt(made.body, 'id')
    for (const name of [id, 'beating']) {
      const beat = await native(publisher, 'POST', to(`/agents/${name}/heartbeat`))
      assert.equal(beat.status, 200, beat.text)
      assert.deepEqual([at(beat.body, 'health', 'state'), at(beat.body, 'alive')], ['up', true])
    }
    const report = { status: 'degraded', reason: 'The database is slow', dependencies: { db: 'degraded' } }
    assert.equal((await native(publisher, 'POST', to(`/agents/${id}/heartbeat`), report)).status, 200)
    const shown = (await native(reader, 'GET', to('/agents/beating'))).body
    assert.deepEqual(
      [
        at(shown, 'health', 'state'),
        at(shown, 'health', 'reason'),
        at(shown, 'alive'),
        at(shown, 'verified'),
      ],
      ['degraded', { kind: 'heartbeat', outcome: 'degraded' }, true, false],
    )
    assert.ok(namesOf(await find('health=degraded')).includes('beating'))
    const wrong = await native(publisher, 'POST', to(`/agents/${id}/heartbeat`), { load: 7 })
    assert.deepEqual([wrong.status, at(wrong.body, 'errors', 0, 'pointer')], [400, '/load'])
    assert.equal((await native(reader, 'POST', to(`/agents/${id}/heartbeat`))).status, 403)
    assert.equal((await native(publisher, 'POST', to(`/agents/${NEVER_EXISTED}/heartbeat`))).status, 404)
  })

  test('says where to call an agent, by its id', async () => {
    const made = await register({ card: agentCard(THERE), slug: 'called' })
    const id = textAt(made.body, 'id')
    const reply = await native(reader, 'GET', to('/agents/called/invoke_url'))
    assert.equal(reply.status, 200, reply.text)
    assert.ok(reply.text.includes(to(`/a2a/${id}`)), reply.text)
    assert.equal((await native(reader, 'GET', to(`/agents/${NEVER_EXISTED}/invoke_url`))).status, 404)
  })

  test('publishes a card with our address and only what we offer', async () => {
    const signatures = [{ protected: 'eyJhbGciOiJFUzI1NiJ9', signature: 'c2ln' }]
    const made = await register({
      card: agentCard(THERE, {
        name: 'Published',
        signatures,
        capabilities: { streaming: false, pushNotifications: true },
        supportedInterfaces: [
          { url: 'http://127.0.0.1:9900/grpc', protocolBinding: 'GRPC', protocolVersion: '1.0' },
          { url: THERE, protocolBinding: 'JSONRPC', protocolVersion: '1.0' },
        ],
        securitySchemes: { own: { apiKeySecurityScheme: { location: 'header', name: 'X-Their-Key' } } },
        securityRequirements: [{ schemes: { own: { list: [] } } }],
      }),
      slug: 'published',
    })
    assert.equal(made.status, 201, made.text)
    const id = textAt(made.body, 'id')
    const card = await native(reader, 'GET', to('/a2a/published/.well-known/agent-card.json'))
    assert.equal(card.status, 200, card.text)
    assert.match(card.headers.get('content-type') ?? '', /^application\/json/)
    assert.ok(!card.text.includes('127.0.0.1:9900') && !card.text.includes('X-Their-Key'), card.text)
    assert.ok(!card.text.includes('eyJhbGciOiJFUzI1NiJ9'), card.text)
    assert.equal(at(card.body, 'name'), 'Published')
    for (const each of listAt(card.body, 'supportedInterfaces')) {
      assert.equal(at(each, 'url'), to(`/a2a/${id}`))
    }
    assert.equal(at(card.body, 'capabilities', 'streaming'), true)
    assert.notEqual(at(card.body, 'capabilities', 'pushNotifications'), true)
    assert.notEqual(at(card.body, 'capabilities', 'extendedAgentCard'), true)
    assert.match(JSON.stringify(at(card.body, 'securitySchemes')), /Bearer/i)

    const etag = card.headers.get('etag') ?? ''
    assert.notEqual(etag, '')
    assert.match(card.headers.get('cache-control') ?? '', /max-age=|no-cache/)
    assert.notEqual(card.headers.get('last-modified'), null)
    const again = await native(reader, 'GET', to(`/a2a/${id}/.well-known/agent-card.json`), undefined, {
      'if-none-match': etag,
    })
    assert.equal(again.status, 304)
    assert.equal(again.text, '')
  })

  test('changes an agent only as its owner knows it, when asked so', async () => {
    const made = await register({ card: agentCard(THERE), slug: 'conditional' })
    const tag = made.headers.get('etag') ?? ''
    const path = to(`/agents/${textAt(made.body, 'id')}`)
    const put = (name: string, headers = {}) =>
      native(publisher, 'PUT', path, { card: agentCard(THERE, { name }) }, headers)
    const shown = await native(publisher, 'GET', path)
    assert.equal(shown.headers.get('etag'), tag)
    assert.match(tag, /^"[^"]+"$/)

    const first = await put('One', { 'if-match': tag })
    assert.equal(first.status, 200, first.text)
    assert.equal(at(first.body, 'name'), 'One')
    assert.equal(at(first.body, 'slug'), 'conditional')
    const next = first.headers.get('etag') ?? ''
    assert.notEqual(next, tag)
    const stale = await put('Two', { 'if-match': tag })
    assert.deepEqual([stale.status, at(stale.body, 'code')], [412, 'precondition_failed'], stale.text)
    const visibility = { visibility: 'restricted' }
    assert.equal((await native(publisher, 'PATCH', path, visibility, { 'if-match': tag })).status, 412)
    const kept = await native(publisher, 'GET', path)
    assert.deepEqual([at(kept.body, 'name'), kept.headers.get('etag')], ['One', next])
    assert.equal((await native(publisher, 'PATCH', path, visibility, { 'if-match': next })).status, 200)
    assert.equal((await put('Three', { 'if-match': '*' })).status, 200)
    assert.equal((await put('Four')).status, 200)
  })

  test('forgets an agent for its owner only, and never gives its slug to another', async () => {
    const made = await register({ card: agentCard(THERE), slug: 'gone' })
    const id = textAt(made.body, 'id')
    const stranger = await newKey(world.parley, 'stranger', PUBLISHER)
    assert.ok([403, 404].includes((await native(stranger, 'DELETE', to(`/agents/${id}`))).status))
    const deleted = await native(publisher, 'DELETE', to(`/agents/${id}`))
    assert.ok(deleted.status === 200 || deleted.status === 204, deleted.text)
    for (const name of [id, 'gone']) {
      assert.equal((await native(publisher, 'GET', to(`/agents/${name}`))).status, 404)
      assert.equal(
        (await native(publisher, 'GET', to(`/a2a/${name}/.well-known/agent-card.json`))).status,
        404,
      )
    }
    assert.deepEqual(namesOf(await find('name=raw')).includes('gone'), false)
    const taken = await register({ card: agentCard(THERE), slug: 'gone' }, stranger)
    assert.equal(taken.status, 409, taken.text)
    const back = await register({ card: agentCard(THERE), slug: 'gone' })
    assert.ok(back.status === 201 || back.status === 200, back.text)
  })

  test('shows an anonymous caller only what is public', async () => {
    await register({ card: agentCard(THERE, { name: 'Wombat' }), slug: 'open', visibility: 'public' })
    await register({ card: agentCard(THERE, { name: 'Wombat' }), slug: 'closed' })
    const seen = await native(undefined, 'GET', to('/agents?name=wombat'))
    assert.deepEqual(namesOf(seen), ['open'])
    const open = await native(undefined, 'GET', to('/a2a/open/.well-known/agent-card.json'))
    assert.equal(open.status, 200, open.text)
    const closed = await native(undefined, 'GET', to('/a2a/closed/.well-known/agent-card.json'))
    const absent = await native(undefined, 'GET', to('/a2a/absent/.well-known/agent-card.json'))
    assert.deepEqual(withoutRequest(closed), withoutRequest(absent))
    const client = { url: to('/a2a/open') }
    assert.equal((await rpc(client, 'SendMessage', {})).status, 401)
    const known = await newClient(world.parley, 'open', 'somebody')
    assert.equal(errorOf(await rpc(known, 'GetTask', { id: NEVER_EXISTED })).code, -32001)
  })
})
