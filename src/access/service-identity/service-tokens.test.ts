import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose'
import { newUuid } from '../../a2a/ids.ts'
import { createServiceTokens } from './create-service-tokens.ts'
import { openSigningKeys } from './open-signing-keys.case.ts'

const issuer = 'https://gw.example'
const call = {
  audience: 'https://agent.example/a2a?x=1',
  agentId: 'agent-1',
  tenant: 'default',
  subject: 'corp:ada',
}

function open(named: Promise<string> = Promise.resolve(issuer)) {
  const world = openSigningKeys()
  const { keys, clock } = world
  const tokens = createServiceTokens({ keys, issuer: named, now: () => clock.now, newId: newUuid })
  return { ...world, tokens }
}

describe('a service token', () => {
  it('says who calls, for whom, whom, and in which tenant, for a minute', async () => {
    const { tokens, keys, clock } = open()
    clock.now += 999
    const token = await tokens.mint(call)
    const { jti, iat, exp, ...claims } = decodeJwt(token)

    assert.deepEqual(claims, {
      iss: issuer,
      aud: call.audience,
      sub: 'corp:ada',
      act: { sub: issuer },
      client_id: issuer,
      'https://parley.dev/agent_id': 'agent-1',
      'https://parley.dev/tenant': 'default',
    })
    assert.equal(iat, Math.floor(clock.now / 1000))
    assert.equal(exp, (iat ?? 0) + 60)
    assert.match(String(jti), /^[\w-]{36}$/)
    assert.deepEqual(decodeProtectedHeader(token), {
      alg: 'ES256',
      kid: (await keys.signer('service')).keyId,
      typ: 'at+jwt',
    })
  })

  it('is verified with the published keys', async () => {
    const { tokens, keys, clock } = open()
    const token = await tokens.mint(call)
    const set = createLocalJWKSet(JSON.parse(await keys.publicKeys('service')))

    await jwtVerify(token, set, {
      issuer,
      audience: call.audience,
      typ: 'at+jwt',
      algorithms: ['ES256'],
      requiredClaims: ['exp', 'jti', 'sub'],
      currentDate: new Date(clock.now),
    })
    const wrong = createLocalJWKSet(JSON.parse(await keys.publicKeys('card')))
    await assert.rejects(jwtVerify(token, wrong), { code: 'ERR_JWKS_NO_MATCHING_KEY' })
  })

  it('waits until it is known how the world reaches the gateway', async () => {
    const listening = Promise.withResolvers<string>()
    const { tokens } = open(listening.promise)

    const minted = tokens.mint(call)
    listening.resolve(issuer)

    assert.equal(decodeJwt(await minted).iss, issuer)
  })

  it('is another for every call', async () => {
    const { tokens } = open()
    const minted = await Promise.all(Array.from({ length: 50 }, () => tokens.mint(call)))

    assert.equal(new Set(minted.map((token) => decodeJwt(token).jti)).size, 50)
  })
})
