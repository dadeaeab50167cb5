import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { ANONYMOUS, type Principal } from '../access/principal.ts'
import { ParleyError } from '../errors.ts'
import type { Entitlement } from './entitlement.ts'
import { type Script, scriptedDeps } from './http/scripted-app.case.ts'
import { createRechecks, type Watch } from './rechecks.ts'

const principal: Principal = {
  ...ANONYMOUS,
  subject: 'key:ada',
  credential: { kind: 'key', id: 'key-1' },
}

const entitled = (to: Entitlement['to'], changes: Partial<Principal> = {}): Entitlement => ({
  principal: { ...principal, ...changes },
  requestId: 'r',
  to,
})

const FOLLOW = { operation: 'SubscribeToTask', agent: 'echo' } as const

/** Checks that come in quick succession, of calls that say how they were ended. */
function openRechecks(t: TestContext, script: Script = {}) {
  const clock = { now: 1_000_000, monotonic: 0 }
  /** What was asked of access and rooms. */
  const asked: string[] = []
  const watches: (() => void)[] = []
  let reassess = async (known: Principal): Promise<Principal | undefined> => known
  const reported: string[] = []
  const { deps } = scriptedDeps({
    ...script,
    access: {
      reassess: (known) => {
        asked.push(`reassess ${known.subject}`)
        return reassess(known)
      },
    },
    settings: { recheckMs: RECHECK_MS },
  })
  const rechecks = createRechecks({
    ...deps,
    now: () => clock.now,
    monotonicMs: () => clock.monotonic,
    events: { ...deps.events, unexpected: ({ where }) => reported.push(where) },
  })
  const watch = (entitlement: Entitlement) => {
    const { promise: ended, resolve } = Promise.withResolvers<ParleyError>()
    const call = { endFor: resolve }
    const held: Watch = rechecks.watch(call, entitlement)
    const leave = () => held.leave(call)
    watches.push(leave)
    return { ended, leave }
  }
  t.after(() => {
    for (const leave of watches) leave()
  })
  return {
    clock,
    asked,
    reported,
    watch,
    reassessBy(how: typeof reassess) {
      reassess = how
    },
    /** Every call that is watched has been checked. */
    async checked() {
      const until = asked.length
      clock.monotonic += RECHECK_MS
      while (asked.length === until) await new Promise((resolve) => setTimeout(resolve, 1))
      await new Promise(setImmediate)
    },
  }
}

const RECHECK_MS = 60

describe('a call that lasts', () => {
  it('goes on while its credential stands and its rights do', async (t) => {
    const world = openRechecks(t)
    const call = world.watch(entitled(FOLLOW))

    await world.checked()
    await world.checked()

    assert.equal(await Promise.race([call.ended, 'on']), 'on')
    assert.deepEqual(world.asked, ['reassess key:ada', 'reassess key:ada'])
  })

  it('ends as unauthenticated once its credential is gone', async (t) => {
    const world = openRechecks(t)
    const call = world.watch(entitled(FOLLOW))
    world.reassessBy(async () => undefined)

    await world.checked()

    assert.equal((await call.ended).code, 'unauthenticated')
  })

  it('ends with what its agent or task is refused with now', async (t) => {
    const refuse = (code: 'forbidden' | 'agent_not_found' | 'task_not_found') => () =>
      Promise.reject(new ParleyError(code, 'No'))
    const cases = [
      [FOLLOW, { registry: { get: refuse('forbidden') } }, 'forbidden'],
      [FOLLOW, { registry: { get: refuse('agent_not_found') } }, 'agent_not_found'],
      [{ task: 't-1' }, { tasks: { assertVisible: refuse('task_not_found') } }, 'task_not_found'],
    ] as const
    for (const [to, script, code] of cases) {
      const world = openRechecks(t, script)
      const call = world.watch(entitled(to))

      await world.checked()

      assert.equal((await call.ended).code, code)
    }
  })

  it('is judged as the operation that it is', async (t) => {
    const judged: string[] = []
    const world = openRechecks(t, {
      registry: {
        get: async (call, ref, action, operation) => {
          judged.push(`${call.principal.subject} ${ref} ${action} ${operation}`)
          throw new ParleyError('forbidden', 'No')
        },
      },
    })
    const follow = world.watch(entitled(FOLLOW))
    const send = world.watch(entitled({ operation: 'SendStreamingMessage', agent: 'echo' }))

    await world.checked()

    await Promise.all([follow.ended, send.ended])
    assert.deepEqual(judged.toSorted(), [
      'key:ada echo invoke SendStreamingMessage',
      'key:ada echo read SubscribeToTask',
    ])
  })

  it('shares its check with others of the same credential that do the same', async (t) => {
    const world = openRechecks(t)
    const calls = Array.from({ length: 100 }, () => world.watch(entitled(FOLLOW)))
    calls.pop()?.leave()

    await world.checked()
    assert.deepEqual(world.asked, ['reassess key:ada'])
    world.reassessBy(async () => undefined)
    await world.checked()

    const errors = await Promise.all(calls.map(({ ended }) => ended))
    assert.deepEqual(new Set(errors.map(({ code }) => code)), new Set(['unauthenticated']))
    assert.equal(world.asked.length, 2)
  })

  it('is checked apart from those of other tokens', async (t) => {
    const world = openRechecks(t)
    const credential = { kind: 'token', issuer: 'corp' } as const
    const until = world.clock.now + 1_000_000
    for (const expiresAt of [until, until + 1]) world.watch(entitled(FOLLOW, { credential, expiresAt }))

    world.clock.monotonic += RECHECK_MS
    while (world.asked.length < 2) await new Promise((resolve) => setTimeout(resolve, 1))
  })

  it('is checked when its credential ends', async (t) => {
    const world = openRechecks(t)
    const call = world.watch(entitled(FOLLOW, { expiresAt: world.clock.now + 1 }))
    world.reassessBy(async () => undefined)

    world.clock.now += 1

    assert.equal((await call.ended).code, 'unauthenticated')
  })

  it('goes on for a while when nobody can say whether it may, which is reported once', async (t) => {
    const world = openRechecks(t)
    const call = world.watch(entitled(FOLLOW))
    world.reassessBy(() => Promise.reject(new Error('the store is down')))
    for (let check = 1; check < 5; check++) await world.checked()
    world.reassessBy(async (known) => known)
    await world.checked()
    world.reassessBy(() => Promise.reject(new Error('the store is down')))
    for (let check = 1; check <= 5; check++) await world.checked()
    assert.equal(await Promise.race([call.ended, 'on']), 'on')
    assert.equal(world.reported.length, 2)

    world.clock.monotonic += RECHECK_MS

    const error = await call.ended
    assert.equal(error.code, 'unavailable')
    assert.doesNotMatch(error.message, /store/)
  })

  it('does not go on for ever when its checks hang', async (t) => {
    const world = openRechecks(t)
    const calls = Array.from({ length: 50 }, (_, n) => world.watch(entitled({ task: `t-${n}` })))
    world.reassessBy(() => new Promise(() => {}))
    await world.checked()

    world.clock.monotonic += 5 * RECHECK_MS

    const errors = await Promise.all(calls.map(({ ended }) => ended))
    assert.deepEqual(new Set(errors.map(({ code }) => code)), new Set(['unavailable']))
  })

  it('outlives no known end of its credential when nobody can say', async (t) => {
    const world = openRechecks(t)
    const call = world.watch(entitled(FOLLOW, { expiresAt: world.clock.now + 1 }))
    world.reassessBy(() => Promise.reject(new Error('the store is down')))

    world.clock.now += 1

    assert.equal((await call.ended).code, 'unauthenticated')
  })
})
