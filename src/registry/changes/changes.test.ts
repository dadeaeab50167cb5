import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import fc from 'fast-check'
import { ANONYMOUS, SCOPES } from '../../access/principal.ts'
import { as, callBy, cardText } from '../open-registry.case.ts'
import type { ChangeFrame } from './changes.ts'
import { inWords, type OpenChanges, openChanges, RETENTION_MS } from './open-changes.case.ts'

const ada = as('key:ada')
const bob = as('key:bob')
const admin = as('key:root', { scopes: new Set(SCOPES) })
const stranger = as('key:ada', { tenant: 'other' })
const anonymous = callBy(ANONYMOUS)

const register = async (world: OpenChanges, slug: string, facts: object = {}, call = ada) =>
  (await world.registry.register(call, { card: cardText(), slug, ...facts })).agent

/** Reads frames until so many changes have come. */
async function take(frames: AsyncIterable<ChangeFrame>, count: number): Promise<readonly ChangeFrame[]> {
  const taken: ChangeFrame[] = []
  if (count === 0) return taken
  for await (const frame of frames) {
    if (frame.change !== undefined) taken.push(frame)
    if (taken.length === count) break
  }
  return taken
}

const wordsOf = (frames: readonly ChangeFrame[]) => inWords(frames.flatMap(({ change }) => change ?? []))

/** A call that ends with the test. */
const lasting = (t: TestContext, call = ada) => ({ ...call, signal: t.signal })

describe('the change feed', () => {
  it('tells what happened to agents, oldest first, whoever reads it how often', async () => {
    const world = await openChanges()
    const { registry, told } = world
    await register(world, 'one')
    await register(world, 'one', { card: cardText({ description: 'Says it louder' }) })
    await register(world, 'two')
    const { grant } = await registry.createGrant(ada, 'one', { to: { subject: 'key:eve' }, right: 'manage' })
    await registry.deleteGrant(ada, 'one', grant.id)
    await registry.update(ada, 'two', { lifecycle: 'deprecated', successor: 'one' })
    await registry.unregister(ada, 'one')

    const all = await told(bob)

    assert.deepEqual(inWords(all), [
      'registered one',
      'updated one',
      'registered two',
      'updated one',
      'updated one',
      'updated two',
      'unregistered one',
    ])
    const { id: _, agentId: __, ...change } = all[1] ?? assert.fail()
    assert.deepEqual(change, {
      kind: 'updated',
      slug: 'one',
      at: world.clock.now,
      cardVersion: 2,
      verdict: 'text',
    })
    assert.deepEqual(await told(ada), all)
    assert.equal(new Set(all.map(({ id }) => id)).size, all.length)
  })

  it('goes on from the place of any page, with what came meanwhile', async () => {
    const world = await openChanges()
    await register(world, 'one')
    await register(world, 'two')

    const first = await world.changes.read(bob, { limit: 1 })
    const second = await world.changes.read(bob, { limit: 5, after: { cursor: first.cursor } })
    const none = await world.changes.read(bob, { limit: 5, after: { cursor: second.cursor } })
    await register(world, 'three')
    const third = await world.changes.read(bob, { limit: 5, after: { cursor: none.cursor } })

    assert.deepEqual(inWords([...first.items, ...second.items]), ['registered one', 'registered two'])
    assert.deepEqual([first.more, second.more, none.items], [true, false, []])
    assert.deepEqual(inWords(third.items), ['registered three'])
  })

  it('begins with what comes where that is asked for, also where nothing has happened yet', async () => {
    const world = await openChanges()
    const blank = await world.changes.read(bob, { limit: 5 })
    await register(world, 'one')
    const now = await world.changes.read(bob, { limit: 5, after: 'now' })
    await register(world, 'two')

    assert.deepEqual([blank.items, now.items], [[], []])
    assert.deepEqual(inWords(await world.told(bob, { after: { cursor: blank.cursor } })), [
      'registered one',
      'registered two',
    ])
    assert.deepEqual(inWords(await world.told(bob, { after: { cursor: now.cursor } })), ['registered two'])
  })

  it('tells of one agent, or of some kinds, where that is asked for', async () => {
    const world = await openChanges()
    const one = await register(world, 'one')
    await register(world, 'two')
    await world.registry.update(ada, 'one', { lifecycle: 'disabled' })

    assert.deepEqual(inWords(await world.told(bob, { agent: one.id })), ['registered one', 'updated one'])
    assert.deepEqual(inWords(await world.told(bob, { agent: 'two' })), ['registered two'])
    assert.deepEqual(inWords(await world.told(bob, { kinds: ['updated'] })), ['updated one'])
    assert.deepEqual(await world.told(bob, { agent: 'never' }), [])
  })

  it('tells how agents are, when that becomes another state', async () => {
    const world = await openChanges()
    const one = await register(world, 'one')
    const hidden = await register(world, 'private', { visibility: 'restricted' })
    const check = { kind: 'delivery', outcome: 'ok', at: world.clock.now } as const
    for (const agent of [one, one, hidden]) await world.health.record(agent, [check])

    const [change, ...more] = await world.told(bob, { kinds: ['health'] })
    assert.deepEqual([change?.kind, change?.agentId, more], ['health', one.id, []])
    assert.ok(change?.kind === 'health')
    assert.deepEqual([change.before, change.state], ['unknown', 'up'])
    assert.equal((await world.told(ada, { kinds: ['health'] })).length, 2)
  })

  it('takes the scope to read agents', async () => {
    const { changes } = await openChanges()
    const scopeless = as('key:bob', { scopes: new Set(['tasks:read']) })

    await assert.rejects(changes.read(scopeless, { limit: 1 }), { code: 'forbidden' })
    await assert.rejects(changes.follow(scopeless, {}), { code: 'forbidden' })
  })

  it('says so where what a reader missed is not kept any more', async () => {
    const world = await openChanges()
    const { cursor } = await world.changes.read(bob, { limit: 5 })
    await register(world, 'one')
    await world.store.prune(world.clock.now + 1, 10)

    await assert.rejects(world.changes.read(bob, { limit: 5, after: { cursor } }), { code: 'cursor_expired' })
    await assert.rejects(world.changes.follow(bob, { after: { cursor } }), { code: 'cursor_expired' })
    assert.deepEqual(await world.told(bob), [])
  })
})

describe('whom the change feed tells', () => {
  it('is nobody of another tenant, and without a credential only of public agents', async () => {
    const world = await openChanges()
    await register(world, 'ours')
    await register(world, 'public', { visibility: 'public' })
    await register(world, 'theirs', {}, as('key:ada', { tenant: 'other' }))

    assert.deepEqual(inWords(await world.told(stranger)), ['registered theirs'])
    assert.deepEqual(inWords(await world.told(anonymous)), ['registered public'])
    assert.deepEqual(inWords(await world.told(bob)), ['registered ours', 'registered public'])
  })

  it('is only who may see a private agent, or a draft, as long as it is one', async () => {
    const world = await openChanges()
    const { registry, told } = world
    await register(world, 'private', { visibility: 'restricted' })
    await register(world, 'draft', { lifecycle: 'draft', visibility: 'public' })

    for (const call of [bob, anonymous]) assert.deepEqual(await told(call), [])
    for (const call of [ada, admin]) {
      assert.deepEqual(inWords(await told(call)), ['registered private', 'registered draft'])
    }
    const { cursor } = await world.changes.read(bob, { limit: 5 })
    await registry.update(ada, 'draft', { lifecycle: 'active' })
    await registry.createGrant(ada, 'private', { to: { subject: 'key:bob' }, right: 'discover' })

    assert.deepEqual(inWords(await told(bob, { after: { cursor } })), ['updated draft', 'updated private'])
    assert.deepEqual(inWords(await told(anonymous)), ['registered draft', 'updated draft'])
  })

  it('is told that an agent is gone when it goes out of sight, exactly as when it is unregistered', async () => {
    const world = await openChanges()
    const { registry, told } = world
    await register(world, 'hidden')
    await register(world, 'gone')
    const before = await world.changes.read(bob, { limit: 5 })
    await registry.update(ada, 'hidden', { visibility: 'restricted' })
    await registry.update(ada, 'hidden', { lifecycle: 'disabled' })
    await registry.unregister(ada, 'gone')

    const [hidden, gone, ...more] = await told(bob, { after: { cursor: before.cursor } })
    assert.ok(hidden !== undefined && gone !== undefined)
    assert.deepEqual(inWords([hidden, gone, ...more]), ['unregistered hidden', 'unregistered gone'])
    assert.deepEqual(Object.keys(hidden), Object.keys(gone))
    assert.deepEqual(inWords((await told(ada)).slice(2)), [
      'updated hidden',
      'updated hidden',
      'unregistered gone',
    ])

    assert.deepEqual(await told(anonymous), [])
  })

  it('is told nothing of an agent that was hidden before it began to read', async () => {
    const world = await openChanges()
    await register(world, 'hidden')
    const { cursor } = await world.changes.read(bob, { limit: 5 })
    await world.registry.update(ada, 'hidden', { visibility: 'restricted' })
    world.clock.now++
    const late = await world.changes.read(bob, { limit: 5 })
    await world.registry.unregister(ada, 'hidden')

    assert.deepEqual(late.items, [])
    assert.deepEqual(await world.told(bob), [])
    assert.deepEqual(await world.told(bob, { after: { cursor: late.cursor } }), [])
    assert.deepEqual(inWords(await world.told(bob, { after: { cursor } })), ['unregistered hidden'])
  })

  it('is the same when the clock was set back', async () => {
    const world = await openChanges()
    await register(world, 'hidden')
    const { cursor } = await world.changes.read(bob, { after: 'now', limit: 5 })
    world.clock.now -= 3_600_000
    await world.registry.update(ada, 'hidden', { visibility: 'restricted' })
    world.clock.now -= 3_600_000

    assert.deepEqual(inWords(await world.told(bob, { after: { cursor } })), ['unregistered hidden'])
    assert.deepEqual(await world.told(bob), [])
  })

  it('cannot tell from what is more, cursors or their end whether hidden agents change', async () => {
    const seen = async (hidden: number) => {
      const world = await openChanges()
      const start = await world.changes.read(bob, { after: 'now', limit: 1 })
      await register(world, 'open')
      const late = await world.changes.read(bob, { after: 'now', limit: 1 })
      await register(world, 'private', { visibility: 'restricted' })
      for (let count = 0; count < hidden; count++) {
        await world.registry.update(ada, 'private', { lifecycle: count % 2 ? 'active' : 'deprecated' })
      }
      const { items, more, cursor } = await world.changes.read(bob, {
        after: { cursor: start.cursor },
        limit: 1,
      })
      world.clock.now += RETENTION_MS + 1
      await world.store.prune(world.clock.now, 1000)
      const end = await world.changes.read(bob, { after: { cursor: late.cursor }, limit: 1 }).then(
        () => 'more',
        ({ code }) => code,
      )
      return [inWords(items), more, cursor.length, end]
    }

    assert.deepEqual(await seen(0), [['registered open'], false, (await seen(0))[2], 'cursor_expired'])
    assert.deepEqual(await seen(450), await seen(0))
  })

  it('is told nothing of a private agent that is gone', async () => {
    const world = await openChanges()
    await register(world, 'private', { visibility: 'restricted' })
    await world.registry.createGrant(ada, 'private', { to: { group: 'idp:staff' }, right: 'discover' })
    await world.registry.unregister(ada, 'private')

    assert.deepEqual(await world.told(bob), [])
    assert.deepEqual(inWords(await world.told(as('key:eve', { groups: ['idp:staff'] }))), [
      'registered private',
      'updated private',
      'unregistered private',
    ])
  })

  it('is told only of the agents that a credential is good for', async () => {
    const world = await openChanges()
    const one = await register(world, 'one')
    const two = await register(world, 'two')
    await world.registry.unregister(ada, 'two')
    const limited = (id: string) => as('key:ada', { agents: new Set([id]) })

    assert.deepEqual(inWords(await world.told(limited(one.id))), ['registered one'])
    assert.deepEqual(inWords(await world.told(limited(two.id))), ['registered two', 'unregistered two'])
  })
})

describe('a place in the change feed', () => {
  it('is another each time, and the caller’s own', async () => {
    const { changes } = await openChanges()
    const [first, second] = [await changes.read(ada, { limit: 5 }), await changes.read(ada, { limit: 5 })]

    assert.notEqual(first.cursor, second.cursor)
    for (const call of [bob, stranger]) {
      await assert.rejects(changes.read(call, { limit: 5, after: { cursor: first.cursor } }), {
        code: 'invalid_params',
      })
    }
  })

  it('is refused in one way when it is made up', async () => {
    const world = await openChanges()
    await register(world, 'one')
    const { cursor: good } = await world.changes.read(bob, { limit: 5 })
    const broken = fc
      .tuple(fc.nat(good.length - 1), fc.constantFrom('', 'A', '_', '~'))
      .map(([at, put]) => good.slice(0, at) + put + good.slice(at + 1))

    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.string(), fc.base64String(), broken), async (cursor) => {
        if (cursor === good) return
        await assert.rejects(world.changes.read(bob, { limit: 5, after: { cursor } }), {
          code: 'invalid_params',
          message: 'The page cursor is not valid for this request',
        })
      }),
    )
  })
})

describe('who follows the change feed', () => {
  it('is told what was and then what comes, and goes on from any of it', { timeout: 20_000 }, async (t) => {
    const world = await openChanges()
    await register(world, 'one')
    const live = take(await world.changes.follow(lasting(t), {}), 3)
    await register(world, 'two')
    await register(world, 'three')

    const frames = await live
    assert.deepEqual(wordsOf(frames), ['registered one', 'registered two', 'registered three'])
    for (const [index, { seq }] of frames.entries()) {
      const rest = await world.changes.follow(lasting(t), { after: { cursor: seq } })
      const left = frames.length - index - 1
      assert.deepEqual(wordsOf(await take(rest, left)), wordsOf(frames.slice(index + 1)))
    }
  })

  it('has a place to go on from before anything happens', { timeout: 20_000 }, async (t) => {
    const world = await openChanges()
    await register(world, 'old')
    const frames = (await world.changes.follow(lasting(t), { after: 'now' }))[Symbol.asyncIterator]()

    const start = await frames.next()
    assert.ok(start.done !== true && start.value.change === undefined)
    await register(world, 'new')

    const missed = await world.told(ada, { after: { cursor: start.value.seq } })
    assert.deepEqual(inWords(missed), ['registered new'])
    const next = await frames.next()
    assert.deepEqual(next.value?.change, missed[0])
  })

  it('is told nothing of what others hide, and ends with the call', { timeout: 20_000 }, async (t) => {
    const world = await openChanges()
    const ended = new AbortController()
    const followed = await world.changes.follow({ ...bob, signal: ended.signal }, {})
    const seen: ChangeFrame[] = []
    const reading = (async () => {
      for await (const frame of followed) seen.push(frame)
    })()
    await register(world, 'private', { visibility: 'restricted' })
    const open = take(await world.changes.follow(lasting(t, bob), {}), 1)
    await register(world, 'open')
    assert.deepEqual(wordsOf(await open), ['registered open'])

    ended.abort(new Error('over'))

    await assert.rejects(reading, /over/)
    assert.doesNotMatch(JSON.stringify(seen), /private/)
  })
})
