import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { eventually } from '../e2e/eventually.ts'
import { at, listAt, numberAt, textAt } from '../e2e/json-path.ts'
import { type ParleyProcess, startParley } from '../e2e/parley-process.ts'
import { type Endpoint, getTask, native, resultOf, rpc, userMessage } from '../e2e/rpc.ts'
import { type ScenarioAgent, startScenarioAgent } from '../e2e/scenario-agent-process.ts'
import { newClient, register } from '../e2e/world.ts'

const TASKS = 200
const ENDED = /COMPLETED|FAILED|CANCELED|REJECTED|INPUT_REQUIRED|AUTH_REQUIRED/

/** Long enough for a dead worker's leases to run out and the rest to be done after it. */
const SETTLE_MS = 150_000

type Sent = { readonly messageId: string; readonly answer: Promise<string | undefined> }

/** Sends without waiting for the work; the answer is the task's id, or undefined where nothing was acknowledged. */
function submit(client: Endpoint, count: number): readonly Sent[] {
  return Array.from({ length: count }, (_, n) => {
    const text = n % 10 === 0 ? 'input' : n % 3 === 0 ? 'stream 10 60' : 'slow 600'
    const message = userMessage(text)
    const params = { message, configuration: { returnImmediately: true } }
    const answer = rpc(client, 'SendMessage', params).then(
      (reply) => {
        const id = at(reply.body, 'result', 'task', 'id')
        return typeof id === 'string' ? id : undefined
      },
      () => undefined,
    )
    return { messageId: message.messageId, answer }
  })
}

const acknowledged = async (sent: readonly Sent[]) => {
  const ids = await Promise.all(sent.map(({ answer }) => answer))
  return sent.flatMap(({ messageId }, index) => {
    const id = ids[index]
    return id === undefined ? [] : [{ messageId, id }]
  })
}

const agentGot = (agent: ScenarioAgent, count: number) =>
  eventually(`the agent got ${count} messages`, async () =>
    (await agent.record()).length >= count ? true : undefined,
  )

/** Every task of the client, whatever was acknowledged. */
async function allTasks(client: Endpoint): Promise<readonly unknown[]> {
  const tasks: unknown[] = []
  let pageToken = ''
  do {
    const page = resultOf(await rpc(client, 'ListTasks', { pageSize: 100, pageToken, historyLength: 1 }))
    tasks.push(...listAt(page, 'tasks'))
    pageToken = textAt(page, 'nextPageToken')
  } while (pageToken !== '')
  return tasks
}

async function settle(client: Endpoint): Promise<readonly unknown[]> {
  return eventually(
    'every task ends',
    async () => {
      const isEnded = (task: unknown) => ENDED.test(textAt(task, 'status', 'state'))
      const tasks = await allTasks(client)
      if (!tasks.every(isEnded)) return undefined
      // A task that ends while its list is paged moves to a page that was read already: only a list at rest is whole.
      const again = await allTasks(client)
      return again.length === tasks.length && again.every(isEnded) ? again : undefined
    },
    SETTLE_MS,
  )
}

/** Sequence numbers and states of a task's whole log: gapless, and nothing after the first end. */
async function assertLog(parley: ParleyProcess, client: Required<Endpoint>, id: string) {
  const log = await native(client.key, 'GET', `${parley.url}/tasks/${id}/events?limit=100`)
  assert.equal(log.status, 200, log.text)
  assert.equal(at(log.body, 'nextCursor') ?? null, null, 'a log of one page')
  const events = listAt(log.body, 'items')
  assert.deepEqual(
    events.map((event) => numberAt(event, 'seq')),
    events.map((_, index) => index + 1),
    `the log of ${id}`,
  )
  const terminal = events.filter((event) =>
    /TASK_STATE_(COMPLETED|FAILED|CANCELED|REJECTED)/.test(JSON.stringify(at(event, 'payload'))),
  )
  assert.ok(terminal.length <= 1, `${id} ended more than once`)
  if (terminal.length === 1) assert.equal(terminal[0], events.at(-1), `${id} goes on after its end`)
}

type Redelivery = 'at-most-once' | 'at-least-once'

/** Nothing acknowledged is lost, every log is whole, and the agent was asked as often as `redelivery` allows. */
async function assertNothingLost(
  t: TestContext,
  found: {
    readonly parley: ParleyProcess
    readonly client: Required<Endpoint>
    readonly agent: ScenarioAgent
    readonly sent: readonly Sent[]
    readonly redelivery: Redelivery
  },
) {
  const { parley, client, agent, sent, redelivery } = found
  const acked = await acknowledged(sent)
  const tasks = await settle(client)
  const stateOf = new Map(tasks.map((task) => [textAt(task, 'id'), textAt(task, 'status', 'state')]))
  for (const { id } of acked) {
    assert.ok(stateOf.has(id), `${id} was acknowledged and is lost`)
    await assertLog(parley, client, id)
  }
  const times = new Map<string, number>()
  for (const entry of await agent.record()) {
    const messageId = textAt(entry, 'messageId')
    times.set(messageId, (times.get(messageId) ?? 0) + 1)
  }
  const twice = [...times.values()].filter((count) => count > 1).length
  const counted = Object.groupBy(stateOf.values(), (state) => state)
  const states = Object.entries(counted).map(([state, each]) => `${each?.length} ${state}`)
  t.diagnostic(
    `${acked.length} acknowledged, ${tasks.length} kept: ${states.join(', ')}; ${twice} sent again`,
  )
  if (redelivery === 'at-most-once') {
    assert.equal(twice, 0, 'no message may reach the agent twice')
    for (const { id, messageId } of acked) {
      if (stateOf.get(id) === 'TASK_STATE_COMPLETED') assert.equal(times.get(messageId), 1)
      if (stateOf.get(id) !== 'TASK_STATE_FAILED') continue
      const why = JSON.stringify(at(await getTask(client, id), 'status', 'message', 'parts'))
      assert.match(why, /unknown/i, why)
    }
  } else {
    const wrong = acked.filter(({ id }) => !/COMPLETED|INPUT_REQUIRED/.test(stateOf.get(id) ?? ''))
    assert.deepEqual(wrong, [], 'with redelivery everything is done')
  }
}

describe('kill -9 with 200 tasks in flight', { timeout: 600_000 }, () => {
  for (const redelivery of ['at-most-once', 'at-least-once'] as const) {
    test(`loses nothing when all is one process, ${redelivery}`, async (t) => {
      await using parley = await startParley()
      await using agent = await startScenarioAgent()
      await register(parley, agent.card, { slug: 'scenario', redelivery })
      const client = await newClient(parley, 'scenario', 'killer')
      const sent = submit(client, TASKS)
      await Promise.all(sent.slice(0, TASKS / 2).map(({ answer }) => answer))
      await agentGot(agent, 10)
      await parley.kill('SIGKILL')
      await parley.restart()
      await assertNothingLost(t, { parley, client, agent, sent, redelivery })
    })
  }

  test('goes on with what the agent has begun, and never sends that again', async () => {
    await using parley = await startParley()
    await using agent = await startScenarioAgent()
    const clients: Endpoint[] = []
    for (const redelivery of ['at-most-once', 'at-least-once']) {
      await register(parley, agent.card, { slug: redelivery, redelivery })
      clients.push(await newClient(parley, redelivery, redelivery))
    }
    const params = () => ({ message: userMessage('slow 2000'), configuration: { returnImmediately: true } })
    for (const client of clients) {
      await Promise.all(Array.from({ length: 10 }, () => rpc(client, 'SendMessage', params())))
    }
    for (const client of clients) {
      await eventually('the agent works on every task', async () => {
        const states = (await allTasks(client)).map((task) => textAt(task, 'status', 'state'))
        return states.every((state) => state === 'TASK_STATE_WORKING') ? true : undefined
      })
    }
    await parley.kill('SIGKILL')
    await parley.restart()
    for (const client of clients) {
      const states = (await settle(client)).map((task) => textAt(task, 'status', 'state'))
      assert.deepEqual([...new Set(states)], ['TASK_STATE_COMPLETED'])
    }
    assert.equal((await agent.record()).length, 20)
  })

  test('loses nothing when it happens again and again', async (t) => {
    await using parley = await startParley()
    await using agent = await startScenarioAgent()
    await register(parley, agent.card, { slug: 'scenario' })
    const client = await newClient(parley, 'scenario', 'killer')
    const sent: Sent[] = []
    for (const got of [1, 20, 40, 60]) {
      const round = submit(client, TASKS / 4)
      sent.push(...round)
      await Promise.race(round.map(({ answer }) => answer))
      await agentGot(agent, got)
      await parley.kill('SIGKILL')
      await parley.restart()
    }
    await assertNothingLost(t, { parley, client, agent, sent, redelivery: 'at-most-once' })
  })

  test('loses nothing when the api dies and the worker lives', async (t) => {
    await using parley = await startParley({ role: 'api' })
    await using _worker = await startParley({
      role: 'worker',
      dataDir: parley.dataDir,
      adminKey: parley.adminKey,
    })
    await using agent = await startScenarioAgent()
    await register(parley, agent.card, { slug: 'scenario' })
    const client = await newClient(parley, 'scenario', 'killer')
    const sent = submit(client, TASKS)
    await Promise.all(sent.slice(0, TASKS / 2).map(({ answer }) => answer))
    await parley.kill('SIGKILL')
    await parley.restart()
    await assertNothingLost(t, { parley, client, agent, sent, redelivery: 'at-most-once' })
    const acked = await acknowledged(sent)
    for (const { id } of acked) {
      const state = textAt(await getTask(client, id), 'status', 'state')
      assert.match(state, /COMPLETED|INPUT_REQUIRED/, 'the worker never died')
    }
  })

  for (const redelivery of ['at-most-once', 'at-least-once'] as const) {
    test(`loses nothing when the worker dies and another takes over, ${redelivery}`, async (t) => {
      await using parley = await startParley({ role: 'api' })
      const share = { role: 'worker', dataDir: parley.dataDir, adminKey: parley.adminKey } as const
      await using worker = await startParley(share)
      await using agent = await startScenarioAgent()
      await register(parley, agent.card, { slug: 'scenario', redelivery })
      const client = await newClient(parley, 'scenario', 'killer')
      const sent = submit(client, TASKS)
      await agentGot(agent, 10)
      await worker.kill('SIGKILL')
      await using _other = await startParley(share)
      await assertNothingLost(t, { parley, client, agent, sent, redelivery })
    })
  }
})
