import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { Task } from '@a2a-js/sdk'
import { SHOUT } from '../../examples/scenario-agent/extension.ts'
import { at, listAt } from '../e2e/json-path.ts'
import { refused } from '../equivalence/refused.ts'
import { type HttpReply, replies } from '../equivalence/sdk-client.ts'
import { told } from '../equivalence/sdk-refusal.ts'
import {
  all,
  asTask,
  cancel,
  finished,
  started,
  stateOf,
  story,
  stream,
  summary,
  textIn,
  textMessage,
} from '../equivalence/sdk-requests.ts'
import { nameOf, WAYS, type Way } from '../equivalence/ways.ts'
import { type Bridge, openBridge } from './open-bridge.ts'

const PAIRS = WAYS.flatMap((client) => WAYS.map((agent) => ({ client, agent })))

/** Every client speaks to every agent: the same task, whatever either side speaks. */
describe('the bridge', { concurrency: 4 }, () => {
  let bridge: Bridge
  before(async () => {
    bridge = await openBridge()
  })
  after(() => bridge[Symbol.asyncDispose]())

  for (const { client, agent } of PAIRS) {
    describe(`from ${nameOf(client)} to ${nameOf(agent)}`, { concurrency: true }, () => {
      describePair(client, agent)
    })
  }

  function describePair(from: Way, to: Way) {
    const connect = () => bridge.connect(from, to)

    it('answers a blocking send with the finished task', async () => {
      const client = await connect()
      const request = textMessage('echo Grüße ✓')

      const task = asTask(await told(() => client.sendMessage(request)))

      const done = {
        state: 'COMPLETED',
        said: 'Grüße ✓',
        artifacts: ['result: Grüße ✓'],
        history: ['1: echo Grüße ✓'],
      }
      assert.deepEqual(summary(task), done)
      assert.deepEqual(summary(await told(() => client.getTask({ tenant: '', id: task.id }))), done)
      const { version, binding } = to
      assert.partialDeepStrictEqual(await bridge.received(request.message?.messageId ?? ''), {
        version,
        binding,
      })
    })

    it('streams an artifact in chunks', async () => {
      const client = await connect()

      const events = await all(stream(client, 'stream 3 1'))

      assert.deepEqual(story(events), [
        'task SUBMITTED',
        'status WORKING',
        'artifact chunk 1 ',
        'artifact chunk 2 ',
        'artifact chunk 3 (last)',
        'status COMPLETED',
      ])
      const first = events[0]?.payload
      assert.ok(first?.$case === 'task')
      const stored = await told(() => client.getTask({ tenant: '', id: first.value.id }))
      assert.equal(textIn(stored.artifacts[0]?.parts), 'chunk 1 chunk 2 chunk 3 ')
    })

    it('goes on with a stream that breaks off at the agent', async () => {
      const client = await connect()

      const events = await all(stream(client, 'drop 3 300'))

      assert.equal(story(events).at(-1), 'status COMPLETED')
      const first = events[0]?.payload
      assert.ok(first?.$case === 'task')
      const stored = await told(() => client.getTask({ tenant: '', id: first.value.id }))
      assert.equal(textIn(stored.artifacts[0]?.parts), 'chunk 1 chunk 2 chunk 3 ')
    })

    it('cancels a task that runs', async () => {
      const client = await connect()
      const { id } = await started(client, 'slow 60000')

      assert.equal(stateOf((await cancel(client, id)).status), 'CANCELED')
    })

    it('carries a question, and its answer on the same task', async () => {
      const client = await connect()

      const asked = await finished(client, 'input')
      const answered = await finished(client, 'blue', { taskId: asked.id, contextId: asked.contextId })

      assert.equal(stateOf(asked.status), 'INPUT_REQUIRED')
      assert.deepEqual([answered.id, answered.contextId], [asked.id, asked.contextId])
      assert.deepEqual(summary(answered), {
        state: 'COMPLETED',
        said: 'You said: blue',
        artifacts: ['result: You said: blue'],
        history: ['1: input', '2: Which colour would you like?', '1: blue'],
      })
    })

    it('carries files and data, as far as both sides have words for them', async () => {
      const client = await connect()
      const named = [from, to].some(usesLegacyProtobuf) ? {} : { filename: 'hello.txt' }
      const list = ['a', 1, false]

      const files = partsIn(await finished(client, 'file'))
      const [object, array] = partsIn(await finished(client, 'data'))

      assert.deepEqual(files, [
        { raw: usesLegacyProtobuf(from) ? btoa('aGVsbG8K') : 'aGVsbG8K', mediaType: 'text/plain', ...named },
        { url: 'https://example.com/hello.txt', mediaType: 'text/plain', ...named },
      ])
      assert.deepEqual(object, { data: { colour: 'blue', sizes: [1, 2] } })
      assert.deepEqual(array, { data: [from, to].some(usesLegacyProtobuf) ? { value: list } : list })
    })

    it('passes a plain message on as one', async () => {
      const client = await connect()

      const answer = await told(() => client.sendMessage(textMessage('message hi')))

      assert.ok('parts' in answer, 'the answer is a message')
      assert.equal(textIn(answer.parts), 'hi')
      assert.equal(answer.taskId, '')
      assert.notEqual(answer.contextId, '')
      assert.deepEqual(story(await all(stream(client, 'message hi'))), ['message hi'])
    })

    it('says which error it is: the agent’s, and our own', async () => {
      const client = await connect()

      for await (const { payload } of stream(client, 'stubborn 10000')) {
        if (payload?.$case !== 'statusUpdate') continue
        await refused(cancel(client, payload.value.taskId), 'TASK_NOT_CANCELABLE')
        break
      }
      await refused(cancel(client, 'no-such-task'), 'TASK_NOT_FOUND')
      await refused(finished(client, 'more', { taskId: 'no-such-task' }), 'TASK_NOT_FOUND')
      const rejected = await finished(client, 'reject')
      assert.equal(stateOf(rejected.status), 'REJECTED')
    })

    it('passes an extension on, and its activation back, by the name each side has for the header', async () => {
      const client = await connect()
      const loud = textMessage('shout hello')
      const serviceParameters = { 'A2A-Extensions': `${SHOUT},https://example.com/extensions/unknown` }
      const seen: { reply?: HttpReply } = {}

      const task = asTask(await replies.run(seen, () => client.sendMessage(loud, { serviceParameters })))

      assert.equal(summary(task).said, 'HELLO')
      const headers = at(await bridge.received(loud.message?.messageId ?? ''), 'headers')
      assert.ok(
        String(at(headers, extensionsHeader(to)))
          .split(/, ?/)
          .includes(SHOUT),
        JSON.stringify(headers),
      )
      // The SDK's clients do not show the metadata that comes with an answer of gRPC.
      if (from.binding !== 'GRPC') assert.equal(seen.reply?.headers.get(extensionsHeader(from)), SHOUT)
    })
  }
})

/**
 * There the SDK has no names of files, and no marks that tell wrapped data from data. And what it reads as a file is the
 * file's base64, as the SDKs of other languages have it.
 */
const usesLegacyProtobuf = ({ version, binding }: Way): boolean => version === '0.3' && binding !== 'JSONRPC'

const partsIn = (task: Task): readonly unknown[] => listAt(Task.toJSON(task), 'artifacts', 0, 'parts')

const extensionsHeader = ({ version }: Way): string =>
  version === '1.0' ? 'a2a-extensions' : 'x-a2a-extensions'
