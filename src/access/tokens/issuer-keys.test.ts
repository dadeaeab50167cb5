import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { newKey, signed } from './forge.case.ts'
import { FRESH_MS, MAX_WAIT_MS, MIN_WAIT_MS, OLD_MS } from './issuer-keys.ts'
import { keySet, openTokens, type TokensWorld } from './open-tokens.case.ts'
import { claimsOf } from './refused-tokens.case.ts'

const DAY_MS = 24 * 60 * 60 * 1000

let tokens = 0

/** Whether a token that was never seen before is taken, signed by the key of that name, true or not. */
async function isTaken({ tokens: room, forge, clock }: TokensWorld, kid = forge.ec.kid, key = forge.ec) {
  const claims = { ...claimsOf(forge), exp: clock.now / 1000 + 300, jti: String(tokens++) }
  return (await room.authenticate(signed({ alg: 'ES256', kid }, claims, key))) !== undefined
}

const isUnreachable = ({ told }: TokensWorld) =>
  told
    .filter(([event]) => event === 'issuerUnreachable')
    .map(([, facts]) => 'usable' in facts && facts.usable)

describe('the keys of an issuer', () => {
  it('are fetched once for everybody who waits', async () => {
    const world = openTokens()

    const taken = await Promise.all(Array.from({ length: 20 }, () => isTaken(world)))

    assert.ok(taken.every(Boolean))
    assert.equal(world.source.asked.length, 1)
    assert.deepEqual(world.told, [['issuerKeysFetched', { issuer: 'corp', keys: 3 }]])
  })

  it('are found by OpenID Connect, else as OAuth has it, in the name of the issuer alone', async () => {
    const openId = 'https://id.example/corp/.well-known/openid-configuration'
    const oauth = 'https://id.example/.well-known/oauth-authorization-server/corp'
    const metadata = (changes: object = {}) =>
      JSON.stringify({
        issuer: 'https://id.example/corp',
        jwks_uri: 'https://id.example/corp/jwks',
        ...changes,
      })
    const cases: readonly (readonly [boolean, string, string])[] = [
      [true, openId, metadata()],
      [true, oauth, metadata()],
      [false, openId, metadata({ issuer: 'https://id.example/other' })],
      [false, openId, metadata({ issuer: 'https://id.example/corp/' })],
      [false, openId, metadata({ jwks_uri: undefined })],
      [false, openId, '[]'],
      [false, openId, 'no JSON'],
    ]
    for (const [found, url, text] of cases) {
      const world = openTokens({ jwksUrl: undefined })
      world.source.served.set(url, text)

      assert.equal(await isTaken(world), found, `${url} ${text}`)
      assert.deepEqual(isUnreachable(world), found ? [] : [false])
    }
  })

  it('become others when the issuer has a new one, while the old tokens go on', async () => {
    const world = openTokens()
    const { source, forge, clock, told } = world
    assert.ok(await isTaken(world))
    const next = newKey('next')
    source.served.set(`${forge.issuer}/jwks`, keySet(next, forge.ec))
    clock.now += MIN_WAIT_MS

    assert.ok(await isTaken(world, 'next', next))
    assert.ok(await isTaken(world))
    assert.equal(source.asked.length, 2)
    assert.deepEqual(told.at(-1), ['issuerKeysFetched', { issuer: 'corp', keys: 2 }])
  })

  it('are asked for less and less by a flood of unknown names', async () => {
    const world = openTokens()
    await isTaken(world)
    const before = world.source.asked.length

    for (let second = 0; second < 600; second++) {
      world.clock.now += 1000
      for (let i = 0; i < 5; i++) assert.ok(!(await isTaken(world, `made-up-${second}-${i}`)))
    }

    // 1 + 2 + 4 + 8 + 16 seconds, then one in 30; 3000 tokens in all.
    assert.ok(
      world.source.asked.length - before <= 5 + 600_000 / MAX_WAIT_MS + 1,
      String(world.source.asked.length),
    )
    const next = newKey('next')
    world.source.served.set(`${world.forge.issuer}/jwks`, keySet(next))
    world.clock.now += MAX_WAIT_MS
    assert.ok(await isTaken(world, 'next', next))
  })

  it('are fetched again in the background when they are not fresh, and first when they are old', async () => {
    const world = openTokens()
    const { source, clock, forge } = world
    assert.ok(await isTaken(world))
    source.served.set(`${forge.issuer}/jwks`, keySet(newKey('next')))

    clock.now += FRESH_MS
    assert.ok(await isTaken(world))
    assert.equal(source.asked.length, 2)

    const other = openTokens()
    assert.ok(await isTaken(other))
    other.source.served.set(`${forge.issuer}/jwks`, keySet(newKey('next')))
    other.clock.now += OLD_MS
    assert.ok(!(await isTaken(other)))
  })

  it('serve on while the issuer is down, for as long as is configured, and recover', async () => {
    const world = openTokens({ maxStaleS: 3600 })
    const { source, clock } = world
    assert.ok(await isTaken(world))
    source.isDown = true

    for (let minutes = 0; minutes < 59; minutes++) {
      clock.now += 60_000
      assert.ok(await isTaken(world), `after ${minutes + 1} minutes`)
    }
    assert.ok(isUnreachable(world).length > 5 && isUnreachable(world).every((usable) => usable === true))
    clock.now += 60_000
    assert.ok(!(await isTaken(world)))
    assert.equal(isUnreachable(world).at(-1), false)

    source.isDown = false
    clock.now += MAX_WAIT_MS
    assert.ok(await isTaken(world))
    assert.deepEqual(world.told.at(-1), ['issuerKeysFetched', { issuer: 'corp', keys: 3 }])
  })

  it('serve for a day unless it is configured otherwise', async () => {
    const world = openTokens()
    assert.ok(await isTaken(world))
    world.source.isDown = true
    world.clock.now += DAY_MS - 1
    assert.ok(await isTaken(world))
    world.clock.now += 1
    assert.ok(!(await isTaken(world)))
  })

  it('that never came let nobody in, and are not asked for with every call', async () => {
    const world = openTokens()
    world.source.isDown = true

    await world.tokens.warm()
    for (let i = 0; i < 50; i++) assert.ok(!(await isTaken(world)))

    assert.equal(world.source.asked.length, 2)
    assert.deepEqual(isUnreachable(world), [false, false])
    assert.deepEqual(world.told.at(-1), ['tokenRefused', { reason: 'keys_unavailable', issuer: 'corp' }])
  })
})
