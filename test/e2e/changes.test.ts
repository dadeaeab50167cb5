import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { newKey as newSigningKey, signed } from '../../src/access/tokens/forge.case.ts'
import { eventually } from './eventually.ts'
import { at, listAt, parsed, textAt } from './json-path.ts'
import { startKeyServer } from './key-server.ts'
import { type ParleyProcess, startParley } from './parley-process.ts'
import { agentCard } from './raw-agent.ts'
import { native } from './rpc.ts'
import { type OpenStream, openNativeStream, type SseEvent } from './sse.ts'
import { newKey, register } from './world.ts'

const THERE = 'http://127.0.0.1:9900'

/** Streams are checked this often, in place of every minute. */
const OFTEN = { PARLEY_RECHECK_MS: '200' }

describe('the change feed', { timeout: 120_000 }, () => {
  let parley: ParleyProcess
  let reader: string
  /** Of another tenant, with whom agents are registered too. */
  let elsewhere: string
  const opened = new AsyncDisposableStack()

  before(async () => {
    const signing = newSigningKey('ec')
    const keys = opened.use(await startKeyServer([signing.jwk]))
    const env = {
      ...OFTEN,
      PARLEY_ISSUERS: JSON.stringify([issuerOf(keys.url)]),
      PARLEY_ALLOW_IDENTITY: '127.0.0.1',
    }
    parley = opened.use(await startParley({ env }))
    const exp = Math.floor(Date.now() / 1000) + 600
    const said = { iss: keys.url, aud: 'parley', exp, sub: 'reader', tenant: 'other' }
    const scope = 'agents:read agents:write'
    elsewhere = signed({ typ: 'at+jwt', alg: 'ES256', kid: signing.kid }, { ...said, scope }, signing)
    reader = await newKey(parley, 'reader', ['agents:read'])
  })
  after(() => opened.disposeAsync())

  const to = (path: string) => `${parley.url}${path}`
  const add = (slug: string, more: object = {}) =>
    register(parley, agentCard(THERE, { name: `Name of ${slug}` }), { slug, ...more })
  const change = async (slug: string, changes: object) => {
    const reply = await native(parley.adminKey, 'PATCH', to(`/agents/${slug}`), changes)
    assert.equal(reply.status, 200, reply.text)
  }
  const remove = async (slug: string) => {
    const reply = await native(parley.adminKey, 'DELETE', to(`/agents/${slug}`))
    assert.equal(reply.status, 204, reply.text)
  }
  const readAs = async (key: string | undefined, query: string) => {
    const reply = await native(key, 'GET', to(`/changes${query}`))
    assert.equal(reply.status, 200, reply.text)
    return { events: listAt(reply.body, 'items'), cursor: textAt(reply.body, 'cursor'), text: reply.text }
  }
  const read = (query: string) => readAs(reader, query)
  const follow = (query: string, headers: Readonly<Record<string, string>> = {}, key = reader) =>
    openNativeStream({ url: to(`/changes${query}`), key }, headers)
  const now = async () => (await read('?after=now')).cursor

  test('is replayed as CloudEvents, page by page, and in a batch where that is asked for', async () => {
    const start = await now()
    const id = await add('replayed')
    await change('replayed', { lifecycle: 'disabled' })
    await remove('replayed')

    const { events } = await read(`?after=${start}`)
    assert.deepEqual(
      events.map((event) => textAt(event, 'type')),
      ['registered', 'updated', 'unregistered'].map((kind) => `dev.parley.agent.${kind}`),
    )
    const { id: eventId, time, ...first } = events[0] as Record<string, unknown>
    assert.deepEqual(first, {
      specversion: '1.0',
      source: parley.url,
      type: 'dev.parley.agent.registered',
      subject: id,
      datacontenttype: 'application/json',
      data: { agentId: id, slug: 'replayed', url: to(`/agents/${id}`) },
    })
    assert.match(String(time), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
    assert.notEqual(eventId, at(events[1], 'id'))
    assert.deepEqual(at(events[2], 'data'), { agentId: id, slug: 'replayed' })

    const accept = 'application/cloudevents-batch+json'
    const pages: unknown[] = []
    let url: string | undefined = to(`/changes?after=${start}&limit=2`)
    while (url !== undefined && pages.length < 3) {
      const batch = await native(reader, 'GET', url, undefined, { accept })
      assert.equal(batch.headers.get('content-type'), accept)
      pages.push(...listAt(batch.body))
      url = /<(.*)>; rel="next"/.exec(batch.headers.get('link') ?? '')?.[1]
    }
    assert.deepEqual(pages, events)
  })

  test('is followed live, and goes on across a restart without a gap and without telling anything twice', async () => {
    const start = await now()
    await add('before-1')
    const stream = await follow(`?after=${start}`)
    await add('before-2')
    const seen = await stream.take(2)
    const whole: OpenStream = await follow(`?after=${start}`)
    await whole.take(1)

    const [ending] = await Promise.all([whole.rest(), parley.stop()])
    const stopped = parsed(ending.at(-1)?.data ?? 'null')
    assert.deepEqual([ending.at(-1)?.event, at(stopped, 'code')], ['error', 'stream_resume_required'])
    await parley.restart()
    await add('after-1')
    const resumed = await follow('', { 'last-event-id': seen[0]?.id ?? '' })
    const later = await resumed.take(2)
    await add('after-2')
    const last = await resumed.take(1)
    const resumedByEnd = await follow('', { 'last-event-id': textAt(stopped, 'details', 'lastEventId') })

    assert.deepEqual(slugsOf([...seen.slice(0, 1), ...later, ...last]), [
      'before-1',
      'before-2',
      'after-1',
      'after-2',
    ])
    assert.deepEqual(slugsOf(await resumedByEnd.take(2)), ['after-1', 'after-2'])
    for (const open of [stream, resumed, resumedByEnd]) open.cut()
  })

  test('never tells others of a private agent, or of one that is not let in', async () => {
    const start = await now()
    const anonymous = await readAs(undefined, '?after=now')
    const ids = [
      await add('private', { visibility: 'restricted' }),
      await add('draft', { lifecycle: 'draft', visibility: 'public' }),
    ]
    await change('private', { lifecycle: 'deprecated' })
    await remove('private')
    await add('tenants')

    const theirs = await read(`?after=${start}`)
    const everybodys = await readAs(undefined, `?after=${anonymous.cursor}`)
    assert.deepEqual(
      theirs.events.map((event) => at(event, 'data', 'slug')),
      ['tenants'],
    )
    assert.deepEqual(everybodys.events, [])
    for (const { text } of [theirs, everybodys]) for (const id of ids) assert.ok(!text.includes(id))
    const all = await readAs(parley.adminKey, '?limit=100')
    for (const id of ids) assert.ok(all.text.includes(id))
    assert.ok(!all.text.includes('Name of'))
  })

  test('is another for each tenant', async () => {
    const start = await now()
    const theirs = await openNativeStream({ url: to('/changes'), key: elsewhere })
    await add('ours')
    const card = agentCard(THERE, {})
    const body = { card, slug: 'theirs', visibility: 'public' }
    assert.equal((await native(elsewhere, 'POST', to('/agents/register'), body)).status, 201)

    assert.deepEqual(slugsOf(await theirs.take(1)), ['theirs'])
    theirs.cut()
    const { events } = await read(`?after=${start}`)
    assert.deepEqual(
      events.map((event) => at(event, 'data', 'slug')),
      ['ours'],
    )
    const stolen = await native(elsewhere, 'GET', to(`/changes?after=${start}`))
    assert.deepEqual([stolen.status, at(stolen.body, 'code')], [400, 'invalid_params'])
  })

  test('takes cursors of its own, from whom they were given to', async () => {
    const mine = await now()
    const admins = await native(parley.adminKey, 'GET', to(`/changes?after=${mine}`))

    assert.deepEqual([admins.status, at(admins.body, 'code')], [400, 'invalid_params'])
    for (const after of ['x', 'AAAA', `${mine}A`, `${mine.slice(0, -2)}`]) {
      const reply = await native(reader, 'GET', to(`/changes?after=${after}`))
      assert.deepEqual([reply.status, at(reply.body, 'code')], [400, 'invalid_params'], after)
    }
  })

  test('ends for who loses the right to read it', async () => {
    const key = await newKey(parley, 'leaver', ['agents:read'])
    const stream = await follow('?after=now', {}, key)
    const keys = await native(parley.adminKey, 'GET', to('/keys?limit=100'))
    const leaver = listAt(keys.body, 'items').find((item) => at(item, 'subject') === 'key:leaver')
    await native(parley.adminKey, 'DELETE', to(`/keys/${textAt(leaver, 'id')}`))

    const [last, ...more] = await stream.rest()
    assert.deepEqual(more, [])
    assert.deepEqual([last?.event, at(parsed(last?.data ?? 'null'), 'code')], ['error', 'unauthenticated'])
  })
})

const issuerOf = (url: string) => ({
  alias: 'corp',
  issuer: url,
  jwksUrl: `${url}/jwks`,
  audience: 'parley',
  tenants: ['default', 'other'],
  scopes: ['agents:read', 'agents:write'],
  claims: { tenant: 'tenant' },
})

const slugsOf = (events: readonly SseEvent[]) =>
  events.map(({ data }) => textAt(parsed(data), 'data', 'slug'))

test('who comes back too late for the change feed is told so', { timeout: 60_000 }, async () => {
  await using parley = await startParley({ env: { PARLEY_CHANGES_RETENTION_MS: '1000' } })
  const page = await native(parley.adminKey, 'GET', `${parley.url}/changes`)
  await register(parley, agentCard(THERE, {}), { slug: 'old' })
  const url = `${parley.url}/changes?after=${textAt(page.body, 'cursor')}`
  await eventually('what is old is not kept', async () => {
    await parley.restart()
    const { status } = await native(parley.adminKey, 'GET', url)
    return status === 200 ? undefined : status
  })

  for (const accept of ['application/json', 'text/event-stream']) {
    const late = await native(parley.adminKey, 'GET', url, undefined, { accept })
    assert.deepEqual([late.status, at(late.body, 'code')], [410, 'cursor_expired'])
  }
})
