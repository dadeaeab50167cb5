import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { eventually } from '../e2e/eventually.ts'
import { at, textAt } from '../e2e/json-path.ts'
import {
  type Endpoint,
  envelope,
  getTask,
  headersFor,
  resultOf,
  rpc,
  send,
  sendNoWait,
  userMessage,
} from '../e2e/rpc.ts'
import { startScenarioAgent } from '../e2e/scenario-agent-process.ts'
import { newClient, register, startWorld, type World } from '../e2e/world.ts'

describe('the limits of waiting', { timeout: 300_000, concurrency: true }, () => {
  let world: World
  let client: Required<Endpoint>
  const opened = new AsyncDisposableStack()

  before(async () => {
    world = opened.use(await startWorld())
    client = await world.client('limits')
  })
  after(() => opened.disposeAsync())

  const ends = (id: string, deadlineMs: number) =>
    eventually(
      `${id} ends`,
      async () => {
        const task = await getTask(client, id)
        return /COMPLETED|FAILED|CANCELED/.test(textAt(task, 'status', 'state')) ? task : undefined
      },
      deadlineMs,
    )

  test('a blocking send returns the task as it stands after its longest wait', async () => {
    const task = at(await send(client, 'slow 70000'), 'task')
    assert.equal(at(task, 'status', 'state'), 'TASK_STATE_WORKING')
    const end = await ends(textAt(task, 'id'), 40_000)
    assert.equal(at(end, 'status', 'state'), 'TASK_STATE_COMPLETED')
  })

  test('an agent that never sends a byte fails the task', async () => {
    const id = textAt(await sendNoWait(client, 'hang'), 'task', 'id')
    const task = await ends(id, 100_000)
    assert.equal(at(task, 'status', 'state'), 'TASK_STATE_FAILED')
    assert.match(JSON.stringify(at(task, 'status', 'message')), /"text":"[^"]+"/)
  })

  test('an undecided stream sends its headers and heartbeats while the agent is silent', async () => {
    const connection = new AbortController()
    const response = await fetch(client.url, {
      method: 'POST',
      headers: { ...headersFor(client), accept: 'text/event-stream' },
      body: envelope('SendStreamingMessage', { message: userMessage('hang') }),
      signal: connection.signal,
    })
    assert.match(response.headers.get('content-type') ?? '', /^text\/event-stream/)
    let text = ''
    const decoder = new TextDecoder()
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk, { stream: true })
      if (/^:/m.test(text)) break
    }
    assert.doesNotMatch(text, /^data:/m)
    connection.abort()
  })

  test('cancelling a task whose agent does not answer returns the task as it stands', async () => {
    const id = textAt(await sendNoWait(client, 'hang'), 'task', 'id')
    const task = resultOf(await rpc(client, 'CancelTask', { id }))
    assert.equal(at(task, 'id'), id)
  })

  test('an agent that dies in the middle and comes back without the task fails it, and gets new work', async () => {
    await using mortal = await startScenarioAgent()
    await register(world.parley, mortal.card, { slug: 'mortal' })
    const visitor = await newClient(world.parley, 'mortal', 'limits')
    const id = textAt(await sendNoWait(visitor, 'crash'), 'task', 'id')
    await mortal.child.exited
    await using _successor = await startScenarioAgent(Number(new URL(mortal.url).port))
    const task = await eventually(
      'the task of the dead agent ends',
      async () => {
        const found = await getTask(visitor, id)
        return at(found, 'status', 'state') === 'TASK_STATE_FAILED' ? found : undefined
      },
      60_000,
    )
    assert.doesNotMatch(JSON.stringify(task), /ECONN|node_modules/)
    assert.equal(at(await send(visitor, 'echo again'), 'task', 'status', 'state'), 'TASK_STATE_COMPLETED')
  })
})
