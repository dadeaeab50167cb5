import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { agentId } from '../../a2a/ids.ts'
import { securityOf } from '../../a2a/security.ts'
import { ParleyError } from '../../errors.ts'
import { openMemory } from '../../storage/memory/open-memory.ts'
import type { Call } from '../principal.ts'
import { openCredentials } from './open-credentials.case.ts'

const call: Call = {
  principal: { tenant: 'default', subject: 'key:ada', groups: [], scopes: new Set(['agents:write']) },
  requestId: 'r',
  signal: new AbortController().signal,
}

const SCHEMES = {
  key: { apiKeySecurityScheme: { location: 'header', name: 'X-Key' } },
  builtIn: { apiKeySecurityScheme: { location: 'header', name: 'Constructor' } },
  query: { apiKeySecurityScheme: { location: 'query', name: 'k' } },
  cookie: { apiKeySecurityScheme: { location: 'cookie', name: 'sid' } },
  biscuit: { apiKeySecurityScheme: { location: 'cookie', name: 'b' } },
  basic: { httpAuthSecurityScheme: { scheme: 'Basic' } },
  bearer: { httpAuthSecurityScheme: { scheme: 'bearer' } },
  digest: { httpAuthSecurityScheme: { scheme: 'digest' } },
  oauth: { oauth2SecurityScheme: { flows: { clientCredentials: { tokenUrl: 'https://id.example/token' } } } },
  person: { oauth2SecurityScheme: { flows: { authorizationCode: {} } } },
  oidc: { openIdConnectSecurityScheme: { openIdConnectUrl: 'https://id.example/.well-known/openid' } },
  tls: { mtlsSecurityScheme: {} },
  host: { apiKeySecurityScheme: { location: 'header', name: 'Host' } },
  split: { apiKeySecurityScheme: { location: 'header', name: 'x: y\r\nz' } },
}

const securityFor = (requirements: readonly (readonly string[])[], schemes: object = SCHEMES) =>
  securityOf({
    securitySchemes: schemes,
    securityRequirements: requirements.map((names) => ({
      schemes: Object.fromEntries(names.map((name) => [name, { list: name === 'oauth' ? ['read'] : [] }])),
    })),
  })

/** A room with one agent, whose card demands `requirements`. */
async function open(requirements: readonly (readonly string[])[] = []) {
  const backend = await openMemory()
  const id = agentId('agent-1')
  const agent = {
    id,
    slug: 'a',
    tenant: 'default',
    owner: 'key:ada',
    visibility: 'tenant',
    redelivery: 'at-most-once',
    version: 1,
    createdAt: 0,
    updatedAt: 0,
    lastHeartbeatAt: 0,
    heartbeatTtlMs: 1,
    lifecycle: 'active',
    originalCard: '{}',
    card: JSON.stringify({
      name: 'a',
      description: 'd',
      version: '1',
      supportedInterfaces: [],
      capabilities: {},
      defaultInputModes: [],
      defaultOutputModes: [],
      skills: [],
    }),
  } as const
  await backend.agents.commit({ agent, expectedVersion: 0 })
  const room = openCredentials(backend.credentials)
  const guarded = {
    agentId: id,
    tenant: 'default',
    security: securityFor(requirements),
    origins: ['https://agent.example'],
  }
  const store = (scheme: string, body: object | string, changes: object = {}) =>
    room.credentials.store(
      call,
      { ...guarded, ...changes },
      scheme,
      typeof body === 'string' ? body : JSON.stringify(body),
    )
  const present = (changes: object = {}) =>
    room.credentials.present({
      agentId: id,
      security: guarded.security,
      origin: 'https://agent.example',
      ...changes,
    })
  return { ...room, backend, store, present }
}

const CLIENT = { clientId: 'parley', clientSecret: 'client-s3cret' }

const refuses = (code: string, pointer: string, violation: string) => (error: unknown) => {
  assert.ok(error instanceof ParleyError, String(error))
  assert.equal(error.code, code)
  assert.ok(
    error.violations.some((found) => found.pointer === pointer && found.code === violation),
    JSON.stringify(error.violations),
  )
  assert.doesNotMatch(JSON.stringify([error.message, error.violations]), /s3cret/)
  return true
}

const unavailable = (cause: RegExp) => (error: unknown) => {
  assert.ok(error instanceof ParleyError, String(error))
  assert.equal(error.code, 'agent_unavailable')
  assert.match(String(error.cause), cause)
  assert.doesNotMatch(error.message, /agent\.example/)
  return true
}

describe('storing a credential for an agent', () => {
  const misfits: readonly (readonly [scheme: string, body: object, pointer: string, code: string])[] = [
    ['missing', { key: 's3cret' }, '', 'unknown_scheme'],
    ['key', { token: 's3cret' }, '/key', 'required'],
    ['key', { key: 's3cret', extra: 's3cret' }, '', 'additionalProperties'],
    ['key', { key: 's3cret\r\nx: y' }, '/key', 'pattern'],
    ['key', { key: '' }, '/key', 'minLength'],
    ['key', { key: ' s3cret' }, '/key', 'pattern'],
    ['cookie', { key: 's3cret;x=y' }, '/key', 'cookie'],
    ['cookie', { key: 's3cret s3cret' }, '/key', 'cookie'],
    ['basic', { username: 'a:b', password: 's3cret' }, '/username', 'pattern'],
    ['basic', { username: 'a' }, '/password', 'required'],
    ['bearer', { token: 's3cret s3cret' }, '/token', 'pattern'],
    ['digest', { username: 'a', password: 's3cret' }, '', 'http_scheme'],
    ['person', CLIENT, '', 'flow'],
    ['oauth', { clientId: 'parley', client_secret: 's3cret' }, '/clientSecret', 'required'],
    ['oauth', { ...CLIENT, authentication: 's3cret' }, '/authentication', 'enum'],
    ['oauth', { ...CLIENT, scopes: ['a b'] }, '/scopes/0', 'pattern'],
    ['tls', { certificate: 's3cret', key: 's3cret' }, '/key', 'pem'],
    ['host', { key: 's3cret' }, '', 'name'],
    ['split', { key: 's3cret' }, '', 'name'],
  ]
  for (const [scheme, body, pointer, code] of misfits) {
    it(`is refused for ${scheme} with ${Object.keys(body)}, by the place that is wrong (${code})`, async () => {
      const room = await open([[scheme]])

      await assert.rejects(room.store(scheme, body), refuses('invalid_params', pointer, code))
      assert.deepEqual(await room.credentials.list('agent-1'), [])
    })
  }

  it('tells who stored it, when and for where, and nothing of the secret', async () => {
    const room = await open()

    const first = await room.store('oauth', CLIENT)
    const second = await room.store('oauth', { ...CLIENT, authentication: 'post' })

    assert.deepEqual([first.created, second.created], [true, false])
    assert.deepEqual(await room.credentials.list('agent-1'), [
      {
        agentId: 'agent-1',
        scheme: 'oauth',
        tenant: 'default',
        declared: { kind: 'oauth2', tokenUrl: 'https://id.example/token' },
        origins: ['https://agent.example'],
        tokenEndpoint: 'https://id.example/token',
        storedAt: room.clock.now,
        storedBy: 'key:ada',
      },
    ])
    const rows = JSON.stringify(await room.backend.credentials.list(10))
    assert.doesNotMatch(rows, /s3cret/)
    const actions = (await room.backend.audit.list({ tenant: 'default' }, 10)).map(({ action }) => action)
    assert.deepEqual(actions, ['credential.store', 'credential.store'])
  })

  it('finds the token endpoint of OpenID Connect, and fixes it', async () => {
    const room = await open([['oidc']])
    const { credential } = await room.store('oidc', CLIENT)
    room.server.metadata = '{"token_endpoint":"https://evil.example/token"}'
    await room.present()

    assert.equal(credential.tokenEndpoint, 'https://id.example/token')
    assert.deepEqual(
      room.server.asked.map(([url]) => url),
      ['https://id.example/token'],
    )
  })

  it('is refused where the provider does not say, or may not be asked', async () => {
    const room = await open([['oidc']])
    room.server.metadata = '{}'
    await assert.rejects(room.store('oidc', CLIENT), refuses('invalid_params', '', 'discovery'))
    room.server.check = () => {
      throw new ParleyError('invalid_params', 'PARLEY_ALLOW_IDENTITY can allow it')
    }
    for (const scheme of ['oidc', 'oauth']) {
      await assert.rejects(room.store(scheme, CLIENT), refuses('invalid_params', '', 'token_endpoint'))
    }
  })

  it('asks for a body that is JSON', async () => {
    const room = await open()
    await assert.rejects(room.store('key', '{"key":"s3cret'), { code: 'parse_error' })
    const deep = `${'{"key":'.repeat(200)}"s3cret"${'}'.repeat(200)}`
    await assert.rejects(room.store('key', deep), { code: 'invalid_params' })
  })

  it('is for an agent that is there', async () => {
    const room = await open()
    await assert.rejects(room.store('key', { key: 'k' }, { agentId: 'gone' }), { code: 'unavailable' })
  })
})

describe('what a call to an agent carries', () => {
  it('is in the header that the card names, whatever else has that name', async () => {
    const room = await open([['builtIn']])
    await room.store('builtIn', { key: 'k' })
    assert.deepEqual(Object.entries((await room.present()).headers), [['constructor', 'k']])
  })

  it('is nothing where nothing is demanded', async () => {
    const room = await open()
    await room.store('key', { key: 'k' })
    const { headers, query, schemes, unmet } = await room.present()
    assert.deepEqual(
      { headers, query, schemes, unmet },
      { headers: {}, query: [], schemes: [], unmet: undefined },
    )
  })

  it('is what each scheme says', async () => {
    const room = await open([['key', 'query', 'cookie', 'biscuit', 'basic']])
    await room.store('key', { key: 'ApiKey k1' })
    await room.store('query', { key: 'k2&=' })
    await room.store('cookie', { key: 'k3' })
    await room.store('biscuit', { key: 'k4' })
    await room.store('basic', { username: 'ä', password: 'p:w' })

    const { headers, query, schemes } = await room.present()

    assert.deepEqual(headers, {
      'x-key': 'ApiKey k1',
      cookie: 'sid=k3; b=k4',
      authorization: `Basic ${Buffer.from('ä:p:w').toString('base64')}`,
    })
    assert.deepEqual(query, [['k', 'k2&=']])
    assert.deepEqual(schemes, ['key', 'query', 'cookie', 'biscuit', 'basic'])
  })

  it('is that of the first alternative for which everything is stored', async () => {
    const room = await open([['basic', 'key'], ['bearer'], ['key']])
    await room.store('key', { key: 'k' })
    assert.deepEqual((await room.present()).headers, { 'x-key': 'k' })
    await room.store('bearer', { token: 't' })
    assert.deepEqual((await room.present()).headers, { authorization: 'Bearer t' })
    await room.store('basic', { username: 'u', password: 'p' })
    assert.deepEqual((await room.present()).schemes, ['basic', 'key'])
  })

  it('is nothing when nothing stored satisfies the card, and says what is missing', async () => {
    const room = await open([['basic', 'key'], ['bearer']])
    await room.store('key', { key: 'k' })
    const { headers, unmet } = await room.present()
    assert.deepEqual([headers, unmet], [{}, 'basic and key, or bearer'])
  })

  it('is not missed where the card makes it optional', async () => {
    const room = await open([[], ['key']])
    assert.equal((await room.present()).unmet, undefined)
    await room.store('key', { key: 'k' })
    assert.deepEqual((await room.present()).schemes, ['key'])
  })

  it('is refused when two schemes want one header', async () => {
    const room = await open([['basic', 'bearer']])
    await room.store('basic', { username: 'u', password: 'p' })
    await room.store('bearer', { token: 't' })
    await assert.rejects(room.present(), unavailable(/authorization/))
  })

  it('goes nowhere but to the origins the agent had when it was stored', async () => {
    const room = await open([['key']])
    await room.store('key', { key: 'k' })
    for (const origin of [
      'https://evil.example',
      'http://agent.example',
      'https://agent.example:8443',
      'https://agent.example.evil.example',
      'agent.example:443',
      undefined,
    ]) {
      await assert.rejects(room.present({ origin }), unavailable(/store it again/))
    }
  })

  it('is not sent in another form than the card asked for when it was stored', async () => {
    const room = await open([['key'], ['oauth']])
    await room.store('key', { key: 'k' })
    for (const other of [
      { apiKeySecurityScheme: { location: 'query', name: 'X-Key' } },
      { apiKeySecurityScheme: { location: 'header', name: 'X-Other' } },
      { httpAuthSecurityScheme: { scheme: 'bearer' } },
    ]) {
      const security = securityFor([['key']], { ...SCHEMES, key: other })
      await assert.rejects(room.present({ security }), unavailable(/differently now/))
    }
  })

  it('never asks a token endpoint that the card named later', async () => {
    const room = await open([['oauth']])
    await room.store('oauth', CLIENT)
    const tokenUrl = 'https://evil.example/token'
    const oauth = { oauth2SecurityScheme: { flows: { clientCredentials: { tokenUrl } } } }
    const security = securityFor([['oauth']], { ...SCHEMES, oauth })
    await assert.rejects(room.present({ security }), unavailable(/differently now/))
    assert.deepEqual(room.server.asked, [])
  })

  it('does not open for another agent, scheme or place than it was stored for', async () => {
    const room = await open([['key']])
    await room.store('key', { key: 'k' })
    const [row] = await room.backend.credentials.list(1)
    assert.ok(row)
    const moved = { ...row, origins: ['https://evil.example'], version: 2 }
    await room.backend.credentials.commit({ credential: moved, expectedVersion: 1 })
    await assert.rejects(room.present({ origin: 'https://evil.example' }), { code: 'internal' })
  })

  it('is gone once it is deleted', async () => {
    const room = await open([['key']])
    await room.store('key', { key: 'k' })
    await room.credentials.delete(call, 'agent-1', 'key')
    assert.deepEqual((await room.present()).headers, {})
    await assert.rejects(room.credentials.delete(call, 'agent-1', 'key'), { code: 'not_found' })
  })
})

describe('access tokens for an agent', () => {
  const answer = (body: object, status = 200) => ({ status, text: JSON.stringify(body) })

  it('are asked for with the scopes the card demanded when the credential was stored', async () => {
    const room = await open([['oauth']])
    await room.store('oauth', CLIENT)
    const { headers } = await room.present()
    assert.deepEqual(headers, { authorization: 'Bearer t-1' })
    const [, client] = room.server.asked[0] ?? []
    assert.deepEqual([client?.scopes, client?.authentication], [['read'], 'basic'])
  })

  it('are kept until shortly before they end, and asked for once by all who wait', async () => {
    const room = await open([['oauth']])
    await room.store('oauth', CLIENT)
    await Promise.all([room.present(), room.present(), room.present()])
    room.clock.now += 539_000
    await room.present()
    assert.equal(room.server.asked.length, 1)
    room.clock.now += 2_000
    await room.present()
    assert.equal(room.server.asked.length, 2)
  })

  it('are had anew once the agent did not take a kept one, and not for one that was fresh', async () => {
    const room = await open([['oauth']])
    await room.store('oauth', CLIENT)
    assert.equal((await room.present()).renew(), false)
    await room.present()
    const kept = await room.present()
    assert.equal(kept.renew(), true)
    room.server.answer = () => answer({ access_token: 't-2', token_type: 'bearer' })
    assert.deepEqual((await room.present()).headers, { authorization: 'Bearer t-2' })
    kept.renew()
    await room.present()
    assert.equal(room.server.asked.length, 3, 'the new one stays')
  })

  it('of a credential that was stored again are had anew', async () => {
    const room = await open([['oauth']])
    await room.store('oauth', CLIENT)
    await room.present()
    await room.store('oauth', { ...CLIENT, clientSecret: 'other' })
    await room.present()
    assert.deepEqual(
      room.server.asked.map(([, { clientSecret }]) => clientSecret),
      ['client-s3cret', 'other'],
    )
  })

  const refusals: readonly (readonly [what: string, body: object, status: number, cause: RegExp])[] = [
    ['a refusal', { error: 'invalid_client', error_description: 's3cret' }, 401, /HTTP 401, invalid_client$/],
    ['a refusal in its own words', { error: 'S3cret s3cret' }, 400, /HTTP 400$/],
    ['no token', {}, 200, /without a usable access token/],
    ['a token with a line end', { access_token: 'a\r\nb' }, 200, /without a usable access token/],
    ['a token of another type', { access_token: 'a', token_type: 'DPoP' }, 200, /no bearer token/],
  ]
  for (const [what, body, status, cause] of refusals) {
    it(`cannot be had where the server answers with ${what}; the next second asks again`, async () => {
      const room = await open([['oauth']])
      await room.store('oauth', CLIENT)
      room.server.answer = () => answer(body, status)
      const fails = (error: unknown) => {
        assert.ok(error instanceof ParleyError)
        assert.match(String(error.cause), cause)
        return true
      }
      await assert.rejects(room.present(), fails)
      await assert.rejects(room.present(), fails)
      assert.equal(room.server.asked.length, 1)
      room.clock.now += 1_000
      room.server.answer = () => answer({ access_token: 't', expires_in: '60' })
      assert.deepEqual((await room.present()).headers, { authorization: 'Bearer t' })
    })
  }
})
