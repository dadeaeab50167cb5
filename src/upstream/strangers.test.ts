import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type ScenarioAgent, startAgent } from '../../examples/scenario-agent/agent.ts'
import { SHOUT } from '../../examples/scenario-agent/extension.ts'
import { FORMS, formUrl } from '../../examples/scenario-agent/forms.ts'
import { agentCardCheck } from '../a2a/agent-card.ts'
import type { StreamResponse } from '../a2a/task.ts'
import type { Wire } from '../a2a/wire.ts'
import type { AgentCallOptions, AgentClient, AgentTarget } from '../delivery/agent-client.ts'
import { ADA, collect, openClient, targetOf } from './loopback-server.case.ts'

/** An agent on the official SDK, which answers in every form. */
let agent: ScenarioAgent
let client: AgentClient

before(async () => {
  agent = await startAgent({ port: 0, streaming: true, crash: () => assert.fail('not to crash') })
  client = openClient()
})

after(async () => {
  await client[Symbol.asyncDispose]()
  await agent[Symbol.asyncDispose]()
})

const never: AgentCallOptions = { signal: new AbortController().signal, onBehalfOf: ADA }
let messages = 0

const request = (text: string, more: object = {}): string =>
  JSON.stringify({
    message: { messageId: `m${++messages}`, role: 'ROLE_USER', parts: [{ text }], ...more },
  })

/** What events show, in a word each. */
const gist = ({ value: { task, message, statusUpdate, artifactUpdate } }: Wire<StreamResponse>): string => {
  if (task !== undefined) return `task ${short(task.status.state)}`
  if (message !== undefined) return `message ${message.parts[0]?.text}`
  if (statusUpdate !== undefined) return short(statusUpdate.status.state)
  return `artifact ${artifactUpdate?.artifact.parts.map(({ text }) => text).join()}`
}

const short = (state: string): string => state.replace('TASK_STATE_', '')

const taskIdOf = (events: readonly Wire<StreamResponse>[]): string => {
  const [{ value } = assert.fail('no event')] = events
  return value.task?.id ?? value.statusUpdate?.taskId ?? assert.fail('no task')
}

/** The events of a stream until one for which `is` holds, and the rest as it comes. */
async function readUntil(
  events: AsyncIterator<Wire<StreamResponse>>,
  is: (event: Wire<StreamResponse>) => boolean,
): Promise<readonly Wire<StreamResponse>[]> {
  const seen: Wire<StreamResponse>[] = []
  for (;;) {
    const { value, done } = await events.next()
    if (done) assert.fail(`ended after ${seen.map(gist).join()}`)
    seen.push(value)
    if (is(value)) return seen
  }
}

for (const form of FORMS) {
  describe(`an agent of the official SDK in ${form.version} over ${form.binding}`, () => {
    const target = (streaming = true): AgentTarget =>
      targetOf(
        formUrl(agent, form),
        { protocolBinding: form.binding, protocolVersion: form.version },
        streaming,
      )
    const send = (text: string, more: object = {}, streaming = true, options = never) =>
      collect(client.send(target(streaming), request(text, more), options))

    test('answers a blocking send with the finished task', async () => {
      const [answer, ...more] = await send('echo hello', {}, false)
      assert.deepEqual(more, [])
      const task = answer?.value.task ?? assert.fail()
      assert.equal(task.status.state, 'TASK_STATE_COMPLETED')
      assert.equal(task.artifacts?.[0]?.parts[0]?.text, 'hello')
      assert.ok(task.contextId)
    })

    for (const streaming of [false, true]) {
      test(`answers a ${streaming ? 'streaming' : 'blocking'} send with a plain message`, async () => {
        const events = await send('message hi', {}, streaming)
        assert.deepEqual(events.map(gist), ['message hi'])
      })
    }

    test('streams a task with its artifact in chunks', async () => {
      const events = await send('stream 3 1')
      const seen = events.map(gist)
      assert.match(seen[0] ?? '', /^task (SUBMITTED|WORKING)$/)
      assert.equal(seen.filter((text) => text.startsWith('artifact')).length, 3)
      assert.equal(seen.at(-1), 'COMPLETED')
      const chunks = events.flatMap(({ value }) => value.artifactUpdate ?? [])
      assert.deepEqual(
        chunks.map(({ append = false, lastChunk = false }) => [append, lastChunk]),
        [
          [false, false],
          [true, false],
          [true, true],
        ],
      )
    })

    test('asks back, and takes the answer on the same task', async () => {
      const asked = await send('input')
      assert.equal(gist(asked.at(-1) ?? assert.fail()), 'INPUT_REQUIRED')
      const taskId = taskIdOf(asked)
      const events = await send('here you are', { taskId })
      assert.equal(gist(events.at(-1) ?? assert.fail()).replace('task ', ''), 'COMPLETED')
      assert.equal(taskIdOf(events), taskId)
    })

    test('shows a task, is followed from outside and cancels it', async () => {
      const started = client.send(target(), request('slow 60000'), never)[Symbol.asyncIterator]()
      const id = taskIdOf(await readUntil(started, () => true))
      const task = await client.getTask(target(), id, never)
      assert.ok(['TASK_STATE_SUBMITTED', 'TASK_STATE_WORKING'].includes(task.value.status.state))

      const followed = client.subscribe(target(), id, never)[Symbol.asyncIterator]()
      const [snapshot] = await readUntil(followed, () => true)
      assert.equal(snapshot?.value.task?.id, id)
      const rest = readUntil(followed, (event) => /CANCELED$/.test(gist(event)))
      const canceled = await client.cancelTask(target(), id, undefined, never)

      assert.equal(canceled.value.status.state, 'TASK_STATE_CANCELED')
      await readUntil(started, (event) => gist(event) === 'CANCELED')
      await rest
    })

    test('is told its errors apart', async () => {
      await assert.rejects(client.getTask(target(), 'no-such-task', never), {
        kind: 'refused',
        code: 'task_not_found',
      })
      await assert.rejects(client.cancelTask(target(), 'no-such-task', undefined, never), {
        kind: 'refused',
        code: 'task_not_found',
      })
      const finished = taskIdOf(await send('echo done'))
      await assert.rejects(client.cancelTask(target(), finished, undefined, never), {
        kind: 'refused',
        code: 'task_not_cancelable',
      })
      await assert.rejects(send('more', { taskId: finished }), { kind: 'refused' })
    })

    test('says which extensions it activates, before its first answer', async () => {
      for (const streaming of [true, false]) {
        const told: string[] = []
        const options: AgentCallOptions = {
          ...never,
          extensions: ['https://ext.example/unknown', SHOUT],
          onActivated: (extensions) => told.push(...extensions),
        }
        for await (const _ of client.send(target(streaming), request('shout hello'), options)) {
          assert.deepEqual(told, [SHOUT])
        }
      }
      const told: string[] = []
      const options: AgentCallOptions = { ...never, onActivated: (extensions) => told.push(...extensions) }
      await send('shout hello', {}, true, options)
      assert.deepEqual(told, [])
    })

    test('shows its extended card', async () => {
      const card = agentCardCheck.parse(JSON.parse(await client.getExtendedCard(target(), never)))
      assert.ok(card.skills.some(({ id }) => id === 'whisper'))
    })

    test('leaves nothing open when the signal ends a quiet stream', async () => {
      const stop = new AbortController()
      const reason = new Error('stopped')
      const events = client.send(target(), request('slow 60000'), { signal: stop.signal, onBehalfOf: ADA })
      const iterator = events[Symbol.asyncIterator]()
      await readUntil(iterator, (event) => gist(event).includes('WORKING'))
      const next = iterator.next()
      stop.abort(reason)
      await assert.rejects(next, reason)
    })
  })
}
