import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createGuard } from './guard.ts'
import { createHttpClient } from './http.ts'
import { HttpError } from './http-error.ts'
import { openLoopbackServer } from './loopback-server.case.ts'

/** A name whose address is another each time it is asked for. */
function guardRebinding(addresses: readonly (readonly string[] | undefined)[]) {
  let asked = 0
  const guard = createGuard({
    policies: { identity: { allow: ['127.0.0.1', '127.0.0.9'] } },
    resolve: (host) => {
      const found = addresses[asked++]
      if (found === undefined) return new Promise(() => {})
      if (found.length === 0) return Promise.reject(new Error(`ENOTFOUND ${host}`))
      return Promise.resolve(found.map((address) => ({ address, family: 4 })))
    },
  })
  return { guard, asked: () => asked }
}

async function statusOf(rebinding: ReturnType<typeof guardRebinding>, port: number, connectTimeoutMs = 5000) {
  await using http = createHttpClient({ guard: rebinding.guard, purpose: 'identity', connectTimeoutMs })
  const url = rebinding.guard.check(`http://issuer.example:${port}/`, 'identity')
  const answer = await http.call({
    method: 'GET',
    url,
    path: '/',
    headers: {},
    firstByteTimeoutMs: 5000,
    silentTimeoutMs: 5000,
    signal: new AbortController().signal,
  })
  answer.discard()
  return answer.status
}

const fails = (failure: string) => (error: unknown) => error instanceof HttpError && error.failure === failure

describe('a connection', () => {
  const serve = () =>
    openLoopbackServer(({ response }) => {
      response.end()
    })

  test('goes to the addresses that were checked, and asks for them once', async () => {
    await using server = await serve()
    const rebinding = guardRebinding([['127.0.0.1'], ['10.0.0.1']])
    assert.equal(await statusOf(rebinding, server.port), 200)
    assert.equal(rebinding.asked(), 1)
    await assert.rejects(statusOf(rebinding, server.port), fails('forbidden'))
    assert.equal(rebinding.asked(), 2)
    assert.equal(server.connections(), 1)
  })

  test('tries every address it may go to', async () => {
    await using server = await serve()
    assert.equal(await statusOf(guardRebinding([['127.0.0.9', '127.0.0.1']]), server.port), 200)
  })

  test('goes nowhere when one of the addresses is forbidden', async () => {
    await using server = await serve()
    await assert.rejects(
      statusOf(guardRebinding([['127.0.0.1', '10.0.0.1']]), server.port),
      fails('forbidden'),
    )
    assert.equal(server.connections(), 0)
  })

  test('does not wait for a resolver that never answers, or finds nothing', async () => {
    await assert.rejects(statusOf(guardRebinding([undefined]), 443, 50), fails('unreachable'))
    await assert.rejects(statusOf(guardRebinding([[]]), 443), fails('unreachable'))
  })
})
