import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createIdentitySource, createKeySource } from './fetch-keys.ts'
import { createGuard } from './guard.ts'
import { answerJson, type LoopbackServer, loopbackGuard, openLoopbackServer } from './loopback-server.case.ts'

const KEYS = '{ "keys": [] }'

async function fetchKeys(url: string, guard = loopbackGuard, signal = new AbortController().signal) {
  await using source = createKeySource({ guard, userAgent: 'parley/0.0.0' })
  return await source.fetchKeys(url, signal)
}

const serve = (): Promise<LoopbackServer> =>
  openLoopbackServer((exchange) => {
    const path = exchange.request.url ?? ''
    if (path === '/moved') answerJson(exchange, KEYS, 302, { location: '/jwks.json' })
    else if (path === '/large') answerJson(exchange, ' '.repeat(64 * 1024 + 1))
    else if (path !== '/silent') answerJson(exchange, KEYS, path === '/jwks.json?v=1' ? 200 : 404)
  })

describe('fetching keys', () => {
  test('brings the set as it is served, without credentials', async () => {
    await using server = await serve()

    assert.equal(await fetchKeys(`${server.url}/jwks.json?v=1`), KEYS)
    const { headers } = server.exchanges[0]?.request ?? assert.fail()
    assert.deepEqual([headers['user-agent'], headers.authorization], ['parley/0.0.0', undefined])
  })

  test('goes only where policy lets cards be fetched from', async () => {
    await using server = await serve()
    const strict = createGuard({ policies: { agents: 'loopbackOnly', cards: { allow: [] } } })

    for (const url of [`${server.url}/jwks.json?v=1`, 'https://169.254.169.254/', 'file:///etc/passwd', '']) {
      await assert.rejects(fetchKeys(url, strict), { code: 'invalid_params' }, url)
    }
    assert.equal(server.exchanges.length, 0)
  })

  test('takes nothing that is missing, elsewhere or too large', async () => {
    await using server = await serve()

    for (const path of ['/none', '/moved', '/large']) await assert.rejects(fetchKeys(server.url + path), path)
    assert.equal(server.exchanges.length, 3)
  })

  test('ends with its signal', async () => {
    await using server = await serve()
    const leave = new AbortController()
    const asked = fetchKeys(`${server.url}/silent`, loopbackGuard, leave.signal)
    leave.abort(new Error('left'))

    await assert.rejects(asked, /left/)
  })
})

describe('fetching what an identity provider publishes', () => {
  const allowed = createGuard({ policies: { identity: { allow: ['127.0.0.0/8'] } } })
  const { signal } = new AbortController()

  test('brings metadata and keys, and tells missing metadata from trouble', async () => {
    await using server = await serve()
    await using source = createIdentitySource({ guard: allowed, userAgent: 'parley/0.0.0' })

    assert.equal(await source.fetchKeys(`${server.url}/jwks.json?v=1`, signal), KEYS)
    assert.equal(await source.fetchMetadata(`${server.url}/jwks.json?v=1`, signal), KEYS)
    assert.equal(await source.fetchMetadata(`${server.url}/none`, signal), undefined)
    await assert.rejects(source.fetchKeys(`${server.url}/none`, signal), /HTTP 404/)
    await assert.rejects(source.fetchMetadata(`${server.url}/moved`, signal), /HTTP 302/)
  })

  test('goes only where the policy for identity providers lets it', async () => {
    await using server = await serve()
    const others = createGuard({ policies: { agents: 'loopbackOnly', cards: 'loopbackOnly' } })
    await using source = createIdentitySource({ guard: others, userAgent: 'parley/0.0.0' })

    for (const url of [`${server.url}/jwks.json?v=1`, 'https://169.254.169.254/', 'file:///etc/passwd', '']) {
      await assert.rejects(source.fetchKeys(url, signal), { code: 'invalid_params' }, url)
      await assert.rejects(source.fetchMetadata(url, signal), { code: 'invalid_params' }, url)
    }
    assert.equal(server.exchanges.length, 0)
  })
})
