import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Principal } from '../principal.ts'
import { newKey, signed } from './forge.case.ts'
import { keySet, openTokens, type TokensWorld } from './open-tokens.case.ts'
import { acceptedToken, claimsOf, REFUSED_TOKENS } from './refused-tokens.case.ts'

/** A good token of the first issuer, but for these claims. */
const tokenWith = ({ forge }: TokensWorld, claims: object, typ?: string): string =>
  signed(
    { alg: 'ES256', kid: forge.ec.kid, ...(typ === undefined ? {} : { typ }) },
    { ...claimsOf(forge), ...claims },
    forge.ec,
  )

const principalOf = async (claims: object, settings: object = {}) => {
  const world = openTokens(settings)
  return world.tokens.authenticate(tokenWith(world, claims))
}

describe('tokens that are no good', () => {
  it('come in all the ways of the corpus', () => {
    assert.ok(REFUSED_TOKENS.length >= 40)
    assert.equal(new Set(REFUSED_TOKENS.map(([name]) => name)).size, REFUSED_TOKENS.length)
  })

  for (const [name, why, token] of REFUSED_TOKENS.filter(([, reason]) => reason !== undefined)) {
    it(`are refused for ${name}`, async () => {
      const { tokens, forge, told } = openTokens()

      assert.notEqual(await tokens.authenticate(acceptedToken(forge)), undefined)
      told.length = 0
      const forged = token(forge)
      assert.equal(await tokens.authenticate(forged), undefined)
      assert.equal(await tokens.authenticate(forged), undefined)

      const reasons = told.filter(([event]) => event === 'tokenRefused').map(([, facts]) => facts)
      assert.deepEqual(
        reasons.map((facts) => 'reason' in facts && facts.reason),
        [why, why],
      )
      const log = JSON.stringify(told)
      for (const part of forged.split('.').filter((text) => text.length > 16)) assert.ok(!log.includes(part))
    })
  }

  it('cost their issuer nothing before they are worth a look', async () => {
    const { tokens, forge, source } = openTokens()
    const cheap = [
      'issuer',
      'algorithm',
      'type',
      'expired',
      'audience',
      'malformed',
      'embedded_key',
      'key_id',
    ]

    for (const [, why, token] of REFUSED_TOKENS) {
      if (why !== undefined && cheap.includes(why)) await tokens.authenticate(token(forge))
    }

    assert.deepEqual(source.asked, [])
  })
})

describe('a token of the past', () => {
  const principal: Principal = {
    tenant: 'lab',
    subject: 'corp:ada',
    groups: ['corp:ops'],
    scopes: new Set(['tasks:submit', 'admin']),
    credential: { kind: 'token', issuer: 'corp' },
  }

  it('says no more than its issuer may say now', () => {
    const { tokens } = openTokens({ scopes: ['tasks:submit'] })

    assert.deepEqual(tokens.reassess(principal, 'corp'), { ...principal, scopes: new Set(['tasks:submit']) })
  })

  it('says nothing once its issuer is not trusted, or not for its tenant', () => {
    const { tokens } = openTokens()

    assert.equal(tokens.reassess(principal, 'gone'), undefined)
    assert.equal(tokens.reassess({ ...principal, tenant: 'acme' }, 'corp'), undefined)
  })
})

describe('a token', () => {
  it('says who calls, under the alias of its issuer', async () => {
    const claims = { groups: ['eng', 7, 'all staff', 'x\u0000'], tenant: 'lab' }
    const { scopes, ...principal } = (await principalOf(claims)) ?? assert.fail()

    assert.deepEqual(principal, {
      tenant: 'lab',
      subject: 'corp:ada',
      groups: ['corp:eng', 'corp:all staff'],
      credential: { kind: 'token', issuer: 'corp' },
      expiresAt: (1_800_000_000 + 300) * 1000,
    })
    assert.deepEqual([...scopes], ['tasks:submit', 'tasks:read', 'agents:read'])
  })

  it('is one of two subjects when two issuers use one name', async () => {
    const { tokens, forge } = openTokens()
    const claims = { ...claimsOf(forge), iss: forge.other }
    const other = signed({ alg: 'ES256', kid: forge.othersKey.kid }, claims, forge.othersKey)

    const [one, two] = [await tokens.authenticate(acceptedToken(forge)), await tokens.authenticate(other)]

    assert.deepEqual([one?.subject, two?.subject], ['corp:ada', 'other:ada'])
    assert.deepEqual([...(two?.scopes ?? [])], ['tasks:read'])
  })

  it('is taken with its type, with that of every JWT, and without one', async () => {
    for (const typ of ['at+jwt', 'application/AT+JWT', 'JWT', undefined]) {
      const world = openTokens()
      assert.notEqual(await world.tokens.authenticate(tokenWith(world, {}, typ)), undefined, typ)
    }
    const strict = openTokens({ tokenTypes: ['at+jwt'] })
    assert.equal(await strict.tokens.authenticate(tokenWith(strict, {}, 'JWT')), undefined)
    assert.equal(await strict.tokens.authenticate(tokenWith(strict, {})), undefined)
  })

  it('may be meant for others too, and be a little early or late', async () => {
    assert.notEqual(await principalOf({ aud: ['mail', 'parley'] }), undefined)
    assert.notEqual(await principalOf({ exp: 1_800_000_000 - 4 }), undefined)
    assert.notEqual(await principalOf({ nbf: 1_800_000_000 + 5 }), undefined)
    assert.equal(await principalOf({ exp: 1_800_000_000 - 5 }), undefined)
    assert.equal(await principalOf({ exp: 1_800_000_000 }, { clockToleranceS: 0 }), undefined)
  })

  it('is taken in every asymmetric form that its issuer is configured for', async () => {
    const world = openTokens({ algorithms: ['RS256'] })
    const { forge, tokens } = world
    const rsa = signed({ alg: 'RS256', kid: forge.rsa.kid }, claimsOf(forge), forge.rsa)

    assert.notEqual(await tokens.authenticate(rsa), undefined)
    assert.equal(await tokens.authenticate(acceptedToken(forge)), undefined)
  })
})

describe('what a token may allow', () => {
  const scopesOf = async (claims: object, settings: object = {}) => [
    ...((await principalOf({ scope: undefined, ...claims }, settings))?.scopes ?? assert.fail()),
  ]

  it('is read in the shapes of common providers', async () => {
    const shapes = [
      { scope: 'openid tasks:read' },
      { scp: 'tasks:read' },
      { scp: ['tasks:read', 'profile'] },
      { roles: ['tasks:read'] },
      { realm_access: { roles: ['offline_access', 'tasks:read'] } },
    ]
    for (const claims of shapes)
      assert.deepEqual(await scopesOf(claims), ['tasks:read'], JSON.stringify(claims))
    const nested = { resource_access: { parley: { roles: ['tasks:read'] } } }
    assert.deepEqual(await scopesOf(nested), [])
    assert.deepEqual(await scopesOf(nested, { claims: { scopes: 'resource_access.parley.roles' } }), [
      'tasks:read',
    ])
    const named = { 'https://corp.example/roles': ['tasks:read'] }
    assert.deepEqual(await scopesOf(named, { claims: { scopes: ['https://corp.example/roles'] } }), [
      'tasks:read',
    ])
  })

  it('ends where the configuration of its issuer does', async () => {
    assert.deepEqual(await scopesOf({ scope: 'admin agents:write tasks:read __proto__ constructor' }), [
      'tasks:read',
    ])
    assert.deepEqual(await scopesOf({ roles: ['admin'] }, { scopes: ['admin'] }), ['admin'])
  })

  it('may have other names at the provider', async () => {
    const scopeNames = {
      'parley/call': ['tasks:submit', 'tasks:read'],
      Boss: 'admin',
      'tasks:read': 'agents:read',
    }

    assert.deepEqual(await scopesOf({ scope: 'parley/call Boss' }, { scopeNames }), [
      'tasks:submit',
      'tasks:read',
    ])
    assert.deepEqual(await scopesOf({ scope: 'tasks:read' }, { scopeNames }), ['agents:read'])
  })

  it('is nothing without what every token of the issuer must have', async () => {
    const settings = { requiredScopes: ['parley'] }

    assert.deepEqual(await scopesOf({ scope: 'parley tasks:read' }, settings), ['tasks:read'])
    await assert.rejects(scopesOf({ scope: 'tasks:read' }, settings), {
      code: 'forbidden',
      details: { scope: 'parley' },
    })
  })
})

describe('the claims of a token', () => {
  it('are where the configuration says, the first that is there', async () => {
    const claims = {
      subject: ['client_id', 'sub'],
      groups: ['cognito:groups', 'org.teams'],
      audience: 'client_id',
    }
    const said = { client_id: 'parley', 'cognito:groups': ['ops'], org: { teams: 'eng' }, aud: undefined }
    const principal = await principalOf(said, { claims })

    assert.deepEqual([principal?.subject, principal?.groups], ['corp:parley', ['corp:ops', 'corp:eng']])
    assert.equal((await principalOf({ tenant: ['lab'] }))?.tenant, 'lab')
    assert.equal((await principalOf({}))?.tenant, 'default')
  })

  it('must name the tenant where none is the default', async () => {
    const settings = { defaultTenant: undefined }

    assert.equal(await principalOf({}, settings), undefined)
    assert.equal((await principalOf({ tenant: 'lab' }, settings))?.tenant, 'lab')
    assert.equal((await principalOf({}, { ...settings, claims: {}, tenants: ['lab'] }))?.tenant, 'lab')
  })
})

describe('a verified token', () => {
  it('is remembered for a minute at most, and not beyond its end', async () => {
    const world = openTokens()
    const { tokens, clock, source, forge } = world
    const long = acceptedToken(forge)
    const short = tokenWith(world, { exp: forge.nowS + 10 })
    assert.equal(await tokens.authenticate(long), await tokens.authenticate(long))
    assert.notEqual(await tokens.authenticate(short), undefined)

    // The key is withdrawn: whoever is still known was remembered.
    source.served.set(`${forge.issuer}/jwks`, keySet(newKey('next')))
    clock.now += 9_999
    await tokens.authenticate(signed({ alg: 'ES256', kid: 'next' }, claimsOf(forge), forge.stranger))
    assert.notEqual(await tokens.authenticate(short), undefined)
    clock.now += 1
    assert.equal(await tokens.authenticate(short), undefined)
    assert.notEqual(await tokens.authenticate(long), undefined)
    clock.now += 50_000
    assert.equal(await tokens.authenticate(long), undefined)
  })
})
