import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { type Message, SendMessageRequest, type StreamResponse, type Task, TaskState } from '@a2a-js/sdk'
import {
  type Client,
  ClientFactory,
  DefaultAgentCardResolver,
  JsonRpcTransportFactory,
  RestTransportFactory,
} from '@a2a-js/sdk/client'
import { GrpcTransportFactory } from '@a2a-js/sdk/client/grpc'
import { TaskNotCancelableError, TaskNotFoundError } from '@a2a-js/sdk/errors'
import { agentCardCheck } from '../../src/a2a/agent-card.ts'
import { type ScenarioAgent, startAgent } from './agent.ts'
import { SHOUT } from './extension.ts'
import { FORMS, type Form, formPath, formUrl } from './forms.ts'

const COMPAT = { legacyCompat: { enabled: true } }

const request = (text: string, more: object = {}, configuration: object = {}) =>
  SendMessageRequest.fromJSON({
    message: { messageId: randomUUID(), role: 'ROLE_USER', parts: [{ text }], ...more },
    configuration,
  })

const asTask = (answer: Task | Message): Task => {
  assert.ok('artifacts' in answer, 'the answer is a task')
  return answer
}
const textIn = (parts: Message['parts'] | undefined) =>
  parts?.map(({ content }) => (content?.$case === 'text' ? content.value : '')).join('')
const summary = (task: Task) => [
  task.status && TaskState[task.status.state],
  textIn(task.artifacts[0]?.parts) ?? textIn(task.status?.message?.parts),
]

async function collect(
  events: AsyncIterable<StreamResponse>,
  seen: StreamResponse[] = [],
): Promise<readonly StreamResponse[]> {
  for await (const event of events) seen.push(event)
  return seen
}
const taskIdOf = ([first]: readonly StreamResponse[]) =>
  first?.payload?.$case === 'task' ? first.payload.value.id : ''
const lastState = (events: readonly StreamResponse[]) => {
  const payload = events.at(-1)?.payload
  return payload?.$case === 'statusUpdate' && payload.value.status && TaskState[payload.value.status.state]
}

describe('each form of the scenario agent', { concurrency: true }, () => {
  let agent: ScenarioAgent
  let folder: string
  let recordFile: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'scenario-forms-'))
    recordFile = join(folder, 'record.jsonl')
    agent = await startAgent({ port: 0, streaming: true, recordFile, crash: () => undefined })
  })
  after(async () => {
    await agent[Symbol.asyncDispose]()
    await rm(folder, { recursive: true })
  })

  const cardOf = async (form: Form): Promise<unknown> =>
    (await fetch(`${agent.url}${formPath(form)}/.well-known/agent-card.json`)).json()

  /** The SDK's client from the card of this form; answers over HTTP pass `note`. */
  const connect = (form: Form, note: (response: Response) => void = () => undefined): Promise<Client> => {
    const fetchImpl: typeof fetch = async (...args) => {
      const response = await fetch(...args)
      note(response)
      return response
    }
    return new ClientFactory({
      cardResolver: new DefaultAgentCardResolver(COMPAT),
      transports: [
        new JsonRpcTransportFactory({ ...COMPAT, fetchImpl }),
        new RestTransportFactory({ ...COMPAT, fetchImpl }),
        new GrpcTransportFactory(COMPAT),
      ],
    }).createFromUrl(`${agent.url}${formPath(form)}/`, '.well-known/agent-card.json')
  }
  const recordOf = async (messageId: string): Promise<unknown> =>
    (await readFile(recordFile, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
      .find((line) => line.messageId === messageId)

  for (const form of FORMS) {
    describe(`A2A ${form.version} over ${form.binding}`, () => {
      it('has a card that offers this form only', async () => {
        const card = await cardOf(form)
        const client = await connect(form)

        const { protocolName, protocolVersion } = client.transport
        assert.deepEqual([protocolName, protocolVersion], [form.binding, form.version])
        const url = formUrl(agent, form)
        if (form.version === '1.0') {
          assert.deepEqual(agentCardCheck.violations(card), [])
          const supportedInterfaces = [{ url, protocolBinding: form.binding, protocolVersion: '1.0' }]
          assert.partialDeepStrictEqual(card, { supportedInterfaces })
        } else {
          assert.partialDeepStrictEqual(card, {
            url,
            preferredTransport: form.binding,
            protocolVersion: '0.3.0',
          })
          assert.ok(!Object.hasOwn(Object(card), 'supportedInterfaces'))
        }
      })

      it('answers with tasks and with messages', async () => {
        const client = await connect(form)
        const send = (text: string) => client.sendMessage(request(text))

        assert.deepEqual(summary(asTask(await send('echo hello'))), ['TASK_STATE_COMPLETED', 'hello'])
        assert.deepEqual(summary(asTask(await send('reject')))[0], 'TASK_STATE_REJECTED')
        assert.deepEqual(summary(asTask(await send('fail')))[0], 'TASK_STATE_FAILED')
        const message = await send('message hi')
        assert.equal('parts' in message ? textIn(message.parts) : undefined, 'hi')
        assert.deepEqual(
          (await collect(client.sendMessageStream(request('message hi')))).map(
            ({ payload }) => payload?.$case,
          ),
          ['message'],
        )
      })

      it('streams an artifact in chunks', async () => {
        const client = await connect(form)

        const events = await collect(client.sendMessageStream(request('stream 3 1')))

        assert.equal(events.filter(({ payload }) => payload?.$case === 'artifactUpdate').length, 3)
        assert.equal(lastState(events), 'TASK_STATE_COMPLETED')
        const stored = await client.getTask({ tenant: '', id: taskIdOf(events) })
        assert.deepEqual(summary(stored), ['TASK_STATE_COMPLETED', 'chunk 1 chunk 2 chunk 3 '])
      })

      it('asks for input and takes the answer on the same task', async () => {
        const client = await connect(form)

        const asked = asTask(await client.sendMessage(request('input')))
        const answered = asTask(await client.sendMessage(request('blue', { taskId: asked.id })))

        assert.equal(summary(asked)[0], 'TASK_STATE_INPUT_REQUIRED')
        assert.equal(answered.id, asked.id)
        assert.deepEqual(summary(answered), ['TASK_STATE_COMPLETED', 'You said: blue'])
      })

      it('cancels slow work and refuses to cancel stubborn work', async () => {
        const client = await connect(form)
        const start = async (text: string) =>
          asTask(await client.sendMessage(request(text, {}, { returnImmediately: true }))).id
        const cancel = (id: string) => client.cancelTask({ tenant: '', id, metadata: undefined })

        const canceled = await cancel(await start('slow 60000'))

        assert.equal(summary(canceled)[0], 'TASK_STATE_CANCELED')
        await assert.rejects(cancel(await start('stubborn 60000')), TaskNotCancelableError)
        await assert.rejects(cancel('no-such-task'), TaskNotFoundError)
      })

      it('cuts a stream and lets it be resumed', async () => {
        const client = await connect(form)
        const seen: StreamResponse[] = []

        await assert.rejects(collect(client.sendMessageStream(request('drop 2 60000')), seen))
        const resumed: StreamResponse[] = []
        for await (const event of client.resubscribeTask({ tenant: '', id: taskIdOf(seen) })) {
          if (resumed.push(event) > 1) continue
          await client.cancelTask({ tenant: '', id: taskIdOf(seen), metadata: undefined })
        }

        assert.equal(seen.length, 2)
        assert.equal(taskIdOf(resumed), taskIdOf(seen))
        assert.equal(lastState(resumed), 'TASK_STATE_CANCELED')
        const again = request('droponce 1 1')
        await assert.rejects(client.sendMessage(again))
        assert.equal(summary(asTask(await client.sendMessage(again)))[0], 'TASK_STATE_COMPLETED')
      })

      it('goes wrong below A2A', async () => {
        const client = await connect(form)
        const stop = new AbortController()
        const hanging = assert.rejects(client.sendMessage(request('hang'), { signal: stop.signal }))

        await assert.rejects(client.sendMessage(request('status 503')), /503/)
        await assert.rejects(collect(client.sendMessageStream(request('status 503'))))
        if (form.binding !== 'GRPC') {
          for (const kind of ['html', 'json']) {
            await assert.rejects(client.sendMessage(request(`garbage ${kind}`)), kind)
          }
        }
        stop.abort()
        await hanging
      })

      it('has an extended card with one skill more', async () => {
        const client = await connect(form)
        const { skills } = await client.transport.getExtendedAgentCard(
          { tenant: '' },
          { serviceParameters: { 'A2A-Version': form.version } },
        )

        assert.deepEqual(
          skills.map(({ id }) => id),
          [...agent.card.skills.map(({ id }) => id), 'whisper'],
        )
        const task = asTask(await client.sendMessage(request('whisper HUSH')))
        assert.deepEqual(summary(task), ['TASK_STATE_COMPLETED', 'hush'])
      })

      it('activates its extension when asked to, and notes what it was sent', async () => {
        const echoed: (string | null)[] = []
        const header = form.version === '1.0' ? 'A2A-Extensions' : 'X-A2A-Extensions'
        const client = await connect(form, ({ headers }) => echoed.push(headers.get(header)))
        const options = { serviceParameters: { [header]: `https://example.com/other,${SHOUT}` } }
        const loud = request('shout hello')

        const active = asTask(await client.sendMessage(loud, options))
        const streamed = await collect(client.sendMessageStream(request('shout hello'), options))
        const inactive = asTask(await client.sendMessage(request('shout hello')))

        assert.deepEqual(summary(active), ['TASK_STATE_COMPLETED', 'HELLO'])
        assert.match(JSON.stringify(streamed), /HELLO/)
        assert.deepEqual(summary(inactive), ['TASK_STATE_COMPLETED', 'hello'])
        assert.deepEqual(echoed, form.binding === 'GRPC' ? [] : [SHOUT, SHOUT, null])
        assert.partialDeepStrictEqual(await recordOf(loud.message?.messageId ?? ''), {
          skill: 'shout',
          version: form.version,
          binding: form.binding,
          headers: { 'a2a-version': form.version, [header.toLowerCase()]: options.serviceParameters[header] },
        })
      })
    })
  }
})
