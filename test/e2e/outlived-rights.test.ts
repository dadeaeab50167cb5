import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { nameOf, WAYS, type Way } from '../equivalence/ways.ts'
import { eventually } from './eventually.ts'
import { startIdentityProvider } from './identity-provider-process.ts'
import { at, parsed, textAt } from './json-path.ts'
import { type ParleyProcess, startParley } from './parley-process.ts'
import { createRawWays, type RawAnswer } from './raw-ways.ts'
import { type Endpoint, getTask, native, readReply, send, sendNoWait, withoutRequest } from './rpc.ts'
import { startScenarioAgent } from './scenario-agent-process.ts'
import { openStream, payload } from './sse.ts'
import { newClient, newKey, register, startWorld, type World } from './world.ts'

/** Checks come this often, in place of every minute. */
const OFTEN = { PARLEY_RECHECK_MS: '200' }

const REASON = 'https://parley.dev/reason'

/** A key of its own subject, and its id. */
async function ownKey(parley: ParleyProcess, subject: string) {
  const secret = await newKey(parley, subject)
  const keys = await native(parley.adminKey, 'GET', `${parley.url}/keys?limit=100`)
  const items = at(keys.body, 'items')
  assert.ok(Array.isArray(items), keys.text)
  const id = textAt(
    items.find((key) => at(key, 'subject') === `key:${subject}`),
    'id',
  )
  const revoke = async () => {
    const reply = await native(parley.adminKey, 'DELETE', `${parley.url}/keys/${id}`)
    assert.equal(reply.status, 204, reply.text)
  }
  return { secret, revoke }
}

/** What an answer says of a failure, whether it came in place of a stream or at the end of one. */
function failureOf({ binding }: Way, { shown }: RawAnswer): unknown {
  const [head, body, ...ending] = parsed(shown) as readonly unknown[]
  if (binding === 'GRPC') {
    const [code, details, trailers] = ending
    return [
      code,
      details,
      { ...(head as object), ...(trailers as object), 'content-type': '', 'grpc-accept-encoding': '' },
    ]
  }
  const last = String(body).trimEnd().split('\n').at(-1) ?? ''
  const failure = parsed(last.replace(/^data: /, ''))
  return binding === 'JSONRPC' ? at(failure, 'error') : failure
}

describe('a stream whose rights end', { timeout: 120_000 }, () => {
  const opened = new AsyncDisposableStack()
  const ways = createRawWays()
  let world: World

  before(async () => {
    world = opened.use(await startWorld({ env: { ...OFTEN, PARLEY_GRPC: '0=scenario' } }))
    opened.defer(ways.close)
  })
  after(() => opened.disposeAsync())

  const running = async (client: Endpoint) => textAt(await sendNoWait(client, 'slow 100000'), 'task', 'id')

  /** Streams over every way that have begun; each resolves when it has ended. `follow` opens as many again. */
  async function openAll(secret: string, agent: string, id: string) {
    const { url, grpc } = world.parley
    const follow = (onOpen?: () => void) =>
      WAYS.map((way) =>
        ways
          .over(way, { url, grpc: grpc[0] ?? '', agent, key: secret })
          .ask({ operation: 'SubscribeToTask', id }, {}, onOpen),
      )
    let left = WAYS.length
    const { promise: allBegun, resolve } = Promise.withResolvers<void>()
    const streams = follow(() => --left === 0 && resolve())
    await allBegun
    return { streams, follow }
  }

  async function assertEndedAsRefused(
    { streams, follow }: Awaited<ReturnType<typeof openAll>>,
    expected: RegExp,
  ): Promise<void> {
    const ended = await Promise.all(streams)
    const refused = await Promise.all(follow())
    for (const [index, way] of WAYS.entries()) {
      const [stream, refusal] = [ended[index], refused[index]]
      assert.ok(stream !== undefined && refusal !== undefined)
      assert.match(stream.shown, /working|submitted/i, nameOf(way))
      assert.deepEqual(failureOf(way, stream), failureOf(way, refusal), nameOf(way))
      assert.match(stream.shown, expected, nameOf(way))
    }
  }

  test('ends as a new one would be refused, over every way, once its key is revoked', async () => {
    const key = await ownKey(world.parley, 'revoked')
    const id = await running({ url: `${world.parley.url}/a2a/scenario`, key: key.secret })
    const open = await openAll(key.secret, 'scenario', id)
    const followNatively = () =>
      fetch(`${world.parley.url}/tasks/${id}/events`, {
        headers: { authorization: `Bearer ${key.secret}`, accept: 'text/event-stream' },
      })
    const events = await followNatively()

    await key.revoke()

    await assertEndedAsRefused(open, /valid credential is needed/)
    const [, problem = ''] = (await events.text()).split('event: error\ndata: ')
    const { text } = withoutRequest(await readReply(await followNatively()))
    const withoutIds = problem.replaceAll(/("(?:requestId|instance)":\s*)"[^"]*"/g, '$1"<request>"')
    assert.deepEqual(parsed(withoutIds), parsed(text))
  })

  test('ends as if there were no such agent, or as forbidden, once its grant is taken back', async () => {
    const { parley, agent } = world
    const id = await register(parley, agent.card, { slug: 'granted', visibility: 'restricted' })
    const grants = `${parley.url}/agents/${id}/grants`
    const grant = async (right: string) => {
      const reply = await native(parley.adminKey, 'POST', grants, { to: { subject: 'granted' }, right })
      assert.equal(reply.status, 201, reply.text)
      return textAt(reply.body, 'id')
    }
    for (const [others, expected] of [
      [[], /Agent not found/],
      [['discover'], /ask its owner for a grant/],
    ] as const) {
      for (const right of others) await grant(right)
      const invoke = await grant('invoke')
      const client = await newClient(parley, 'granted', 'granted')
      const open = await openAll(client.key, 'granted', await running(client))

      await native(parley.adminKey, 'DELETE', `${grants}/${invoke}`)

      await assertEndedAsRefused(open, expected)
    }
  })

  test('lets a send that waits for its answer end too', async () => {
    const key = await ownKey(world.parley, 'waiting')
    const client = { url: `${world.parley.url}/a2a/scenario`, key: key.secret }
    const waiting = fetch(client.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'a2a-version': '1.0',
        authorization: `Bearer ${key.secret}`,
      },
      body: JSON.stringify({
        jsonrpc: '2.0',
        id: 1,
        method: 'SendMessage',
        params: { message: { messageId: 'm', role: 'ROLE_USER', parts: [{ text: 'slow 100000' }] } },
      }),
    })
    await eventually('the agent has the message', async () =>
      JSON.stringify(await world.agent.record()).includes('"m"') ? true : undefined,
    )

    await key.revoke()

    const reply = await readReply(await waiting)
    assert.equal(reply.status, 401, reply.text)
  })
})

test('a stream ends when the token that it was opened with does', { timeout: 60_000 }, async () => {
  await using provider = await startIdentityProvider()
  const issuer = {
    alias: 'corp',
    issuer: provider.issuer,
    audience: BRIEF,
    tenants: ['default'],
    scopes: ['tasks:submit', 'tasks:read'],
  }
  await using world = await startWorld({
    env: { ...OFTEN, PARLEY_ISSUERS: JSON.stringify([issuer]), PARLEY_ALLOW_IDENTITY: '127.0.0.1' },
  })
  const key = await provider.token('tasks:submit tasks:read', BRIEF)
  const client = { url: `${world.parley.url}/a2a/scenario`, key }
  const id = textAt(await sendNoWait(client, 'slow 100000'), 'task', 'id')

  const events = await (await openStream(client, 'SubscribeToTask', { id })).rest()

  assert.match(textAt(payload(events.at(-1)), 'error', 'message'), /valid credential is needed/)
  const exp = Number(at(parsed(Buffer.from(key.split('.')[1] ?? '', 'base64url').toString()), 'exp'))
  assert.ok(Date.now() >= exp * 1000)
})

/** Tokens for this audience live for a few seconds. */
const BRIEF = 'https://parley.example/brief'

test('a message that waits is never sent once its key is revoked', { timeout: 120_000 }, async () => {
  await using opened = new AsyncDisposableStack()
  const api = opened.use(await startParley({ role: 'api' }))
  const agent = opened.use(await startScenarioAgent())
  await register(api, agent.card, { slug: 'scenario' })
  const key = await ownKey(api, 'gone')
  const other = await newClient(api, 'scenario', 'there')
  const url = `${api.url}/a2a/scenario`
  const lost = textAt(await sendNoWait({ url, key: key.secret }, 'echo lost'), 'task', 'id')
  const kept = textAt(await sendNoWait(other, 'echo kept'), 'task', 'id')
  await key.revoke()

  opened.use(await startParley({ role: 'worker', dataDir: api.dataDir, adminKey: api.adminKey }))

  const again = { url, key: await newKey(api, 'gone') }
  const task = await eventually('the task has ended', async () => {
    const found = await getTask(again, lost)
    return at(found, 'status', 'state') === 'TASK_STATE_FAILED' ? found : undefined
  })
  assert.equal(at(task, 'status', 'message', 'metadata', REASON), 'RIGHTS_LOST')
  assert.match(textAt(task, 'status', 'message', 'parts', 0, 'text'), /the message was not sent/)
  await eventually('the other task is done', async () =>
    at(await getTask(other, kept), 'status', 'state') === 'TASK_STATE_COMPLETED' ? true : undefined,
  )
  const record = JSON.stringify(await agent.record())
  assert.ok(record.includes('kept') || !record.includes('lost'))
  assert.ok(!record.includes('echo lost'))
  assert.equal(textAt(await send(again, 'echo now'), 'task', 'status', 'state'), 'TASK_STATE_COMPLETED')
})
