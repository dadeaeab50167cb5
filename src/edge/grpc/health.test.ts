import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { status } from '@grpc/grpc-js'
import { HEALTH_CHECK, HEALTH_LIST, HEALTH_WATCH } from '../../a2a/proto/health.ts'
import { useGrpc } from './scripted-grpc.case.ts'

const NOBODY = { metadata: { authorization: '' } }

describe('health over gRPC', () => {
  const listen = useGrpc()

  it('tells everybody whether the gateway and each service are ready', async () => {
    let isReady = true
    const { ask } = await listen({ deps: { isReady: async () => isReady } })

    for (const service of ['', 'lf.a2a.v1.A2AService', 'a2a.v1.A2AService']) {
      isReady = true
      assert.deepEqual((await ask(HEALTH_CHECK, { service }, NOBODY)).result, { status: 'SERVING' })
      isReady = false
      assert.deepEqual((await ask(HEALTH_CHECK, { service }, NOBODY)).result, { status: 'NOT_SERVING' })
    }
  })

  it('knows no other service', async () => {
    const { ask, open } = await listen()

    assert.equal((await ask(HEALTH_CHECK, { service: 'x' }, NOBODY)).code, status.NOT_FOUND)
    const watch = open(HEALTH_WATCH, { service: 'x' }, NOBODY)
    assert.deepEqual(await watch.take(1), [{ status: 'SERVICE_UNKNOWN' }])
    watch.call.cancel()
  })

  it('lists its services', async () => {
    const { ask } = await listen()

    const { result } = await ask(HEALTH_LIST, {}, NOBODY)

    const { statuses } = result as { statuses: object }
    assert.deepEqual(Object.keys(statuses).sort(), ['', 'a2a.v1.A2AService', 'lf.a2a.v1.A2AService'])
  })

  it('tells who watches of every change, the last of which is the stop', async () => {
    let isReady = false
    const { open, shutdown } = await listen({ deps: { isReady: async () => isReady } })
    const watch = open(HEALTH_WATCH, {}, NOBODY)

    assert.deepEqual(await watch.take(1), [{ status: 'NOT_SERVING' }])
    isReady = true
    assert.deepEqual(await watch.take(1), [{ status: 'SERVING' }])
    shutdown.abort()
    assert.deepEqual(await watch.take(), [{ status: 'NOT_SERVING' }])
    assert.equal((await watch.ended).code, status.UNAVAILABLE)
  })

  it('refuses bytes that are no request', async () => {
    const { ask } = await listen()

    const { code } = await ask(HEALTH_CHECK, {}, { ...NOBODY, bytes: Buffer.from([0x0a, 0x05]) })

    assert.equal(code, status.INVALID_ARGUMENT)
  })
})
