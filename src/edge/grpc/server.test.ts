import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Client, credentials, status } from '@grpc/grpc-js'
import { ParleyError } from '../../errors.ts'
import { CERTIFICATE, PRIVATE_KEY } from '../../upstream/tls-identity.case.ts'
import { frames, scriptedDeps, TASK } from '../http/scripted-app.case.ts'
import { askWith, useGrpc, v1 } from './scripted-grpc.case.ts'
import { listenGrpc } from './server.ts'

describe('the gRPC server', () => {
  const listen = useGrpc()

  it('serves each listener with its own default agent', async () => {
    const asked: string[] = []
    const tasks = {
      async getTask(_call: unknown, agent: string) {
        asked.push(agent)
        return TASK
      },
    }
    const first = await listen({ tasks }, { agent: 'first' })
    const second = await listen({ tasks }, { agent: 'second' })

    await second.ask(v1('GetTask'), { id: 't' })
    await first.ask(v1('GetTask'), { id: 't' })

    assert.deepEqual(asked, ['second', 'first'])
  })

  it('says so when its address is taken', async () => {
    const { listener } = await listen()
    const port = Number(listener.address.split(':').at(-1))

    await assert.rejects(
      listenGrpc(scriptedDeps().deps, { host: '127.0.0.1', port }),
      (error) => error instanceof ParleyError && /PARLEY_GRPC/.test(error.message),
    )
  })

  it('refuses new calls when it closes, and lets those in progress end', async () => {
    const begun = Promise.withResolvers<void>()
    const finish = Promise.withResolvers<string>()
    const { ask, listener } = await listen({
      tasks: {
        getTask: () => {
          begun.resolve()
          return finish.promise
        },
      },
    })
    const answer = ask(v1('GetTask'), { id: 't' })
    await begun.promise

    const closed = listener.close(60_000)
    const late = await ask(v1('GetTask'), { id: 't' }, { deadline: new Date(Date.now() + 500) })
    finish.resolve(TASK)

    assert.notEqual(late.code, status.OK)
    assert.equal((await answer).code, status.OK)
    await closed
  })

  it('cuts what is left after its grace', async () => {
    const { open, listener } = await listen({
      tasks: {
        subscribeToTask: async () => frames([{ event: `{"task":${TASK}}` }], () => new Promise(() => {})),
      },
    })
    const stream = open(v1('SubscribeToTask'), { id: 't' })
    await stream.take(1)

    await listener.close(10)

    await stream.take()
    assert.notEqual((await stream.ended).code, status.OK)
  })

  it('serves TLS with the certificate it is given', async () => {
    const tls = { cert: Buffer.from(CERTIFICATE), key: Buffer.from(PRIVATE_KEY) }
    const { listener, ask } = await listen({}, { tls })
    const client = new Client(
      listener.address.replace('127.0.0.1', 'localhost'),
      credentials.createSsl(tls.cert),
    )

    const answer = await askWith(client, v1('GetTask'), { id: 't' })
    const plain = await ask(v1('GetTask'), { id: 't' })

    client.close()
    assert.equal(answer.code, status.OK)
    assert.equal(plain.code, status.UNAVAILABLE)
  })

  it('reads nothing that an unknown caller sends', async () => {
    let decoded = 0
    const { ask } = await listen({
      access: {
        async authenticate() {
          decoded++
          return undefined
        },
      },
      settings: { maxBodyBytes: 1000 },
    })

    const answer = await ask(v1('SendMessage'), {}, { bytes: Buffer.alloc(5000) })

    // A message that long would be refused for its length, had anybody looked at it.
    assert.deepEqual([answer.code, decoded], [status.UNAUTHENTICATED, 1])
  })
})
