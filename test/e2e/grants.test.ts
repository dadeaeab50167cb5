import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { nameOf, WAYS } from '../equivalence/ways.ts'
import { at, listAt, textAt } from './json-path.ts'
import { startParley } from './parley-process.ts'
import { createRawWays, readAnswer, type TaskRequest } from './raw-ways.ts'
import { native } from './rpc.ts'
import { startScenarioAgent } from './scenario-agent-process.ts'
import { newKey } from './world.ts'

const NEVER = 'nobody'
const SLUG = 'secret'
const OWNER_SCOPES = ['agents:read', 'agents:write', 'tasks:submit', 'tasks:read']

for (const backend of ['sqlite', 'memory']) {
  describe(`grants on ${backend}`, { timeout: 120_000 }, () => {
    /** An agent that only its owner sees, which is the gateway's root agent and that of its gRPC listener. */
    async function open(t: TestContext) {
      const opened = new AsyncDisposableStack()
      t.after(() => opened.disposeAsync())
      const env = { PARLEY_BACKEND: backend, PARLEY_ROOT_AGENT: SLUG, PARLEY_GRPC: `0=${SLUG}` }
      const parley = opened.use(await startParley({ env }))
      const agent = opened.use(await startScenarioAgent())
      const ways = createRawWays()
      opened.defer(ways.close)
      const owner = await newKey(parley, 'owner', OWNER_SCOPES)
      const bob = await newKey(parley, 'bob')
      const ask = (method: string, path: string, body?: unknown, key = owner) =>
        native(key, method, `${parley.url}${path}`, body)

      /** What is answered, without the name that was asked for. */
      async function seen(way: (typeof WAYS)[number], request: TaskRequest, name = SLUG): Promise<string> {
        const target = { url: parley.url, grpc: parley.grpc[0] ?? '', agent: name, key: bob }
        const { status, shown } = await ways.over(way, target).ask(request)
        return `${status} ${name === '' ? shown : shown.replaceAll(name, '<name>')}`
      }
      const register = async () => {
        const registration = { card: agent.card, slug: SLUG, visibility: 'restricted' }
        const reply = await ask('POST', '/agents/register', registration)
        assert.equal(reply.status, 201, reply.text)
        return textAt(reply.body, 'id')
      }
      return { parley, ask, seen, register, bob }
    }

    test('open an agent for what they name, over every way, and close it again', async (t) => {
      const { ask, seen, register } = await open(t)
      await register()
      const sending = { operation: 'SendMessage', text: 'echo hello' } as const
      const reading = { operation: 'GetTask', id: 'no-such-task' } as const

      const never = new Map<string, string>()
      for (const way of WAYS) {
        never.set(nameOf(way), await seen(way, sending, NEVER))
        assert.equal(await seen(way, sending), never.get(nameOf(way)))
      }
      const wanted = { to: { subject: 'bob' }, right: 'invoke', operations: ['SendMessage'] }
      const made = await ask('POST', `/agents/${SLUG}/grants`, wanted)
      assert.equal(made.status, 201, made.text)
      const again = await ask('POST', `/agents/${SLUG}/grants`, wanted)
      assert.deepEqual([again.status, again.body], [200, made.body])

      for (const way of WAYS) {
        assert.match(await seen(way, sending), /^(?:200|0) .*hello/, nameOf(way))
        assert.match(await seen(way, reading), /ask its owner for a grant/, nameOf(way))
      }
      const gone = await ask('DELETE', `/agents/${SLUG}/grants/${textAt(made.body, 'id')}`)
      assert.equal(gone.status, 204)
      for (const way of WAYS) assert.equal(await seen(way, sending), never.get(nameOf(way)))
    })

    test('of SubscribeToTask show in 0.3 also a task that has ended', async (t) => {
      const { ask, seen, register } = await open(t)
      await register()
      const operations = ['SendMessage', 'SubscribeToTask']
      await ask('POST', `/agents/${SLUG}/grants`, { to: { subject: 'bob' }, right: 'invoke', operations })

      for (const way of WAYS.filter(({ version }) => version === '0.3')) {
        const sent = await seen(way, { operation: 'SendMessage', text: 'echo done' })
        const id = /"id\\?":\\?"([0-9a-f-]{36})/.exec(sent)?.[1] ?? assert.fail(sent)
        assert.match(await seen(way, { operation: 'SubscribeToTask', id }), /^(?:200|0) .*done/, nameOf(way))
        assert.match(await seen(way, { operation: 'GetTask', id }), /ask its owner for a grant/)
      }
    })

    test('leave the card as it is, and what a client has of it', async (t) => {
      const { ask, register, parley, bob } = await open(t)
      const id = await register()
      const path = `/a2a/${id}/.well-known/agent-card.json`
      const before = await ask('GET', path)
      await ask('POST', `/agents/${id}/grants`, { to: { everyone: true }, right: 'discover' })

      const after = await ask('GET', path, undefined, bob)
      for (const name of ['etag', 'last-modified']) {
        assert.equal(after.headers.get(name), before.headers.get(name))
      }
      const etag = before.headers.get('etag') ?? ''
      const held = await native(bob, 'GET', `${parley.url}${path}`, undefined, { 'if-none-match': etag })
      assert.equal(held.status, 304)
      const listed = await ask('GET', '/agents', undefined, bob)
      assert.equal(at(listed.body, 'total'), 1)
    })

    test('keep a hidden agent out of the addresses that name none', async (t) => {
      const { parley, seen, register, bob } = await open(t)
      const look = async () => {
        const cards = ['/.well-known/agent-card.json', '/.well-known/agent.json'].flatMap((path) =>
          [bob, undefined].map(async (key) => {
            const headers = key === undefined ? {} : { authorization: `Bearer ${key}` }
            return readAnswer(await fetch(`${parley.url}${path}`, { headers }))
          }),
        )
        const calls = WAYS.filter(({ binding }) => binding === 'GRPC').map((way) =>
          seen(way, { operation: 'SendMessage' }, ''),
        )
        return Promise.all([...cards, ...calls])
      }

      const before = await look()
      await register()
      assert.deepEqual(await look(), before)
    })

    test('are explained to who may manage the agent, and to nobody else', async (t) => {
      const { ask, register, bob, parley } = await open(t)
      await register()
      const why = (agent: string, key?: string) =>
        ask('POST', '/grants/explain', { principal: { subject: 'bob' }, agent, operation: 'GetTask' }, key)

      const { body } = await why(SLUG)
      assert.equal(at(body, 'verdicts', 0, 'verdict'), 'hidden')
      assert.deepEqual(
        listAt(body, 'verdicts', 0, 'steps').map((step) => at(step, 'code')),
        ['scope', 'tenant', 'owner', 'admin', 'visibility', 'no_grant'],
      )
      const writer = await newKey(parley, 'bob', OWNER_SCOPES)
      const [hidden, missing] = [await why(SLUG, writer), await why(NEVER, writer)]
      assert.equal(hidden.status, 404)
      assert.equal(
        hidden.text.replace(/"instance":"[^"]*"/, ''),
        missing.text.replace(/"instance":"[^"]*"/, ''),
      )
      assert.equal((await why(SLUG, bob)).status, 403)
    })

    if (backend === 'sqlite') {
      test('are there after a crash', async (t) => {
        const { parley, ask, register, bob } = await open(t)
        const id = await register()
        await ask('POST', `/agents/${id}/grants`, { to: { subject: 'bob' }, right: 'discover' })
        await parley.restart()

        assert.equal((await ask('GET', `/agents/${id}`, undefined, bob)).status, 200)
        assert.equal(listAt((await ask('GET', `/agents/${id}/grants`)).body, 'items').length, 1)
        const opened = await ask('PATCH', `/agents/${id}`, { visibility: 'tenant' })
        assert.equal(at(opened.body, 'visibility'), 'tenant')
      })
    }
  })
}
