import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { at, listAt, numberAt, textAt } from './json-path.ts'
import { type ParleyProcess, startParley } from './parley-process.ts'
import { agentCard } from './raw-agent.ts'
import { native, type Reply } from './rpc.ts'
import { newKey, register } from './world.ts'

const THERE = 'http://127.0.0.1:9900'
const TYPE = 'application/a2a-agent-card+json'
const PUBLIC_AGENTS = 105

const skill = (id: string, tags: readonly string[]) => ({
  id,
  name: `Skill ${id}`,
  description: 'Does it',
  tags,
  examples: [`use ${id}`, `use ${id} again`],
})

describe('discovery for machines', { timeout: 180_000 }, () => {
  let parley: ParleyProcess
  let reader: string
  const opened = new AsyncDisposableStack()

  before(async () => {
    parley = opened.use(await startParley())
    reader = await newKey(parley, 'reader', ['agents:read'])
    for (let n = 0; n < PUBLIC_AGENTS; n++) {
      const skills = [skill(`many-${n % 3}`, ['many', `part-${n}`])]
      const card = agentCard(THERE, { name: `Plain ${n}`, skills })
      await register(parley, card, { slug: `plain-${n}`, visibility: 'public' })
    }
    const skills = [skill('forecast', ['weather'])]
    const visible = {
      public: 'Weather for everybody',
      tenant: 'Weather at home',
      restricted: 'Weather secret',
    }
    for (const [visibility, name] of Object.entries(visible)) {
      await register(parley, agentCard(THERE, { name, skills }), {
        slug: `weather-${visibility}`,
        visibility,
      })
    }
    for (const lifecycle of ['draft', 'deprecated', 'disabled']) {
      const slug = `weather-${lifecycle}`
      const first = lifecycle === 'draft' ? { lifecycle } : {}
      const card = agentCard(THERE, { name: `Weather ${lifecycle}`, skills })
      await register(parley, card, { slug, visibility: 'public', ...first })
      if (lifecycle === 'draft') continue
      const changed = await native(parley.adminKey, 'PATCH', to(`/agents/${slug}`), { lifecycle })
      assert.equal(changed.status, 200, changed.text)
    }
  })
  after(() => opened.disposeAsync())

  const to = (path: string) => `${parley.url}${path}`
  const search = (body: unknown, key?: string) => native(key, 'POST', to('/ard/search'), body)
  const explore = (body: unknown, key?: string) => native(key, 'POST', to('/ard/explore'), body)
  const list = (query: string, key?: string) => native(key, 'GET', to(`/ard/agents?${query}`))
  const namesIn = (reply: Reply, member: string) => {
    assert.equal(reply.status, 200, reply.text)
    return listAt(reply.body, member)
      .map((item) => textAt(item, 'displayName'))
      .toSorted()
  }
  const told = (reply: Reply) => {
    assert.equal(reply.headers.get('content-type'), 'application/json', reply.text)
    assert.deepEqual(Object.keys(reply.body as object), ['errorCode', 'message'])
    assert.doesNotMatch(reply.text, /\n? +at .*:\d+:\d+/)
    return [reply.status, textAt(reply.body, 'errorCode')]
  }

  test('a crawler without a credential reads every public agent, catalog by catalog', async () => {
    const seen: string[] = []
    let url: string | undefined = to('/.well-known/ai-catalog.json')
    let catalogs = 0
    while (url !== undefined) {
      const reply: Reply = await native(undefined, 'GET', url)
      assert.equal(reply.status, 200, reply.text)
      assert.equal(at(reply.body, 'specVersion'), '1.0')
      const entries = listAt(reply.body, 'entries')
      seen.push(...entries.filter((entry) => at(entry, 'type') === TYPE).map((e) => textAt(e, 'displayName')))
      const further = entries.find((entry) => at(entry, 'type') === 'application/ai-catalog+json')
      url = further === undefined ? undefined : textAt(further, 'url')
      catalogs++
    }

    assert.equal(catalogs, 2)
    assert.equal(seen.length, PUBLIC_AGENTS + 1)
    assert.equal(new Set(seen).size, seen.length)
    assert.deepEqual(
      seen.filter((name) => name.startsWith('Weather')),
      ['Weather for everybody'],
    )
  })

  test('every entry has a name of its own, points to a card that is there, and says which texts are untrusted', async () => {
    const { body, headers } = await native(undefined, 'GET', to('/.well-known/ard.json'))
    const entries = listAt(body, 'entries')

    assert.equal(headers.get('cache-control'), 'public, max-age=60')
    assert.equal(new Set(entries.map((entry) => textAt(entry, 'identifier'))).size, entries.length)
    for (const entry of entries) {
      assert.match(textAt(entry, 'identifier'), /^urn:air:127\.0\.0\.1(:[a-zA-Z0-9._-]+){2}$/)
    }
    const [registry, first] = entries
    assert.equal(at(registry, 'type'), 'application/ai-registry+json')
    assert.equal(at(registry, 'url'), to('/ard/'))
    assert.match(textAt(first, 'metadata', 'dev.parley.untrusted'), /displayName description/)
    const card = await native(undefined, 'GET', textAt(first, 'url'))
    assert.equal(card.status, 200, card.text)
    assert.equal(at(card.body, 'name'), at(first, 'displayName'))
  })

  test('each caller finds, lists and counts exactly what they may discover', async () => {
    const seenBy = async (key?: string) => {
      const found = await search({ query: { text: 'find me a weather agent' } }, key)
      const listed = await list("filter=capabilities = 'forecast'", key)
      const facets = [{ field: 'tags' }, { field: 'type' }]
      const counted = await explore({ query: { text: 'weather' }, resultType: { facets } }, key)
      const names = namesIn(found, 'results')
      assert.deepEqual(namesIn(listed, 'items'), names)
      assert.equal(at(found.body, 'results', 0, 'metadata', 'dev.parley.health'), 'unknown')
      assert.equal(numberAt(listed.body, 'total'), names.length)
      for (const [field, value] of [
        ['tags', 'weather'],
        ['type', TYPE],
      ] as const) {
        assert.deepEqual(at(counted.body, 'facets', field, 'buckets'), [{ value, count: names.length }])
      }
      const catalog = await native(key, 'GET', to('/.well-known/ai-catalog.json'))
      assert.equal(catalog.status, 200)
      return names
    }

    assert.deepEqual(await seenBy(), ['Weather for everybody'])
    assert.deepEqual(await seenBy(reader), ['Weather at home', 'Weather for everybody'])
    assert.deepEqual(await seenBy(parley.adminKey), [
      'Weather at home',
      'Weather for everybody',
      'Weather secret',
    ])
  })

  test('asking for what is hidden is answered as asking for what never existed', async () => {
    const answers = async (word: string) => [
      (await search({ query: { text: word } })).text,
      (await list(`filter=displayName = '${word}'`)).text,
      (await explore({ query: { text: word }, resultType: { facets: [{ field: 'tags' }] } })).text,
    ]

    assert.deepEqual(await answers('secret'), await answers('nonsense'))
  })

  test('results come with a score, best first, page by page to the end', async () => {
    const seen: string[] = []
    const scores: number[] = []
    const sizes: number[] = []
    let pageToken: unknown
    do {
      const body = { query: { text: 'plain' }, pageSize: 50, ...(pageToken ? { pageToken } : {}) }
      const page = await search(body)
      assert.equal(page.status, 200, page.text)
      const results = listAt(page.body, 'results')
      sizes.push(results.length)
      for (const result of results) {
        seen.push(textAt(result, 'identifier'))
        scores.push(numberAt(result, 'score'))
        assert.equal(at(result, 'source'), to('/ard/'))
      }
      pageToken = at(page.body, 'pageToken')
    } while (pageToken !== undefined)

    assert.deepEqual(sizes, [50, 50, 5])
    assert.equal(new Set(seen).size, PUBLIC_AGENTS)
    assert.ok(scores.every((score) => Number.isInteger(score) && score >= 0 && score <= 100))
    assert.deepEqual(
      scores,
      scores.toSorted((a, b) => b - a),
    )
  })

  test('a list goes to its end, in the order asked for, and a token is good for its list alone', async () => {
    const seen: string[] = []
    let token: unknown = ''
    while (token !== undefined) {
      const more = token === '' ? '' : `&pageToken=${token}`
      const page = await list(`orderBy=displayName&pageSize=40${more}`)
      assert.equal(page.status, 200, page.text)
      assert.equal(numberAt(page.body, 'total'), PUBLIC_AGENTS + 1)
      seen.push(...listAt(page.body, 'items').map((item) => textAt(item, 'displayName')))
      token = at(page.body, 'pageToken')
    }
    assert.equal(seen.length, PUBLIC_AGENTS + 1)
    assert.deepEqual(
      seen,
      seen.toSorted((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1)),
    )

    const first = textAt((await list('pageSize=1')).body, 'pageToken')
    assert.equal((await list(`pageSize=1&pageToken=${first}`)).status, 200)
    assert.deepEqual(told(await list(`pageSize=1&pageToken=${first}&orderBy=displayName`)), [
      400,
      'INVALID_ARGUMENT',
    ])
    assert.deepEqual(told(await list(`pageSize=1&pageToken=${first}`, reader)), [400, 'INVALID_ARGUMENT'])
  })

  test('counts say what is beyond their limit', async () => {
    const facets = [
      { field: 'tags', limit: 2 },
      { field: 'capabilities', minCount: 2 },
      { field: 'publisher' },
    ]
    const { body } = await explore({ resultType: { facets } })

    assert.deepEqual(at(body, 'facets', 'tags', 'buckets', 0), { value: 'many', count: PUBLIC_AGENTS })
    assert.equal(listAt(body, 'facets', 'tags', 'buckets').length, 2)
    // A tag each, and that of the weather, but for the one that is shown.
    assert.equal(at(body, 'facets', 'tags', 'otherCount'), PUBLIC_AGENTS)
    assert.deepEqual(at(body, 'facets', 'capabilities'), {
      buckets: [0, 1, 2].map((n) => ({ value: `many-${n}`, count: PUBLIC_AGENTS / 3 })),
    })
    assert.deepEqual(at(body, 'facets', 'publisher', 'buckets'), [
      { value: '127.0.0.1', count: PUBLIC_AGENTS + 1 },
    ])
  })

  test('filters narrow, and what nobody here is finds nothing', async () => {
    const results = async (filter: object) =>
      namesIn(await search({ query: { text: 'weather', filter } }, reader), 'results').length

    assert.equal(await results({ type: TYPE, tags: ['nothing', 'WEATHER'] }), 2)
    assert.equal(await results({ publisher: '127.0.0.1', capabilities: 'forecast' }), 2)
    assert.equal(await results({ type: ['application/mcp-server-card+json'] }), 0)
    assert.equal(await results({ publisher: ['example.com'] }), 0)
    assert.equal(await results({ tags: ['many'] }), 0)
    const other = await list(`filter=type = 'application/mcp-server-card+json'`)
    assert.deepEqual(other.body, { items: [], total: 0 })
  })

  test('a referral is never made, and only those who ask for them are told so', async () => {
    const query = { text: 'nonsense' }

    assert.deepEqual((await search({ query, federation: 'referrals' })).body, { results: [], referrals: [] })
    assert.deepEqual((await search({ query, federation: 'none' })).body, { results: [] })
  })

  test('hostile input is refused in the shape of ARD', async () => {
    const deep = `{"query":${'['.repeat(100)}${']'.repeat(100)}}`
    const bodies: readonly unknown[] = [
      '{',
      '[]',
      '{}',
      deep,
      { query: {} },
      { query: { text: '' } },
      { query: { text: '?!' } },
      { query: { text: 7 } },
      { query: { text: 'x'.repeat(5000) } },
      { query: { text: 'x', filter: { 'trustManifest.attestations.type': ['SOC2'] } } },
      '{"query":{"text":"x","filter":{"__proto__":"x"}}}',
      { query: { text: 'x', filter: { constructor: 'x' } } },
      { query: { text: 'x', filter: { tags: [] } } },
      { query: { text: 'x', filter: { tags: { $ne: 1 } } } },
      { query: { text: 'x' }, pageSize: 0 },
      { query: { text: 'x' }, pageSize: 1e9 },
      { query: { text: 'x' }, pageToken: 'AAAA' },
      { query: { text: 'x' }, federation: 'all' },
      { query: { text: 'x' }, more: 1 },
    ]
    for (const body of bodies) {
      assert.deepEqual(told(await search(body)), [400, 'INVALID_ARGUMENT'], JSON.stringify(body))
    }
    for (const field of ['identifier', '__proto__', 'constructor', '']) {
      const reply = await explore({ resultType: { facets: [{ field }] } })
      assert.deepEqual(told(reply), [400, 'INVALID_ARGUMENT'], field)
    }
    for (const query of [
      'filter=',
      "filter=' OR 1=1 --",
      "filter=tags = 'a' OR tags = 'b'",
      "filter=tags = 'a' AND",
      "filter=tags = 'a",
      "filter=tags = 'a,'",
      "filter=tags = 'a' AND tags = 'b'",
      "filter=constructor = 'a'",
      "filter=updatedAfter > 'yesterday'",
      "filter=updatedAfter = '2026-01-01'",
      "filter=displayName = ' '",
      'orderBy=constructor',
      'orderBy=updatedAt;drop',
      'pageSize=101',
      'color=red',
    ]) {
      assert.deepEqual(told(await list(query)), [400, 'INVALID_ARGUMENT'], query)
    }
    const plain = await native(undefined, 'POST', to('/ard/search'), 'text', { 'content-type': 'text/plain' })
    assert.deepEqual(told(plain), [415, 'INVALID_ARGUMENT'])
  })

  test('other failures have that shape, too', async () => {
    const unscoped = await newKey(parley, 'submitter', ['tasks:submit'])

    assert.deepEqual(told(await list('', 'unknown')), [401, 'UNAUTHENTICATED'])
    assert.deepEqual(told(await list('', unscoped)), [403, 'PERMISSION_DENIED'])
    assert.deepEqual(told(await native(reader, 'GET', to('/ard/nothing'))), [404, 'NOT_FOUND'])
    assert.deepEqual(told(await native(reader, 'GET', to('/ard/search'))), [405, 'METHOD_NOT_ALLOWED'])
  })
})
