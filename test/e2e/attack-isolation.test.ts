import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { hashOf } from '../../src/access/key-secret.ts'
import { openSqlite } from '../../src/storage/sqlite/open-sqlite.ts'
import { nameOf, WAYS, type Way } from '../equivalence/ways.ts'
import { textAt } from './json-path.ts'
import { createRawWays, type RawAnswer, type TaskRequest } from './raw-ways.ts'
import { readReply, send, withoutRequest } from './rpc.ts'
import { newKey, register, startWorld, type World } from './world.ts'

const NEVER_EXISTED = '0190a0a0-0000-7000-8000-00000000dead'
const SECRET = 'xyzzy-only-for-alice'

/** Everything one can try with a task whose id one knows. */
const TRIES: readonly (readonly [string, (id: string) => TaskRequest, Record<string, string>?])[] = [
  ['get', (id) => ({ operation: 'GetTask', id })],
  ['cancel', (id) => ({ operation: 'CancelTask', id })],
  ['subscribe to', (id) => ({ operation: 'SubscribeToTask', id })],
  ['resume', (id) => ({ operation: 'SubscribeToTask', id }), { 'last-event-id': '1' }],
  ['send into', (id) => ({ operation: 'SendMessage', id })],
  ['stream into', (id) => ({ operation: 'SendStreamingMessage', id })],
]

describe('isolation, over every way in', { timeout: 120_000 }, () => {
  const opened = new AsyncDisposableStack()
  const ways = createRawWays()
  let world: World
  let url: string
  let grpc: string
  let aliceDone: string
  let aliceRunning: string
  let bob: string
  let stranger: string
  let hidden: string

  before(async () => {
    world = opened.use(await startWorld({ env: { PARLEY_GRPC: '0=scenario' } }))
    opened.defer(ways.close)
    url = world.parley.url
    grpc = world.parley.grpc[0] ?? ''
    const alice = await world.client('alice')
    aliceDone = textAt(await send(alice, `echo ${SECRET}`), 'task', 'id')
    const running = await send(alice, 'slow 100000', { configuration: { returnImmediately: true } })
    aliceRunning = textAt(running, 'task', 'id')
    bob = await newKey(world.parley, 'bob')
    stranger = await keyOfOtherTenant(world.parley.dataDir)
    hidden = await register(world.parley, world.agent.card, { slug: 'hidden', visibility: 'restricted' })
  })
  after(() => opened.disposeAsync())

  /** All there is to see of an answer, the id that was asked for apart. */
  const visible = ({ status, shown }: RawAnswer, asked: string): string =>
    `${status} ${shown.replaceAll(asked, '<asked>').replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<at>')}`

  for (const way of WAYS) {
    test(`${nameOf(way)}: a task of somebody else is no task`, async () => {
      const caller = ways.over(way, { url, grpc, agent: 'scenario', key: bob })
      for (const [name, request, headers] of TRIES) {
        const missing = visible(await caller.ask(request(NEVER_EXISTED), headers), NEVER_EXISTED)
        assert.match(missing, /TASK_NOT_FOUND|TaskNotFound/, name)
        for (const id of [aliceDone, aliceRunning]) {
          assert.equal(visible(await caller.ask(request(id), headers), id), missing, name)
        }
      }
    })

    if (way.version === '1.0' || way.binding === 'JSONRPC') {
      test(`${nameOf(way)}: nobody refers to a task of somebody else`, async () => {
        const caller = ways.over(way, { url, grpc, agent: 'scenario', key: bob })
        const refer = async (id: string) =>
          visible(await caller.ask({ operation: 'SendMessage', references: [id] }), id)

        assert.match(await refer(NEVER_EXISTED), /TASK_NOT_FOUND|TaskNotFound/)
        assert.equal(await refer(aliceDone), await refer(NEVER_EXISTED))
      })
    }

    test(`${nameOf(way)}: an agent of another tenant, or a hidden one, is no agent`, async () => {
      const askFor = async (agent: string, key: string | undefined, request: TaskRequest) =>
        visible(await ways.over(way, { url, grpc, agent, key }).ask(request), agent)
      const requests: readonly TaskRequest[] = [
        { operation: 'SendMessage' },
        { operation: 'SendStreamingMessage' },
        { operation: 'GetTask', id: aliceDone },
        { operation: 'CancelTask', id: aliceRunning },
        { operation: 'SubscribeToTask', id: aliceRunning },
        { operation: 'GetExtendedAgentCard' },
      ]
      const scenario = await idOf('scenario')
      for (const request of requests) {
        const missing = await askFor(NEVER_EXISTED, bob, request)
        assert.match(missing, /AGENT_NOT_FOUND/)
        for (const [agent, key] of [
          [hidden, bob],
          ['hidden', bob],
          ['no-such-agent', bob],
          [scenario, stranger],
          ['scenario', stranger],
          [NEVER_EXISTED, stranger],
        ] as const) {
          assert.equal(await askFor(agent, key, request), missing, `${agent} ${request.operation}`)
        }
      }
    })

    test(`${nameOf(way)}: to nobody known, all is one`, async () => {
      for (const key of [undefined, 'no-key-of-ours']) {
        const answers = new Set<string>()
        for (const agent of ['scenario', 'hidden', 'no-such-agent', hidden]) {
          const caller = ways.over(way, { url, grpc, agent, key })
          for (const [, request] of TRIES) {
            for (const id of [aliceRunning, NEVER_EXISTED]) {
              answers.add(visible(await caller.ask(request(id)), agent))
            }
          }
        }
        assert.equal(answers.size, 1, [...answers].join('\n'))
        assert.match([...answers][0] ?? '', /UNAUTHENTICATED/)
      }
    })
  }

  test('and nothing of it has reached the agent, nor the task', async () => {
    const got = await world.agent.record()
    assert.ok(got.every((entry) => textAt(entry, 'messageId') !== 'raw'))
    const alice = ways.over(WAYS[0] as Way, {
      url,
      grpc,
      agent: 'scenario',
      key: await newKey(world.parley, 'alice'),
    })
    assert.match((await alice.ask({ operation: 'GetTask', id: aliceRunning })).shown, /TASK_STATE_WORKING/)
  })

  test('a page token leads on over every way, for whom it was made', async () => {
    const lists = WAYS.filter(({ version }) => version === '1.0')
    const ask = async (way: Way, key: string, pageToken?: string) => {
      const caller = ways.over(way, { url, grpc, agent: 'scenario', key })
      const request = { operation: 'ListTasks', ...(pageToken !== undefined && { pageToken }) } as const
      return caller.ask(request)
    }
    const alice = await newKey(world.parley, 'alice')
    for (const way of lists) {
      const first = await ask(way, alice)
      const token = /nextPageToken[\\":]+([\w-]+)/.exec(first.shown)?.[1] ?? ''
      assert.notEqual(token, '', first.shown)
      for (const other of lists) {
        assert.match((await ask(other, alice, token)).shown, new RegExp(aliceDone), nameOf(other))
        const invented = visible(await ask(other, bob, 'bm90LWEtdG9rZW4'), 'bm90LWEtdG9rZW4')
        assert.match(invented, /INVALID_PARAMS/)
        for (const key of [bob, stranger]) {
          const stolen = visible(await ask(other, key, token), token)
          if (key === bob) assert.equal(stolen, invented, nameOf(other))
          else assert.match(stolen, /AGENT_NOT_FOUND/, nameOf(other))
        }
      }
    }
  })

  test('an idempotency key is its owner’s, whoever else uses it, and over whatever way', async () => {
    const carol = await newKey(world.parley, 'carol')
    const dave = await newKey(world.parley, 'dave')
    const headers = { 'idempotency-key': 'the-same' }
    const idsOf = async (key: string) => {
      const found = new Set<string>()
      for (const way of WAYS) {
        const caller = ways.over(way, { url, grpc, agent: 'scenario', key })
        const { status, shown } = await caller.ask({ operation: 'SendMessage' }, headers)
        const id = /"(?:id|taskId)\\*":\\*"([\w-]{36})/.exec(shown)?.[1]
        if (status === 200 || status === 0) found.add(id ?? shown)
      }
      return found
    }

    const [one, two] = [await idsOf(carol), await idsOf(dave)]
    assert.ok(one.size > 0 && two.size > 0)
    assert.equal(new Set([...one, ...two]).size, one.size + two.size)
  })

  test('a card of a hidden agent is no card', async () => {
    const cardOf = async (agent: string, name: string, key: string | undefined) => {
      const headers: Record<string, string> = key === undefined ? {} : { authorization: `Bearer ${key}` }
      const reply = await readReply(await fetch(`${url}/a2a/${agent}/.well-known/${name}`, { headers }))
      return JSON.stringify(withoutRequest(reply)).replaceAll(agent, '<asked>')
    }
    const scenario = await idOf('scenario')
    for (const name of ['agent-card.json', 'agent.json']) {
      for (const key of [bob, stranger, undefined]) {
        const missing = await cardOf(NEVER_EXISTED, name, key)
        const asked = key === stranger ? [hidden, 'hidden', scenario, 'scenario'] : [hidden, 'hidden']
        for (const agent of asked) assert.equal(await cardOf(agent, name, key), missing, agent)
      }
    }
  })

  const idOf = async (slug: string): Promise<string> => {
    const answer = await fetch(`${url}/agents/${slug}`, {
      headers: { authorization: `Bearer ${world.parley.adminKey}` },
    })
    return textAt(await answer.json(), 'id')
  }
})

/** A key of a tenant that the native API cannot make keys for. */
async function keyOfOtherTenant(dataDir: string): Promise<string> {
  const secret = `parley_${randomBytes(16).toString('hex')}`
  await using backend = await openSqlite({ path: join(dataDir, 'parley.db'), now: Date.now, shared: true })
  const key = {
    id: 'other-tenants-key',
    hash: hashOf(secret),
    tenant: 'other',
    subject: 'key:alice',
    scopes: ['admin'],
    label: 'other',
    createdAt: Date.now(),
    version: 1,
  } as const
  const made = await backend.keys.commit({ changes: [{ key, expectedVersion: 0 }] })
  assert.ok(made)
  return secret
}
