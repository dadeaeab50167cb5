import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createKeySource } from './fetch-keys.ts'
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
