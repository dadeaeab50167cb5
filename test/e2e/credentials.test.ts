import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose'
import { CLIENT_ONE, CLIENT_TWO } from '../../src/upstream/client-identities.case.ts'
import { CERTIFICATE } from '../../src/upstream/tls-identity.case.ts'
import {
  BINDINGS,
  type Binding,
  type GuardedAgent,
  type GuardedAgentOptions,
  type Shown,
  saidIn,
  startGuardedAgent,
} from './guarded-agent.ts'
import { type IdentityProvider, startIdentityProvider } from './identity-provider-process.ts'
import { at, listAt, numberAt, textAt } from './json-path.ts'
import { type ParleyProcess, startParley } from './parley-process.ts'
import { createRawWays } from './raw-ways.ts'
import { type Endpoint, errorOf, native, type Reply, resultOf, rpc, send } from './rpc.ts'
import { apiKey, oauthAt, SIMPLE_SCHEMES } from './security-schemes.ts'
import { newClient, register } from './world.ts'

const opened = new AsyncDisposableStack()
let parley: ParleyProcess
let provider: IdentityProvider
const answers: string[] = []
let agents = 0

before(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'parley-credentials-'))
  opened.defer(() => rm(folder, { recursive: true, force: true }))
  await writeFile(join(folder, 'ca.pem'), CERTIFICATE)
  provider = opened.use(await startIdentityProvider())
  parley = opened.use(
    await startParley({
      env: {
        PARLEY_ALLOW_IDENTITY: '127.0.0.1',
        PARLEY_CA_FILE: join(folder, 'ca.pem'),
        PARLEY_LOG_LEVEL: 'debug',
        PARLEY_GRPC: '0',
      },
    }),
  )
})
after(() => opened.disposeAsync())

type Listed = { readonly agent: GuardedAgent; readonly id: string; readonly client: Required<Endpoint> }

/** An agent whose card demands `schemes`, all of them, in Parley's registry. */
async function enrol(
  binding: Binding,
  schemes: object,
  options: GuardedAgentOptions = {},
  more: object = {},
): Promise<Listed> {
  const agent = opened.use(await startGuardedAgent(binding, options))
  const slug = `agent-${++agents}`
  const id = await register(parley, agent.card({ ...demanding(schemes), ...more }), { slug })
  return { agent, id, client: await newClient(parley, slug, 'caller') }
}

const demanding = (schemes: object) => ({
  securitySchemes: schemes,
  securityRequirements: [
    { schemes: Object.fromEntries(Object.keys(schemes).map((name) => [name, { list: [] }])) },
  ],
})

/** A new card for a listed agent, as its publisher sends it. */
async function recard({ client }: Listed, card: object): Promise<void> {
  const slug = client.url.split('/').at(-1)
  const reply = await native(parley.adminKey, 'POST', `${parley.url}/agents/register`, { card, slug })
  assert.equal(reply.status, 200, reply.text)
}

async function ask(method: string, path: string, body?: unknown): Promise<Reply> {
  const reply = await native(parley.adminKey, method, `${parley.url}${path}`, body)
  answers.push(reply.text)
  return reply
}

async function store({ id }: Listed, scheme: string, body: object): Promise<Reply> {
  const reply = await ask('PUT', `/agents/${id}/credentials/${encodeURIComponent(scheme)}`, body)
  assert.ok([200, 201].includes(reply.status), reply.text)
  return reply
}

const logged = (event: string, about: RegExp) =>
  parley.child().line((line) => (line.includes(`"event":"${event}"`) && about.test(line) ? line : undefined))

const only = ({ agent }: Listed): Shown => {
  const [one, ...others] = agent.shown
  assert.ok(one !== undefined && others.length === 0, `${agent.shown.length} calls came`)
  return one
}

/** The token that says it is us, wherever it stands. */
const identityIn = ({ header }: Shown): Readonly<Record<string, unknown>> =>
  decodeJwt(header('parley-identity') ?? header('authorization')?.replace('Bearer ', '') ?? '')

describe('an agent that demands', { timeout: 120_000 }, () => {
  for (const { what, scheme, body, shows, expected, not } of SIMPLE_SCHEMES) {
    for (const binding of BINDINGS.filter((one) => one !== not)) {
      test(`${what} gets it over ${binding} once it is stored, beside the token that says it is us`, async () => {
        const listed = await enrol(
          binding,
          { 'the/scheme': scheme },
          { admits: (one) => shows(one) === expected },
        )

        const refused = saidIn(await send(listed.client, 'hello'))
        assert.match(refused, /^TASK_STATE_FAILED .*The agent refused Parley's credentials/)
        const record = await logged('delivery_failed', new RegExp(listed.id))
        assert.match(record, /no stored credential: its card demands the\/scheme/)

        const stored = await store(listed, 'the/scheme', body)
        assert.equal(stored.status, 201)
        assert.equal(saidIn(await send(listed.client, 'hello')), 'hi')

        const [bare, full] = listed.agent.shown
        assert.ok(bare !== undefined && full !== undefined)
        assert.match(bare.header('authorization') ?? '', /^Bearer ey/)
        for (const one of [bare, full]) {
          const { aud, sub } = identityIn(one)
          assert.deepEqual([aud, sub], [listed.agent.url, 'key:caller'])
        }
        const isOccupied = expected === full.header('authorization')
        assert.equal(full.header('parley-identity') !== undefined, isOccupied)
      })
    }
  }

  for (const binding of BINDINGS) {
    test(`a stored credential gets it for its extended card too, over ${binding}`, async () => {
      const listed = await enrol(
        binding,
        { key: apiKey('header', 'X-Agent-Key') },
        { admits: ({ header }) => header('x-agent-key') === 'top-s3cret-card' },
        { capabilities: { extendedAgentCard: true } },
      )
      const extended = () => rpc(listed.client, 'GetExtendedAgentCard', {})
      assert.match(JSON.stringify(errorOf(await extended())), /refused Parley's credentials/)
      await store(listed, 'key', { key: 'top-s3cret-card' })

      const reply = await extended()

      assert.deepEqual(
        listAt(resultOf(reply), 'skills').map((skill) => textAt(skill, 'id')),
        ['whisper'],
      )
      assert.doesNotMatch(reply.text, /top-s3cret/)
      const shown = listed.agent.shown.at(-1)
      assert.ok(shown !== undefined)
      assert.deepEqual([identityIn(shown).aud, identityIn(shown).sub], [listed.agent.url, 'key:caller'])
    })
  }

  test('a key in the query is not called over gRPC, which has none', async () => {
    const listed = await enrol('GRPC', { key: apiKey('query', 'k') })
    await store(listed, 'key', { key: 'top-s3cret-query' })
    assert.match(saidIn(await send(listed.client, 'hello')), /FAILED .*gRPC has none/)
    assert.equal(listed.agent.shown.length, 0)
  })

  for (const binding of BINDINGS) {
    test(`a certificate gets it over ${binding}, and each agent its own`, async () => {
      const tls = { tls: { mtlsSecurityScheme: {} } }
      const both = { clients: [CLIENT_ONE.certificate, CLIENT_TWO.certificate] }
      const one = await enrol(binding, tls, { clients: [CLIENT_ONE.certificate] })
      const other = await enrol(binding, tls, { clients: [CLIENT_TWO.certificate] })
      const shared = await enrol(binding, tls, both)
      const twin = {
        ...shared,
        client: await newClient(parley, `twin-of-${shared.id}`.slice(0, 40), 'caller'),
      }
      const id = await register(parley, shared.agent.card(demanding(tls)), {
        slug: twin.client.url.split('/').at(-1),
      })

      assert.match(saidIn(await send(one.client, 'hello')), /FAILED/)
      await logged('delivery_failed', new RegExp(`${one.id}.*its card demands tls`))
      await store(one, 'tls', CLIENT_ONE)
      await store(other, 'tls', CLIENT_TWO)
      await store(shared, 'tls', CLIENT_ONE)
      await store({ ...twin, id }, 'tls', CLIENT_TWO)
      for (const { client } of [one, other, shared, twin, shared, twin]) {
        assert.equal(saidIn(await send(client, 'hello')), 'hi')
      }
      if (binding !== 'GRPC') {
        assert.deepEqual(
          shared.agent.shown.map(({ certificate }) => certificate),
          ['one', 'two', 'one', 'two'].map((name) => `parley client ${name}`),
          'connections to one server are kept apart',
        )
      }
      await store(one, 'tls', CLIENT_TWO)
      assert.match(saidIn(await send(one.client, 'hello')), /FAILED/)
    })

    for (const kind of ['oauth', 'oidc'] as const) {
      test(`a token of its provider (${kind}) gets one over ${binding}, and another when that is not taken`, async () => {
        const jwks = createRemoteJWKSet(new URL(`${provider.issuer}/jwks`))
        const spent = new Set<string>()
        const admits = async ({ header }: Shown): Promise<boolean> => {
          const token = header('authorization')?.replace('Bearer ', '') ?? ''
          const verified = await jwtVerify(token, jwks, { audience: 'https://agent.example' }).catch(
            () => undefined,
          )
          return verified?.payload.client_id === 'robot' && !spent.has(token)
        }
        const scheme =
          kind === 'oauth'
            ? oauthAt(`${provider.issuer}/token`)
            : {
                openIdConnectSecurityScheme: {
                  openIdConnectUrl: `${provider.issuer}/.well-known/openid-configuration`,
                },
              }
        const listed = await enrol(binding, { id: scheme }, { admits })
        const stored = await store(listed, 'id', {
          clientId: 'robot',
          clientSecret: 'robot-secret',
          authentication: 'post',
          scopes: ['tasks:read'],
          resource: 'https://agent.example',
        })
        assert.equal(textAt(stored.body, 'tokenEndpoint'), `${provider.issuer}/token`)

        assert.equal(saidIn(await send(listed.client, 'one')), 'hi')
        assert.equal(saidIn(await send(listed.client, 'two')), 'hi')
        const tokens = () => listed.agent.shown.map(({ header }) => header('authorization'))
        assert.equal(new Set(tokens()).size, 1, 'one token serves')
        spent.add(tokens()[0]?.replace('Bearer ', '') ?? '')
        assert.equal(saidIn(await send(listed.client, 'three')), 'hi')
        assert.deepEqual([tokens().length, new Set(tokens()).size], [4, 2])
        assert.ok(listed.agent.shown.every((one) => identityIn(one).aud === listed.agent.url))
      })
    }
  }

  test('a token fails the task, and says to the operator why, when its provider does not know us', async () => {
    const listed = await enrol('JSONRPC', { id: oauthAt(`${provider.issuer}/token`) })
    await store(listed, 'id', { clientId: 'robot', clientSecret: 'top-s3cret-wrong', authentication: 'post' })
    assert.match(saidIn(await send(listed.client, 'hello')), /FAILED .*cannot get the access token/)
    assert.match(await logged('delivery_failed', new RegExp(listed.id)), /HTTP 401, invalid_client/)
    assert.equal(listed.agent.shown.length, 0)
  })
})

describe('a credential for an agent', { timeout: 120_000 }, () => {
  const scheme = { key: apiKey('header', 'X-Agent-Key') }
  const body = { key: 'top-s3cret-bound' }

  test('is shown by nobody, and listed with what it is for and what is demanded', async () => {
    const listed = await enrol('JSONRPC', scheme)
    const before = await ask('GET', `/agents/${listed.id}/credentials`)
    assert.deepEqual(before.body, {
      demands: [{ schemes: ['key'], satisfied: false }],
      satisfied: false,
      credentials: [],
    })
    await store(listed, 'key', body)
    const { satisfied, credentials } = (await ask('GET', `/agents/${listed.id}/credentials`)).body as {
      satisfied: boolean
      credentials: readonly object[]
    }
    assert.equal(satisfied, true)
    assert.equal(textAt(credentials[0], 'storedBy'), 'key:admin')
    assert.deepEqual(at(credentials[0], 'origins'), [new URL(listed.agent.url).origin])
    assert.equal((await ask('DELETE', `/agents/${listed.id}/credentials/key`)).status, 204)
    assert.equal((await ask('DELETE', `/agents/${listed.id}/credentials/key`)).status, 404)
    assert.equal(listAt((await ask('GET', `/agents/${listed.id}/credentials`)).body, 'credentials').length, 0)
  })

  test('that does not fit the scheme is refused by what is wrong with it', async () => {
    const listed = await enrol('JSONRPC', scheme)
    const path = `/agents/${listed.id}/credentials`
    const misfit = await ask('PUT', `${path}/key`, { token: 'top-s3cret-misfit' })
    assert.equal(misfit.status, 400)
    assert.ok(
      listAt(misfit.body, 'errors').some((found) => at(found, 'pointer') === '/key'),
      misfit.text,
    )
    const unknown = await ask('PUT', `${path}/other`, { key: 'top-s3cret-misfit' })
    assert.match(unknown.text, /schemes are key/)
    assert.equal((await ask('PUT', `${path}/key`, '{"key":"top-s3cret-misfit')).status, 400)
  })

  for (const binding of BINDINGS) {
    test(`goes nowhere else when the card moves the agent (${binding})`, async () => {
      const listed = await enrol(binding, scheme)
      await store(listed, 'key', body)
      const evil = opened.use(await startGuardedAgent(binding))
      await recard(listed, evil.card(demanding(scheme)))

      assert.match(saidIn(await send(listed.client, 'hello')), /FAILED .*must be stored again/)
      assert.equal(evil.shown.length, 0, 'nothing left')
      const record = await logged('delivery_failed', new RegExp(`${listed.id}.*store it again`))
      assert.doesNotMatch(record, /top-s3cret/)
      const overview = await ask('GET', `/agents/${listed.id}/credentials`)
      assert.match(textAt(overview.body, 'credentials', 0, 'problem'), /Not sent: it may go to/)
      assert.equal(at(overview.body, 'satisfied'), false)

      await store(listed, 'key', body)
      assert.equal(saidIn(await send(listed.client, 'hello')), 'hi')
      assert.equal(evil.shown[0]?.header('x-agent-key'), body.key)
    })
  }

  for (const binding of ['JSONRPC', 'HTTP+JSON'] as const) {
    test(`does not follow a redirect (${binding})`, async () => {
      const evil = opened.use(await startGuardedAgent(binding))
      const listed = await enrol(binding, scheme, { redirectTo: evil.url })
      await store(listed, 'key', body)
      assert.match(saidIn(await send(listed.client, 'hello')), /FAILED .*redirected us elsewhere/)
      assert.equal(only(listed).header('x-agent-key'), body.key)
      assert.equal(evil.shown.length, 0)
    })
  }

  test('is not sent to a token endpoint that the card names later', async () => {
    let connections = 0
    const thief = createServer((socket) => {
      connections++
      socket.destroy()
    })
    opened.defer(() => void thief.close())
    await new Promise<void>((resolve) => thief.listen(0, '127.0.0.1', resolve))
    const listed = await enrol('JSONRPC', { id: oauthAt(`${provider.issuer}/token`) })
    await store(listed, 'id', { clientId: 'robot', clientSecret: 'robot-secret', authentication: 'post' })
    const tokenUrl = `http://127.0.0.1:${numberAt(thief.address(), 'port')}/token`
    await recard(listed, listed.agent.card(demanding({ id: oauthAt(tokenUrl) })))

    assert.match(saidIn(await send(listed.client, 'hello')), /FAILED .*must be stored again/)
    assert.deepEqual([connections, listed.agent.shown.length], [0, 0])
  })

  test('is that of its own agent, whatever schemes of others are called', async () => {
    const one = await enrol('JSONRPC', scheme)
    const other = await enrol('JSONRPC', scheme)
    await store(one, 'key', { key: 'top-s3cret-one' })
    await store(other, 'key', { key: 'top-s3cret-other' })
    await send(one.client, 'hello')
    await send(other.client, 'hello')
    assert.deepEqual(
      [only(one).header('x-agent-key'), only(other).header('x-agent-key')],
      ['top-s3cret-one', 'top-s3cret-other'],
    )
  })

  test('goes with its agent', async () => {
    const listed = await enrol('JSONRPC', scheme)
    await store(listed, 'key', body)
    assert.equal((await ask('DELETE', `/agents/${listed.id}`)).status, 204)
    const again = await enrol('JSONRPC', scheme)
    assert.equal(listAt((await ask('GET', `/agents/${again.id}/credentials`)).body, 'credentials').length, 0)
    await send(again.client, 'hello')
    assert.equal(only(again).header('x-agent-key'), undefined)
  })

  /** Where a key may be looked for, and where it has no business. */
  const hostileHeaders = (key: string) => ({
    cookie: `sid=${key}`,
    forwarded: `for=${key}`,
    'proxy-authorization': `Bearer ${key}`,
    'parley-identity': `forged-${key}`,
    'x-agent-key': key,
    'x-forwarded-authorization': key,
  })

  const assertNothingOf = (key: string, shown: readonly Shown[]): void => {
    for (const one of shown) {
      assert.ok(!one.headers().includes(key), one.headers())
      assert.equal(identityIn(one).sub, 'key:caller')
      for (const name of ['parley-identity', 'cookie', 'forwarded', 'x-api-key']) {
        assert.equal(one.header(name), undefined)
      }
    }
  }

  test('of the caller never reaches the agent, whatever metadata it came in over gRPC', async () => {
    const ways = createRawWays()
    await using _ = { [Symbol.asyncDispose]: async () => ways.close() }
    for (const binding of BINDINGS) {
      const { agent, client } = await enrol(binding, { key: apiKey('header', 'X-Agent-Key') })
      const { url, grpc } = parley
      const hostile = hostileHeaders(client.key)
      const slug = client.url.split('/').at(-1) ?? ''
      for (const version of ['1.0', '0.3'] as const) {
        for (const [key, more] of [
          [client.key, {}],
          [undefined, { 'x-api-key': client.key }],
        ] as const) {
          const way = ways.over({ version, binding: 'GRPC' }, { url, grpc: grpc[0] ?? '', agent: slug, key })
          const messageId = `m-${version}-${key === undefined}`
          const { status, shown } = await way.ask(
            { operation: 'SendMessage', messageId },
            { ...hostile, ...more },
          )
          assert.equal(status, 0, shown)
        }
      }
      assert.equal(agent.shown.length, 4)
      assertNothingOf(client.key, agent.shown)
    }
  })

  test('of the caller never reaches the agent, whatever headers it came in', async () => {
    for (const binding of BINDINGS) {
      const { agent, client } = await enrol(binding, {})
      const hostile = hostileHeaders(client.key)
      const headers = { 'a2a-version': '1.0', 'content-type': 'application/json', ...hostile }
      const message = { messageId: 'm-hostile', role: 'ROLE_USER', parts: [{ text: 'hello' }] }
      const calls = [
        [client.url, { authorization: `Bearer ${client.key}` }, rpcBody(message)],
        [client.url, { 'x-api-key': client.key }, rpcBody({ ...message, messageId: 'm-2' })],
        [
          `${client.url}/message:send`,
          { 'x-api-key': client.key },
          { message: { ...message, messageId: 'm-3' } },
        ],
      ] as const
      for (const [url, credential, sent] of calls) {
        const reply = await fetch(url, {
          method: 'POST',
          headers: { ...headers, ...credential },
          body: JSON.stringify(sent),
        })
        assert.equal(reply.status, 200, await reply.text())
      }
      assert.equal(agent.shown.length, calls.length)
      assertNothingOf(client.key, agent.shown)
    }
  })

  test('is in no log, answer or file', async () => {
    const files = await readdir(parley.dataDir)
    assert.ok(
      files.some((name) => name.endsWith('.db') || name.includes('sqlite')),
      files.join(),
    )
    const secrets = /top-s3cret|robot-secret/
    for (const name of files) {
      const text = (await readFile(join(parley.dataDir, name))).toString('latin1')
      assert.doesNotMatch(text, secrets, name)
      assert.ok(!text.includes('MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgJchXHXMFFLng1lDw'), name)
    }
    for (const line of [...parley.child().lines, ...answers]) {
      assert.doesNotMatch(line, secrets)
      assert.doesNotMatch(line, /BEGIN (?:EC )?PRIVATE KEY|access_token|Basic [A-Za-z0-9+/=]{12}/)
    }
  })
})

const rpcBody = (message: object) => ({ jsonrpc: '2.0', id: 1, method: 'SendMessage', params: { message } })
