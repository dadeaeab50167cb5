import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Client, credentials, status } from '@grpc/grpc-js'
import { askWith, v1 } from '../../src/edge/grpc/scripted-grpc.case.ts'
import { eventually } from './eventually.ts'
import { AUDIENCE, type IdentityProvider, startIdentityProvider } from './identity-provider-process.ts'
import { at, parsed, textAt } from './json-path.ts'
import { startParley } from './parley-process.ts'
import { artifactText, errorOf, getTask, native, rpc, send } from './rpc.ts'
import { startWorld, type World } from './world.ts'

const SCOPES = ['tasks:submit', 'tasks:read', 'agents:read']

/** The settings that trust an issuer. */
const trusting = (issuer: string, more: object = {}) => ({
  PARLEY_ISSUERS: JSON.stringify([
    { alias: 'corp', issuer, audience: AUDIENCE, tenants: ['default'], scopes: SCOPES, ...more },
  ]),
  PARLEY_ALLOW_IDENTITY: '127.0.0.1',
})

const eventsIn = (lines: readonly string[], event: string): readonly unknown[] =>
  lines.filter((line) => line.includes(`"event":"${event}"`)).map(parsed)

describe('the tokens of an identity provider', { timeout: 120_000 }, () => {
  let provider: IdentityProvider
  let world: World
  const opened = new AsyncDisposableStack()

  before(async () => {
    provider = opened.use(await startIdentityProvider())
    world = opened.use(await startWorld({ env: { ...trusting(provider.issuer), PARLEY_GRPC: '0=scenario' } }))
  })
  after(() => opened.disposeAsync())

  const endpoint = async (scope = SCOPES.join(' ')) => ({
    url: `${world.parley.url}/a2a/scenario`,
    key: await provider.token(scope),
  })
  const statusWith = async (key: string) => (await native(key, 'GET', `${world.parley.url}/agents`)).status

  test('call an agent and belong to their subject', async () => {
    const robot = await endpoint()
    const result = await send(robot, 'echo by token')
    assert.equal(artifactText(at(result, 'task')), 'by token')

    const id = textAt(result, 'task', 'id')
    assert.equal(textAt(await getTask(await endpoint(), id), 'id'), id)
    const stranger = await world.client('robot')
    assert.equal(errorOf(await rpc(stranger, 'GetTask', { id })).code, -32001)
    const calls = eventsIn(world.parley.child().lines, 'message_accepted')
    assert.equal(at(calls.at(-1), 'principal'), 'corp:robot')
  })

  test('call an agent over gRPC', async () => {
    const client = new Client(world.parley.grpc[0] ?? '', credentials.createInsecure())
    opened.defer(() => client.close())
    const ask = async (scope: string) =>
      askWith(
        client,
        v1('SendMessage'),
        { message: { messageId: crypto.randomUUID(), role: 'ROLE_USER', parts: [{ text: 'echo hi' }] } },
        { metadata: { authorization: `Bearer ${await provider.token(scope)}` } },
      )

    assert.equal((await ask('tasks:submit')).code, status.OK)
    const denied = await ask('tasks:read')
    assert.equal(denied.code, status.PERMISSION_DENIED)
    assert.match(String(denied.trailers.get('www-authenticate')), /insufficient_scope", scope="tasks:submit"/)
  })

  test('allow what their scopes say, within what the issuer may', async () => {
    const reply = await rpc(await endpoint('tasks:read'), 'SendMessage', {})
    assert.equal(reply.status, 403)
    assert.match(
      reply.headers.get('www-authenticate') ?? '',
      /error="insufficient_scope", scope="tasks:submit", resource_metadata="[^"]+\/a2a\/scenario"/,
    )
    const admin = await native(await provider.token('admin'), 'GET', `${world.parley.url}/keys`)
    assert.equal(admin.status, 403)
    assert.equal(await statusWith(await provider.token(SCOPES.join(' '), 'https://payroll.example')), 401)
  })

  test('are told of in metadata and cards', async () => {
    const { url } = world.parley
    const refused = await rpc({ url: `${url}/a2a/no-such-agent` }, 'GetTask', {})
    const challenge = refused.headers.get('www-authenticate') ?? ''
    const metadata = await native(undefined, 'GET', /resource_metadata="([^"]+)"/.exec(challenge)?.[1] ?? '')
    assert.equal(at(metadata.body, 'resource'), `${url}/a2a/no-such-agent`)
    assert.deepEqual(at(metadata.body, 'authorization_servers'), [provider.issuer])
    const card = await native(world.parley.adminKey, 'GET', `${url}/a2a/scenario/.well-known/agent-card.json`)
    const oidc = textAt(
      card.body,
      'securitySchemes',
      'oidc-corp',
      'openIdConnectSecurityScheme',
      'openIdConnectUrl',
    )
    assert.equal((await fetch(oidc)).status, 200)
    const legacy = await native(
      world.parley.adminKey,
      'GET',
      `${url}/a2a/scenario/.well-known/agent-card.json?A2A-Version=0.3`,
    )
    assert.deepEqual(at(legacy.body, 'securitySchemes', 'oidc-corp'), {
      type: 'openIdConnect',
      openIdConnectUrl: oidc,
    })
  })

  test('go on being taken while the keys change and requests run', async () => {
    const { issuer } = provider
    const old = await Promise.all(Array.from({ length: 50 }, () => provider.token('agents:read')))
    const statuses: Promise<number>[] = []
    const rotated = provider.rotate()
    // Every token is seen for the first time, so that each is verified.
    for (const token of old.slice(0, 25)) statuses.push(statusWith(token))
    await rotated
    for (const token of old.slice(25)) statuses.push(statusWith(token))

    await eventually('a token of the new key is taken', async () =>
      (await statusWith(await provider.token('agents:read'))) === 200 ? true : undefined,
    )
    const fresh = await Promise.all(Array.from({ length: 10 }, () => provider.token('agents:read')))
    statuses.push(...fresh.map(statusWith))

    assert.deepEqual(new Set(await Promise.all(statuses)), new Set([200]))
    const { keys } = parsed(await (await fetch(`${issuer}/jwks`)).text()) as { keys: unknown[] }
    assert.equal(keys.length, 2)
  })

  test('go on being taken while the provider is down, and of its new keys when it is back', async () => {
    const unseen = await Promise.all(Array.from({ length: 5 }, () => provider.token('agents:read')))
    await provider.kill()
    for (const token of unseen) assert.equal(await statusWith(token), 200)

    await provider.restart()
    await eventually(
      'a token of the restarted provider is taken',
      async () => ((await statusWith(await provider.token('agents:read'))) === 200 ? true : undefined),
      60_000,
    )
  })
})

test('the tokens of a provider that was never reached let nobody in, and the log says so', {
  timeout: 60_000,
}, async () => {
  await using provider = await startIdentityProvider()
  const token = await provider.token('agents:read')
  await provider.kill()
  await using parley = await startParley({ env: trusting(provider.issuer) })

  const reply = await native(token, 'GET', `${parley.url}/agents`)

  assert.equal(reply.status, 401)
  assert.match(reply.headers.get('www-authenticate') ?? '', /error="invalid_token"/)
  assert.ok(!reply.text.includes(provider.issuer))
  assert.equal((await native(parley.adminKey, 'GET', `${parley.url}/agents`)).status, 200)
  await parley.stop()
  const [failure] = eventsIn(parley.child().lines, 'issuer_unreachable')
  assert.deepEqual(
    [at(failure, 'level'), at(failure, 'issuer'), at(failure, 'usable')],
    ['error', 'corp', false],
  )
  assert.match(JSON.stringify(failure), /ECONNREFUSED/)
  const [refusal] = eventsIn(parley.child().lines, 'token_refused')
  assert.equal(at(refusal, 'reason'), 'keys_unavailable')
  assert.equal(at(refusal, 'requestId'), reply.headers.get('x-request-id'))
})
