import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import { status } from '@grpc/grpc-js'
import { ANONYMOUS, type Principal } from '../access/principal.ts'
import { ParleyError } from '../errors.ts'
import type { CallInProgress } from './call-in-progress.ts'
import { createCallLimits, type LimitSettings } from './call-limits.ts'
import { useGrpc, v1 } from './grpc/scripted-grpc.case.ts'
import { describeBothWays } from './http/both-ways.case.ts'
import { agent, bearer, frames, post, scriptedDeps, TASK } from './http/scripted-app.case.ts'

const principal = (subject: string, tenant = 'default'): Principal => ({
  tenant,
  subject,
  groups: [],
  scopes: new Set(['tasks:read'] as const),
})

const callFrom = (from?: string): CallInProgress => ({
  requestId: 'r',
  binding: 'http',
  startedAt: 0,
  from,
  operation: '',
  principal: ANONYMOUS,
  traceparent: undefined,
})

/** The limits with time standing still, as a question whether a call is taken. */
const limitsOf = (settings: Partial<LimitSettings>) =>
  createCallLimits({ maxStreams: 100, ...settings }, () => 0)

const isTaken = (act: () => void): boolean => {
  try {
    act()
    return true
  } catch (error) {
    assert.ok(error instanceof ParleyError && error.code === 'too_many_requests')
    return false
  }
}

const ONCE = { perSecond: 1, burst: 1 }

describe('the limits of a process', () => {
  it('tell principals of the same name in two tenants apart', () => {
    const { countCall } = limitsOf({ rate: ONCE })

    assert.ok(isTaken(() => countCall?.(principal('key:a', 'one'), callFrom())))
    assert.ok(isTaken(() => countCall?.(principal('key:a', 'two'), callFrom())))
    assert.ok(!isTaken(() => countCall?.(principal('key:a', 'one'), callFrom('9.9.9.9'))))
  })

  it('count anonymous callers by the network they come from', () => {
    const { countCall } = limitsOf({ rate: ONCE })
    const asks = (from: string) => isTaken(() => countCall?.(ANONYMOUS, callFrom(from)))

    assert.ok(asks('1.1.1.1'))
    assert.ok(!asks('1.1.1.1'))
    assert.ok(asks('1.1.1.2'))
    assert.ok(asks('2001:db8:0:1::1'))
    assert.ok(!asks('2001:db8:0:1:ffff::2'), 'one of the same 2^64')
    assert.ok(asks('2001:db8:0:2::1'))
    assert.ok(asks('::1'))
    assert.ok(asks('2001::5:1:2:3:4'))
    assert.ok(!asks('2001:0:0:5::1'), 'the same 2^64, whose zeros are left out elsewhere')
    assert.ok(asks('2001::6:1:2:3:4'), 'other zeros, and what follows them')
  })

  it('bound the streams of each principal, and give them back', () => {
    const { openStream } = limitsOf({ maxStreams: 2 })
    const first = openStream(principal('key:a'))
    openStream(principal('key:a'))

    assert.ok(!isTaken(() => openStream(principal('key:a'))))
    assert.ok(isTaken(() => openStream(principal('key:b'))))
    first.leave()
    assert.ok(isTaken(() => openStream(principal('key:a'))))
    assert.ok(!isTaken(() => openStream(principal('key:a'))))
  })
})

const RPC = post({ jsonrpc: '2.0', id: 1, method: 'GetTask', params: { id: 't' } })
const SEND = post({
  jsonrpc: '2.0',
  id: 1,
  method: 'SendMessage',
  params: { message: { messageId: 'm', role: 'ROLE_USER', parts: [{ text: 'hi' }] } },
})

describeBothWays('a principal that calls too often', (ask) => {
  it('is told so over every binding, and when to call again', async () => {
    for (const [path, init] of [
      ['/a2a/echo', RPC],
      ['/a2a/echo/tasks/t', { headers: bearer('all') }],
      ['/a2a/echo/v1/tasks/t', { headers: bearer('all') }],
      ['/tasks', { headers: bearer('all') }],
    ] as const) {
      const limits = createCallLimits({ rate: { perSecond: 0.5, burst: 2 }, maxStreams: 1 }, () => 0)
      const script = { deps: { limits } }
      const { response: first } = await ask(script, path, init)
      await ask(script, path, init)
      const { response: refused, calls } = await ask(script, path, init)
      const text = await refused.text()

      assert.equal(first.status, 200)
      assert.equal(first.headers.get('ratelimit-policy'), '"principal";q=2;w=4')
      assert.equal(first.headers.get('ratelimit'), '"principal";r=1;t=2')
      assert.equal(refused.status, 429, path)
      assert.equal(refused.headers.get('retry-after'), '2')
      assert.equal(refused.headers.get('ratelimit'), '"principal";r=0;t=4')
      assert.match(text, /0\.5 times a second \(2 at once\)/)
      assert.equal(calls[0]?.error?.code, 'too_many_requests')
      if (path.startsWith('/a2a/')) assert.match(text, /"retryDelay":"2s"/)
    }
  })

  it('is not counted where nothing is limited, nor where no credential is asked for', async () => {
    const { response } = await ask({}, '/tasks', { headers: bearer('all') })
    assert.equal(response.headers.get('ratelimit'), null)

    const limits = limitsOf({ rate: ONCE })
    for (let asked = 0; asked < 3; asked++) {
      const { response: health } = await ask({ deps: { limits } }, '/healthz', {})
      assert.equal(health.status, 200)
    }
  })

  it('is still told of a credential that is no good, whoever else calls', async () => {
    const limits = limitsOf({ rate: ONCE })
    for (let asked = 0; asked < 3; asked++) {
      const { response } = await ask({ deps: { limits } }, '/tasks', { headers: bearer('stranger') })
      assert.equal(response.status, 401)
    }
    const { response: good } = await ask({ deps: { limits } }, '/tasks', { headers: bearer('all') })
    assert.equal(good.status, 200)
  })
})

describeBothWays('an agent that is called too often', (ask) => {
  it('is spared, under each of its names and whoever calls', async () => {
    const limits = limitsOf({ agentRate: { perSecond: 1, burst: 2 } })
    const send = async (ref: string) => (await ask({ deps: { limits } }, `/a2a/${ref}`, SEND)).response

    assert.equal((await send('echo')).headers.get('ratelimit'), '"agent";r=1;t=1')
    assert.equal((await send('agent-1')).status, 200)
    const refused = await send('echo')
    assert.equal(refused.status, 429)
    assert.match(await refused.text(), /This agent is called more often/)
    const { response: read } = await ask({ deps: { limits } }, '/a2a/echo', RPC)
    assert.equal(read.status, 200, 'what does not make it work')
  })

  it('is not spared from those who may not call it: they are told what they always are', async () => {
    const limits = limitsOf({ agentRate: ONCE })
    const send = async (ref: string) => (await ask({ deps: { limits } }, `/a2a/${ref}`, SEND)).response

    for (let asked = 0; asked < 3; asked++) assert.equal((await send('hidden')).status, 404)
    assert.equal((await send('echo')).status, 200)
  })
})

describeBothWays('a principal with too many streams', (ask) => {
  const controllers: AbortController[] = []
  afterEach(() => {
    for (const controller of controllers.splice(0)) controller.abort()
  })
  async function* oneEvent() {
    yield { seq: 1, event: '{"seq":1}' }
    await new Promise(() => {})
  }
  const quiet = {
    subscribeToTask: async () => frames([{ event: `{"task":${TASK}}` }], () => new Promise<void>(() => {})),
    followEvents: async () => oneEvent(),
  }

  it('opens no more, over any binding, until one has ended', async () => {
    const limits = limitsOf({ maxStreams: 1 })
    const script = { deps: { limits }, tasks: quiet }
    const open = async (path: string, accept = 'text/event-stream') => {
      const leave = new AbortController()
      controllers.push(leave)
      const headers = { ...bearer('all'), accept }
      const { response } = await ask(script, path, { headers, signal: leave.signal })
      return { response, leave }
    }

    const { response: first } = await open('/tasks/t/events')
    assert.equal(first.status, 200)
    const { response: second } = await open('/a2a/echo/tasks/t:subscribe')
    assert.equal(second.status, 429)
    assert.match(await second.text(), /You have 1 streams open/)

    await first.body?.cancel()
    // Over a socket the server hears of the first reader's leaving a moment later.
    for (let tried = 0; tried < 100; tried++) {
      if ((await open('/a2a/echo/tasks/t:subscribe')).response.status === 200) return
    }
    assert.fail('the first stream is still counted')
  })
})

describe('over gRPC', () => {
  const listen = useGrpc()

  it('who calls too often is told the same', async () => {
    const { ask } = await listen({ limits: { rate: { perSecond: 0.5, burst: 1 } } })

    const first = await ask(v1('GetTask'), { id: 't' })
    const refused = await ask(v1('GetTask'), { id: 't' })

    assert.equal(first.code, status.OK)
    assert.deepEqual(first.headers.get('ratelimit'), ['"principal";r=0;t=2'])
    assert.equal(refused.code, status.RESOURCE_EXHAUSTED)
    const [info, retry] = refused.details
    assert.deepEqual(retry, { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '2s' })
    assert.equal(info?.reason, 'TOO_MANY_REQUESTS')
  })

  it('the limit is the one that HTTP counts into', async () => {
    const { deps } = scriptedDeps({ limits: { rate: ONCE } })
    const { limits } = deps
    const { ask } = await listen({ deps: { limits } })
    limits.countCall?.(principal('key:all'), callFrom())

    assert.equal((await ask(v1('GetTask'), { id: 't' })).code, status.RESOURCE_EXHAUSTED)
  })

  it('streams are counted too', async () => {
    const subscribeToTask = async () =>
      frames([{ event: `{"task":${TASK}}` }], () => new Promise<void>(() => {}))
    const { open } = await listen({ tasks: { subscribeToTask }, limits: { maxStreams: 1 } })
    const first = open(v1('SubscribeToTask'), { id: 't' })
    await first.take(1)

    const second = open(v1('SubscribeToTask'), { id: 't' })
    assert.equal((await second.ended).code, status.RESOURCE_EXHAUSTED)
    first.call.cancel()
  })

  it('an agent is spared', async () => {
    const { ask } = await listen({
      registry: { get: async () => agent() },
      limits: { agentRate: ONCE },
    })
    const message = { message: { messageId: 'm', role: 'ROLE_USER', parts: [{ text: 'hi' }] } }

    assert.equal((await ask(v1('SendMessage'), message)).code, status.OK)
    assert.equal((await ask(v1('SendMessage'), message)).code, status.RESOURCE_EXHAUSTED)
  })
})
