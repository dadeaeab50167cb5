import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { at, textAt } from './json-path.ts'
import { type ParleyProcess, startParley } from './parley-process.ts'
import { artifactText, type Endpoint, getTask, native, rpc, send, sendNoWait, userMessage } from './rpc.ts'
import { type ScenarioAgent, startScenarioAgent } from './scenario-agent-process.ts'
import { assertGapless, openStream, payload } from './sse.ts'
import { newClient, register } from './world.ts'

describe('an api and a worker on one folder', { timeout: 180_000 }, () => {
  let api: ParleyProcess
  let agent: ScenarioAgent
  let client: Required<Endpoint>
  const opened = new AsyncDisposableStack()

  const another = async (role: 'api' | 'worker') =>
    opened.use(await startParley({ role, dataDir: api.dataDir, adminKey: api.adminKey }))

  before(async () => {
    api = opened.use(await startParley({ role: 'api' }))
    agent = opened.use(await startScenarioAgent())
    await register(api, agent.card, { slug: 'scenario' })
    client = await newClient(api, 'scenario', 'roles')
  })
  after(() => opened.disposeAsync())

  test('accept while no worker runs, and do the work when one comes', async () => {
    const accepted = at(await sendNoWait(client, 'echo waited'), 'task')
    assert.equal(at(accepted, 'status', 'state'), 'TASK_STATE_SUBMITTED')
    assert.deepEqual(await agent.record(), [])
    const follower = await openStream(client, 'SubscribeToTask', { id: textAt(accepted, 'id') })
    await another('worker')
    const last = payload((await follower.rest()).at(-1))
    assert.equal(at(last, 'result', 'statusUpdate', 'status', 'state'), 'TASK_STATE_COMPLETED')
  })

  test('answer a blocking send, a question and a Message over both processes', async () => {
    assert.equal(artifactText(at(await send(client, 'echo across'), 'task')), 'across')
    assert.equal(at(await send(client, 'message across'), 'message', 'parts', 0, 'text'), 'across')
    const asked = at(await send(client, 'input'), 'task')
    const answered = at(await send(client, 'red', { message: { taskId: at(asked, 'id') } }), 'task')
    assert.equal(at(answered, 'status', 'state'), 'TASK_STATE_COMPLETED')
  })

  test('show one stream through two api processes alike', async () => {
    const other = await another('api')
    const elsewhere = { ...client, url: client.url.replace(api.url, other.url) }
    const sender = await openStream(client, 'SendStreamingMessage', { message: userMessage('stream 20 20') })
    const head = await sender.take(3)
    const id = textAt(payload(head[0]), 'result', 'task', 'id')
    const resumed = await openStream(
      elsewhere,
      'SubscribeToTask',
      { id },
      { 'last-event-id': head.at(-1)?.id ?? '' },
    )
    const [rest, seen] = await Promise.all([sender.rest(), resumed.rest()])
    assertGapless([...head, ...rest], Number(head[0]?.id))
    assert.deepEqual(seen, rest)
    assert.deepEqual(await getTask(elsewhere, id), await getTask(client, id))
  })

  test('cancel through one process what another works on', async () => {
    const id = textAt(await sendNoWait(client, 'slow 60000'), 'task', 'id')
    const follower = await openStream(client, 'SubscribeToTask', { id })
    await rpc(client, 'CancelTask', { id })
    const last = payload((await follower.rest()).at(-1))
    assert.equal(at(last, 'result', 'statusUpdate', 'status', 'state'), 'TASK_STATE_CANCELED')
  })

  test('keep to their parts: a worker takes no calls but says that it lives', async () => {
    const worker = await another('worker')
    assert.notEqual(worker.url, '')
    assert.equal((await native(undefined, 'GET', `${worker.url}/readyz`)).status, 200)
    const call = await rpc({ ...client, url: `${worker.url}/a2a/scenario` }, 'GetTask', { id: 'x' })
    assert.equal(call.status, 404)
    assert.equal((await native(client.key, 'GET', `${worker.url}/tasks`)).status, 404)
  })

  test('stop cleanly, whichever goes first', async () => {
    const worker = await another('worker')
    assert.deepEqual(await worker.stop(), { code: 0, signal: null })
    assert.deepEqual(await api.stop(), { code: 0, signal: null })
  })
})
