import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ParleyError } from '../errors.ts'
import { createCardSource } from './fetch-card.ts'
import { createGuard } from './guard.ts'
import { judgeCardFailure } from './judge-card-failure.ts'
import { loopbackGuard, openLoopbackServer } from './loopback-server.case.ts'
import { CERTIFICATE, PRIVATE_KEY } from './tls-identity.case.ts'
import { DEFAULT_UPSTREAM_LIMITS, type UpstreamLimits } from './upstream-limits.ts'

async function judge(url: string, limits: Partial<UpstreamLimits> = {}, guard = loopbackGuard) {
  await using source = createCardSource({
    guard,
    limits: { ...DEFAULT_UPSTREAM_LIMITS, ...limits },
    userAgent: 'parley/0.0.0',
  })
  return await source.refetchCard(url, undefined, new AbortController().signal).then(
    () => assert.fail('was fetched'),
    (error: unknown) => {
      assert.ok(error instanceof ParleyError)
      return judgeCardFailure(error)
    },
  )
}

describe('why a card could not be fetched', () => {
  for (const [status, outcome] of [
    [401, 'auth'],
    [403, 'auth'],
    [404, 'error'],
    [503, 'error'],
  ] as const) {
    test(`is ${outcome} when its server answers ${status}`, async () => {
      await using server = await openLoopbackServer(({ response }) => void response.writeHead(status).end())
      const { outcome: found, message } = await judge(server.url)
      assert.deepEqual([found, message], [outcome, `The server of the card answers HTTP ${status}`])
    })
  }

  test('is told apart by where it failed', async () => {
    await using silent = await openLoopbackServer(() => {})
    assert.equal((await judge(silent.url, { cardTimeoutMs: 50 })).outcome, 'timeout')
    await using large = await openLoopbackServer(({ response }) => void response.end('x'.repeat(100)))
    assert.equal((await judge(large.url, { maxCardBytes: 10 })).outcome, 'bad-shape')
    await using round = await openLoopbackServer(({ response }) => {
      response.writeHead(302, { location: '/' }).end()
    })
    assert.equal((await judge(round.url)).outcome, 'error')
    await using secret = await openLoopbackServer(() => {}, { cert: CERTIFICATE, key: PRIVATE_KEY })
    assert.equal((await judge(secret.url)).outcome, 'tls')
    const gone = await openLoopbackServer(() => {})
    await gone[Symbol.asyncDispose]()
    assert.equal((await judge(gone.url)).outcome, 'unreachable')
  })

  test('is dns for a name that does not resolve, and forbidden for what policy forbids', async () => {
    const resolve = () => Promise.reject(Object.assign(new Error('no such name'), { code: 'ENOTFOUND' }))
    const nameless = createGuard({ policies: {}, resolve })
    assert.equal((await judge('https://agent.example/', {}, nameless)).outcome, 'dns')
    const { outcome, message } = await judge('http://127.0.0.1:9/', {}, createGuard({ policies: {} }))
    assert.equal(outcome, 'forbidden')
    assert.match(message ?? '', /PARLEY_ALLOW_CARDS/)
  })
})
