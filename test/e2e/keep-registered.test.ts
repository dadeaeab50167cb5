import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { CallRefused, keepRegistered, type Report } from '../../src/client/keep-registered.ts'
import { eventually } from './eventually.ts'
import { at, textAt } from './json-path.ts'
import { type ParleyProcess, startParley } from './parley-process.ts'
import { agentCard } from './raw-agent.ts'
import { native } from './rpc.ts'
import { newKey } from './world.ts'

const CARD = agentCard('http://127.0.0.1:9900/', { name: 'Kept' })

describe('keepRegistered', { timeout: 120_000 }, () => {
  const opened = new AsyncDisposableStack()
  let parley: ParleyProcess
  let key: string

  before(async () => {
    parley = opened.use(await startParley())
    key = await newKey(parley, 'publisher', ['agents:read', 'agents:write', 'agents:heartbeat'])
  })
  after(() => opened.disposeAsync())

  const shown = (ref: string) => native(key, 'GET', `${parley.url}/agents/${ref}`)
  const until = (ref: string, state: string) =>
    eventually(`${ref} is ${state}`, async () => {
      const { body } = await shown(ref)
      return at(body, 'health', 'state') === state ? body : undefined
    })

  test('registers an agent, beats for it with what it says, and unregisters it', async () => {
    let report: Report = { load: 0.1 }
    const kept = await keepRegistered({
      url: parley.url,
      key: async () => key,
      card: CARD,
      slug: 'kept',
      heartbeatIntervalMs: 100,
      heartbeatTtlMs: 1000,
      status: () => report,
    })
    const first = textAt(await until('kept', 'up'), 'lastHeartbeatAt')
    assert.equal(kept.agent.invokeUrl, `${parley.url}/a2a/${kept.agent.id}`)
    await eventually('the next heartbeat', async () =>
      textAt((await shown('kept')).body, 'lastHeartbeatAt') > first ? true : undefined,
    )
    report = { status: 'degraded', reason: 'No paper' }
    await until('kept', 'degraded')

    await kept[Symbol.asyncDispose]()
    assert.equal((await shown('kept')).status, 404)
  })

  test('survives a gateway that restarts, and registers anew what somebody removed', async () => {
    const errors: unknown[] = []
    await using kept = await keepRegistered({
      url: `${parley.url}/`,
      key,
      card: CARD,
      slug: 'lasting',
      heartbeatIntervalMs: 100,
      onError: (error) => errors.push(error),
    })
    const { id } = kept.agent
    await parley.restart()
    const { status } = await native(key, 'DELETE', `${parley.url}/agents/${id}`)
    assert.equal(status, 204)
    await eventually('another id', () => (kept.agent.id === id ? undefined : true))

    await until('lasting', 'up')
    assert.equal(kept.agent.slug, 'lasting')
  })

  test('leaves an agent that is to stay, which is down once its heartbeats are missing', async () => {
    const ended = new AbortController()
    const kept = await keepRegistered({
      ...{ url: parley.url, key, card: CARD, slug: 'staying', unregister: false },
      ...{ heartbeatIntervalMs: 100, heartbeatTtlMs: 1000, signal: ended.signal },
    })
    await until('staying', 'up')
    ended.abort()
    await kept[Symbol.asyncDispose]()

    assert.deepEqual(at(await until('staying', 'down'), 'health', 'reason'), {
      kind: 'heartbeat',
      outcome: 'missing',
    })
  })

  test('ends although the agent never says how it is', async () => {
    const asked = Promise.withResolvers<void>()
    const kept = await keepRegistered({
      ...{ url: parley.url, key, card: CARD, slug: 'silent' },
      status: () => {
        asked.resolve()
        return new Promise<Report>(() => {})
      },
    })
    await asked.promise
    await kept[Symbol.asyncDispose]()
    assert.equal((await shown('silent')).status, 404)
  })

  test('says at once what trying again would not help', async () => {
    const refused = (reason: unknown) => reason instanceof CallRefused && reason.status
    const wrong = await keepRegistered({ url: parley.url, key, card: { name: 'Nothing else' } }).catch(
      refused,
    )
    assert.equal(wrong, 422)
    const strange = await keepRegistered({ url: parley.url, key: 'wrong', card: CARD }).catch(refused)
    assert.equal(strange, 401)
    const signal = AbortSignal.timeout(5000)
    await assert.rejects(keepRegistered({ url: 'nowhere', key, card: CARD, signal }), { name: 'TypeError' })
    await assert.rejects(
      keepRegistered({ url: parley.url, key: 'secret\nkey', card: CARD, signal }),
      (error) => error instanceof TypeError && !error.message.includes('secret'),
    )
    const gone = AbortSignal.abort(new Error('over'))
    await assert.rejects(keepRegistered({ url: parley.url, key, card: CARD, signal: gone }), /over/)
  })
})
