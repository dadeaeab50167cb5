import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ParleyError } from '../errors.ts'
import type { CardValidators, FetchedCard } from '../registry/card-source.ts'
import { createCardSource } from './fetch-card.ts'
import { createGuard } from './guard.ts'
import { HttpError } from './http-error.ts'
import { type LoopbackServer, loopbackGuard, openLoopbackServer } from './loopback-server.case.ts'
import { DEFAULT_UPSTREAM_LIMITS, type UpstreamLimits } from './upstream-limits.ts'

const CARD = '{"name":"Echo","supportedInterfaces":[]}'
const DATE = 'Tue, 14 Nov 2023 22:13:20 GMT'

/** Serves a card under each path, with what it is told from, and 304 to who knows it. */
const serve = (pages: Readonly<Record<string, { readonly etag?: string; readonly date?: string }>>) =>
  openLoopbackServer(({ request, response }) => {
    const { etag, date } = pages[request.url ?? ''] ?? {}
    if (!Object.hasOwn(pages, request.url ?? '')) return void response.writeHead(404).end()
    if (etag !== undefined) response.setHeader('etag', etag)
    if (date !== undefined) response.setHeader('last-modified', date)
    const { 'if-none-match': tag, 'if-modified-since': since } = request.headers
    const isKnown = tag === undefined ? since !== undefined && since === date : tag === etag
    if (isKnown) response.writeHead(304).end()
    else response.end(CARD)
  })

async function refetch(
  url: string,
  known?: CardValidators,
  { guard = loopbackGuard, ...limits }: Partial<UpstreamLimits> & { guard?: typeof loopbackGuard } = {},
): Promise<FetchedCard | 'unchanged'> {
  await using source = createCardSource({
    guard,
    limits: { ...DEFAULT_UPSTREAM_LIMITS, ...limits },
    userAgent: 'parley/0.0.0',
  })
  return await source.refetchCard(url, known, new AbortController().signal)
}

const failureOf = (refused: Promise<unknown>): Promise<HttpError> =>
  refused.then(
    () => assert.fail('was fetched'),
    (reason: unknown) => {
      assert.ok(reason instanceof ParleyError && reason.cause instanceof HttpError, String(reason))
      return reason.cause
    },
  )

/** The headers of conditional requests that came, in order. */
const askedOf = ({ exchanges }: LoopbackServer) =>
  exchanges.map(({ request: { headers } }) => headers['if-none-match'] ?? headers['if-modified-since'])

describe('fetching a card again', () => {
  for (const [how, page] of [
    ['its ETag', { etag: '"v1"' }],
    ['a weak ETag', { etag: 'W/"v1"' }],
    ['its date', { date: DATE }],
    ['both', { etag: '"v1"', date: DATE }],
  ] as const) {
    test(`transfers nothing while its server knows it by ${how}`, async () => {
      await using server = await serve({ '/card': page })
      const url = `${server.url}/card`
      const first = await refetch(url)
      assert.ok(first !== 'unchanged')
      assert.deepEqual(first.validators, {
        from: url,
        ...('etag' in page && { etag: page.etag }),
        ...('date' in page && { lastModified: page.date }),
      })
      assert.equal(await refetch(url, first.validators), 'unchanged')
      assert.deepEqual(askedOf(server), [undefined, 'etag' in page ? page.etag : DATE])
    })
  }

  test('gives the card when it is another, or its server says nothing of that kind', async () => {
    await using server = await serve({ '/tagged': { etag: '"v2"' }, '/plain': {} })
    const tagged = `${server.url}/tagged`
    assert.deepEqual(await refetch(tagged, { from: tagged, etag: '"v1"' }), {
      url: tagged,
      text: CARD,
      origin: server.url,
      validators: { from: tagged, etag: '"v2"' },
    })
    const plain = `${server.url}/plain`
    assert.deepEqual(await refetch(plain), { url: plain, text: CARD, origin: server.url })
  })

  test('asks with what is known only the address that said it', async () => {
    await using elsewhere = await serve({ '/card': { etag: '"v1"' } })
    await using server = await openLoopbackServer(({ response }) => {
      response.writeHead(302, { location: `${elsewhere.url}/card` }).end()
    })
    const first = await refetch(server.url)
    assert.ok(first !== 'unchanged')
    assert.equal(first.url, server.url)
    assert.equal(first.validators?.from, `${elsewhere.url}/card`)
    assert.equal(await refetch(server.url, first.validators), 'unchanged')
    assert.deepEqual(askedOf(server), [undefined, undefined])
    assert.notEqual(await refetch(server.url, { from: `${server.url}/`, etag: '"v1"' }), 'unchanged')
    assert.deepEqual(askedOf(elsewhere), [undefined, '"v1"', undefined])
  })

  test('takes no 304 that nobody asked for', async () => {
    await using server = await openLoopbackServer(({ response }) => void response.writeHead(304).end())
    assert.equal((await failureOf(refetch(server.url))).status, 304)
  })

  for (const tag of ['v1', '"v1"x', `"${'x'.repeat(600)}"`, '"a" , "b"', '"\u00e4"']) {
    test(`keeps no ETag such as ${tag.slice(0, 9)}`, async () => {
      await using server = await serve({ '/card': { etag: tag } })
      const found = await refetch(`${server.url}/card`)
      assert.ok(found !== 'unchanged')
      assert.equal(found.validators, undefined)
    })
  }

  test('looks nowhere else, and takes whatever text is there', async () => {
    await using server = await openLoopbackServer(({ request, response }) => {
      if (request.url === '/a') response.end('<html>')
      else response.writeHead(404).end()
    })
    assert.deepEqual(await refetch(`${server.url}/a`), {
      url: `${server.url}/a`,
      text: '<html>',
      origin: server.url,
    })
    assert.equal((await failureOf(refetch(`${server.url}/b`))).status, 404)
    assert.equal(server.exchanges.length, 2)
  })

  test('says what kept it from the card', async () => {
    await using slow = await openLoopbackServer(() => {})
    assert.equal((await failureOf(refetch(slow.url, undefined, { cardTimeoutMs: 50 }))).failure, 'timed_out')
    await using large = await serve({ '/card': {} })
    const tooLarge = failureOf(refetch(`${large.url}/card`, undefined, { maxCardBytes: 10 }))
    assert.equal((await tooLarge).failure, 'too_large')
    const gone = await serve({})
    await gone[Symbol.asyncDispose]()
    assert.equal((await failureOf(refetch(gone.url))).failure, 'unreachable')
    const guard = createGuard({ policies: {} })
    await assert.rejects(refetch(large.url, undefined, { guard }), { code: 'invalid_params' })
  })
})
