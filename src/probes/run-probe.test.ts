import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { CheckOutcome } from '../registry/health/agent-health.ts'
import { as, cardText } from '../registry/open-registry.case.ts'
import { askedProbeWork } from '../work/agent-work.ts'
import { alice, jsonRpcAt, openProbes } from './open-probes.case.ts'
import { startProbes } from './start-probes.ts'

const URL = 'https://agent.example/a2a'

describe('an agent that is registered', () => {
  it('is looked at as soon as may be, and then every interval', async () => {
    const room = await openProbes()
    const agent = await room.register()

    await room.pass(0)
    assert.deepEqual(room.asked(), [`interface ${URL}`])
    assert.equal((await room.healthOf(agent))?.state, 'up')
    assert.equal(await room.dueIn(), 60_000)

    await room.pass(59_000)
    assert.deepEqual(room.asked(), [])
    await room.pass(1000)
    assert.deepEqual(room.asked(), [`interface ${URL}`])
  })

  it('is looked at by its interfaces that we can call, five at most, each URL once', async () => {
    const room = await openProbes()
    const supportedInterfaces = [
      jsonRpcAt('https://agent.example/0'),
      jsonRpcAt('https://agent.example/0', '0.3'),
      { url: 'https://agent.example/x', protocolBinding: 'urn:other', protocolVersion: '1.0' },
      ...[1, 2, 3, 4, 5, 6].map((number) => jsonRpcAt(`https://agent.example/${number}`)),
    ]
    await room.register({ card: cardText({ supportedInterfaces }) })

    await room.pass(0)

    assert.deepEqual(
      room.asked(),
      [0, 1, 2, 3, 4].map((number) => `interface https://agent.example/${number}`),
    )
  })

  it('is looked at when its card changes to other interfaces', async () => {
    const room = await openProbes()
    await room.register()
    await room.pass(0)
    room.asked()

    await room.register({ card: cardText({ supportedInterfaces: [jsonRpcAt('https://agent.example/b')] }) })
    await room.pass(0)

    assert.deepEqual(room.asked(), ['interface https://agent.example/b'])
  })

  it('is looked at no more once it is gone', async () => {
    const room = await openProbes()
    const agent = await room.register()
    await room.pass(0)

    await room.registry.unregister(alice, agent.id)
    await room.pass(600_000)

    assert.deepEqual(room.asked(), [`interface ${URL}`])
    assert.equal(await room.dueIn(), undefined)
  })

  it('is left alone while it is disabled, and looked at once it is active again', async () => {
    const room = await openProbes()
    const agent = await room.register()
    await room.registry.update(alice, agent.id, { lifecycle: 'disabled' })
    await room.pass(600_000)
    assert.deepEqual(room.asked(), [])

    await room.registry.update(alice, agent.id, { lifecycle: 'active' })
    await room.pass(0)
    assert.deepEqual(room.asked(), [`interface ${URL}`])
  })

  it('is looked at as a draft, too', async () => {
    const room = await openProbes()
    await room.register({ lifecycle: 'draft' })

    await room.pass(0)

    assert.deepEqual(room.asked(), [`interface ${URL}`])
  })
})

describe('an agent that is down', () => {
  it('is asked less and less often, but at least every ten minutes', async () => {
    const room = await openProbes()
    const agent = await room.register()
    room.answer('unreachable')
    await room.pass(0)
    for (let round = 0; (await room.healthOf(agent))?.state !== 'down'; round++) {
      assert.ok(round < 10)
      await room.pass((await room.dueIn()) ?? 0)
    }
    await room.pass((await room.dueIn()) ?? 0)

    const pauses: (number | undefined)[] = []
    for (let round = 0; round < 20; round++) {
      const due = await room.dueIn()
      pauses.push(due)
      await room.pass(due ?? 0)
    }

    assert.deepEqual(pauses.at(-1), 600_000)
    assert.ok(
      pauses.every((ms, index) => index === 0 || (ms ?? 0) >= (pauses[index - 1] ?? 0)),
      String(pauses),
    )
    assert.equal(pauses[0], 60_000)
  })
})

describe('an agent that is registered again', () => {
  it('is looked at, however long it was away', async () => {
    const room = await openProbes()
    await room.register()
    room.answer('unreachable')
    for (let round = 0; round < 10; round++) await room.pass((await room.dueIn()) ?? 0)
    room.asked()

    room.clock.now += 1000
    await room.register()
    await room.pass(0)

    assert.deepEqual(room.asked(), [`interface ${URL}`])
  })
})

describe('without active probes', () => {
  it('agents are asked only when somebody asks for it', async () => {
    const room = await openProbes({ intervalMs: 0 })
    const agent = await room.register()
    await room.pass(0)
    await room.pass(3_600_000)
    assert.deepEqual(room.asked(), [])
    assert.equal(await room.dueIn(), 300_000)

    await room.work.put([askedProbeWork(agent.id, room.clock.now)])
    await room.pass(0)
    assert.deepEqual(room.asked(), [`interface ${URL}`])
    assert.equal(await room.dueIn(), 300_000)
  })
})

describe('workers of several processes', () => {
  it('look at each agent once', async (t) => {
    const room = await openProbes()
    const agents = await Promise.all(
      Array.from({ length: 20 }, (_, number) =>
        room.register({ card: cardText({ name: `Agent ${number}` }) }),
      ),
    )
    const gate = Promise.withResolvers<CheckOutcome>()
    room.answer(gate.promise)
    const all = Promise.withResolvers<void>()
    const health = {
      ...room.health,
      record: async (...[agent, checks, fence]: Parameters<typeof room.health.record>) => {
        const recorded = await room.health.record(agent, checks, fence)
        agents.splice(
          agents.findIndex(({ id }) => id === agent.id),
          1,
        )
        if (agents.length === 0) all.resolve()
        return recorded
      },
    }
    for (const worker of [1, 2].map(() => startProbes({ ...room.deps, health }))) {
      t.after(() => worker[Symbol.asyncDispose]())
    }
    gate.resolve('ok')
    await all.promise

    assert.equal(room.asked().length, 20)
  })

  it('hand back what they were at when they stop, so that another goes on', async () => {
    const room = await openProbes()
    const agent = await room.register()
    const asked = Promise.withResolvers<void>()
    const prober = {
      ...room.deps.prober,
      checkInterface: (_target: unknown, _agent: unknown, signal: AbortSignal) =>
        new Promise<never>((_, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason))
          asked.resolve()
        }),
    }
    const worker = startProbes({ ...room.deps, prober })
    await asked.promise
    await worker[Symbol.asyncDispose]()

    assert.equal(await room.healthOf(agent), undefined)
    await room.pass(0)
    assert.equal((await room.healthOf(agent))?.state, 'up')
  })
})

describe('a look that is asked for', () => {
  it('sees everything, also what is not due', async () => {
    const room = await openProbes()
    const agent = await room.register({ probe: { text: 'ping', everyMs: 900_000 } })
    await room.pass(0)
    room.asked()
    room.clock.now += 1000

    const looking = room.registry.checkNow(alice, agent.id)
    // The queue has it by the time that somebody else had a turn.
    await new Promise(setImmediate)
    await room.pass(0)

    assert.equal(await looking, true)
    assert.deepEqual(room.asked(), [`interface ${URL}`, 'task ping'])
  })

  it('is not waited for once the agent is gone', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const room = await openProbes()
    const agent = await room.register()
    const waiting = assert.rejects(room.registry.checkNow(alice, agent.id), { code: 'agent_not_found' })
    await room.registry.unregister(alice, agent.id)
    for (let polls = 0; polls < 40; polls++) {
      t.mock.timers.tick(100)
      await new Promise(setImmediate)
    }
    await waiting
  })

  it('is one look, however long that takes', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const room = await openProbes()
    const agent = await room.register({ probe: { text: 'ping', everyMs: 900_000 } })
    await room.pass(0)
    room.asked()
    room.clock.now += 1000
    const slow = Promise.withResolvers<CheckOutcome>()
    room.answer(slow.promise)

    const waiting = room.registry.checkNow(alice, agent.id)
    await new Promise(setImmediate)
    const looking = room.pass(0)
    for (let polls = 0; polls < 40; polls++) {
      room.clock.now += 100
      t.mock.timers.tick(100)
      await new Promise(setImmediate)
    }
    slow.resolve('ok')
    await looking
    t.mock.timers.tick(100)

    assert.equal(await waiting, true)
    assert.deepEqual(room.asked(), [`interface ${URL}`, 'task ping'])
  })
})

describe('agents of two tenants', () => {
  it('are both looked at, and what is seen is of their own', async () => {
    const room = await openProbes()
    const ours = await room.register()
    const { agent: theirs } = await room.registry.register(as('key:eve', { tenant: 'other' }), {
      card: cardText(),
      cardPointer: '',
    })
    await room.pass(0)

    assert.equal(room.asked().length, 2)
    assert.deepEqual((await room.healthOf(ours))?.tenant, 'default')
    assert.deepEqual((await room.healthOf(theirs))?.tenant, 'other')
  })
})

describe('heartbeats that are expected', () => {
  it('are missed once, also without active probes', async () => {
    const room = await openProbes({ intervalMs: 0 })
    const agent = await room.register({ heartbeatTtlMs: 5000 })
    await room.pass(0)
    assert.equal(await room.dueIn(), 5000)

    await room.pass(5000)
    const missed = await room.healthOf(agent)
    assert.deepEqual([missed?.state, missed?.reason?.outcome], ['down', 'missing'])
    await room.pass(300_000)
    assert.equal((await room.healthOf(agent))?.version, missed?.version)

    await room.registry.heartbeat(alice, agent.id)
    await room.pass(300_000)
    const again = await room.healthOf(agent)
    assert.equal(again?.reason?.outcome, 'missing')
    assert.notEqual(again?.version, missed?.version)
  })
})
