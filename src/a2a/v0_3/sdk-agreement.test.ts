import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { StreamResponse } from '@a2a-js/sdk'
import { legacyPushNotificationToV1StreamResponse } from '@a2a-js/sdk/compat/v0_3'
import { legacyRestRouter } from '@a2a-js/sdk/compat/v0_3/server/express'
import { UnauthenticatedUser } from '@a2a-js/sdk/server'
import express from 'express'
import fc from 'fast-check'
import { isObject } from '../json-object.ts'
import { wireOf } from '../wire.ts'
import { V0_3_JSON } from './json/dialect.ts'
import { methodOfOperation } from './json/methods.ts'
import { V0_3_PROTO } from './proto/dialect.ts'
import { callSdk, meaningful, type Script, scriptedAgent } from './sdk.case.ts'
import { answer, event, pushConfig, sendRequest, task } from './v1-texts.case.ts'

const EXTENT = { hasReferences: true, hasUnknown: false, hasPartMetadata: true }
const RUNS = { numRuns: 30 }

/** The SDK's copies take members named so for something else, and it has no `data` that is null. */
const isPlain = (text: string): boolean => !text.includes('__proto__') && !text.includes('"data":null')
const plain = (texts: fc.Arbitrary<string>): fc.Arbitrary<string> => texts.filter(isPlain)

/** Equal in what means something; both sides pass through JSON, which has one zero. */
function assertSame(actual: unknown, expected: unknown): void {
  const told = (value: unknown): unknown => JSON.parse(JSON.stringify(meaningful(value) ?? {}))
  assert.deepEqual(told(actual), told(expected))
}

/** What we let travel in a part's metadata and the SDK drops. */
const withoutCarried = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value), (name, member: unknown) =>
    name === 'https://parley.dev/part' ? undefined : member,
  )

const withoutPartTypes = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withoutPartTypes)
  if (typeof value !== 'object' || value === null) return value
  const isSaid = 'text' in value || 'data' in value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => !(isSaid && (name === 'mediaType' || name === 'filename')))
      .map(([name, member]) => [
        name,
        name === 'metadata' || name === 'data' ? member : withoutPartTypes(member),
      ]),
  )
}

describe('0.3 JSON and the official SDK', () => {
  it('agree on what a send asks', async () => {
    await fc.assert(
      fc.asyncProperty(plain(sendRequest(EXTENT)), async (text) => {
        const script: Script = { answer: { message: { messageId: 'm', role: 'ROLE_AGENT', parts: [] } } }
        const params: unknown = JSON.parse(V0_3_JSON.encodeRequest('SendMessage', text))

        await callSdk(script, 'message/send', params)

        assertSame(withoutCarried(withoutPartTypes(script.asked)), withoutPartTypes(JSON.parse(text)))
      }),
      RUNS,
    )
  })

  it('agree on what an answer says to a client', async () => {
    await fc.assert(
      fc.asyncProperty(plain(answer(EXTENT)), async (text) => {
        const theirs = await callSdk({ answer: JSON.parse(text) }, 'message/send', {
          message: { kind: 'message', messageId: 'm', role: 'user', parts: [] },
        })

        const ours: unknown = JSON.parse(V0_3_JSON.encodeResult('SendMessage', text))

        assertSame(withoutCarried(ours), theirs)
      }),
      RUNS,
    )
  })

  it('agree on what an event says to a client', async () => {
    await fc.assert(
      fc.asyncProperty(plain(event(EXTENT)), async (text) => {
        const theirs = await callSdk({ answer: JSON.parse(text) }, 'tasks/resubscribe', { id: 'task' })

        const ours: unknown = JSON.parse(V0_3_JSON.encodeEvent('SubscribeToTask', text))

        assertSame(withoutCarried(ours), theirs)
      }),
      RUNS,
    )
  })

  it('agree on what an event of an agent says', () => {
    fc.assert(
      fc.property(plain(event(EXTENT)), (text) => {
        const sent: unknown = JSON.parse(V0_3_JSON.encodeEvent('SubscribeToTask', text))
        fc.pre(
          Reflect.get(Object(sent), 'kind') !== 'task' ||
            Reflect.get(Object(sent), 'contextId') !== undefined,
        )

        const theirs = StreamResponse.toJSON(legacyPushNotificationToV1StreamResponse(sent))
        const ours = V0_3_JSON.decodeEvent(wireOf(JSON.stringify(sent))).value

        assertSame(withoutPartTypes(ours), withoutCarried(theirs))
      }),
      RUNS,
    )
  })

  it('agree on tasks and on push notification configs', async () => {
    await fc.assert(
      fc.asyncProperty(plain(task(EXTENT)), plain(pushConfig), async (stored, config) => {
        const theirTask = await callSdk({ answer: JSON.parse(stored) }, 'tasks/get', { id: 'task' })
        const script: Script = { answer: JSON.parse(config) }
        const set = V0_3_JSON.encodeRequest('CreateTaskPushNotificationConfig', config)
        const theirConfig = await callSdk(script, 'tasks/pushNotificationConfig/set', JSON.parse(set))
        const theirList = await callSdk(script, 'tasks/pushNotificationConfig/list', { id: 'task' })

        assertSame(withoutCarried(JSON.parse(V0_3_JSON.encodeResult('GetTask', stored))), theirTask)
        assertSame(script.asked, JSON.parse(config))
        assertSame(
          JSON.parse(V0_3_JSON.encodeResult('CreateTaskPushNotificationConfig', config)),
          theirConfig,
        )
        const list = `{"configs":[${config}],"nextPageToken":""}`
        assertSame(JSON.parse(V0_3_JSON.encodeResult('ListTaskPushNotificationConfigs', list)), theirList)
      }),
      RUNS,
    )
  })

  it('know the same methods', async () => {
    const script: Script = { answer: { id: 'task', status: { state: 'TASK_STATE_WORKING' } } }
    for (const operation of V0_3_JSON.operations) {
      const method = methodOfOperation(operation)
      assert.ok(method)

      const refused = await callSdk(script, method, { id: 'task' }).then(
        () => '',
        (error: Error) => error.message,
      )

      assert.doesNotMatch(refused, /-32601/)
    }
  })
})

describe('0.3 JSON differs from the official SDK on purpose', () => {
  it('in a configuration that does not say whether to wait: a send waits unless it is told not to', async () => {
    const params = {
      message: { kind: 'message', messageId: 'm', role: 'user', parts: [{ kind: 'text', text: 'hi' }] },
      configuration: { acceptedOutputModes: ['text/plain'] },
    }
    const script: Script = { answer: { message: { messageId: 'm', role: 'ROLE_AGENT', parts: [] } } }

    await callSdk(script, 'message/send', params)
    const ours = V0_3_JSON.decodeRequest('SendMessage', wireOf(JSON.stringify(params))).value

    assert.equal(
      Reflect.get(Object(Reflect.get(Object(script.asked), 'configuration')), 'returnImmediately'),
      true,
    )
    assert.deepEqual(Reflect.get(Object(ours), 'configuration'), { acceptedOutputModes: ['text/plain'] })
  })

  it('in what ends a stream: the one of a send also ends where the client has to go on', async () => {
    const text = JSON.stringify({
      statusUpdate: { taskId: 't', contextId: 'c', status: { state: 'TASK_STATE_INPUT_REQUIRED' } },
    })
    const params = { message: { kind: 'message', messageId: 'm', role: 'user', parts: [] } }

    const theirs = await callSdk({ answer: JSON.parse(text) }, 'message/stream', params)

    assert.equal(Reflect.get(Object(theirs), 'final'), false)
    assert.equal(JSON.parse(V0_3_JSON.encodeEvent('SendStreamingMessage', text)).final, true)
    assert.equal(JSON.parse(V0_3_JSON.encodeEvent('SubscribeToTask', text)).final, false)
  })

  it('in a state nobody knows: the task has not ended', () => {
    const event = {
      kind: 'status-update',
      taskId: 't',
      contextId: 'c',
      status: { state: 'unknown' },
      final: false,
    }

    const theirs = StreamResponse.toJSON(legacyPushNotificationToV1StreamResponse(event))
    const ours = V0_3_JSON.decodeEvent(wireOf(JSON.stringify(event))).value

    assert.deepEqual(Reflect.get(Object(theirs), 'statusUpdate').status, {})
    assert.deepEqual(Reflect.get(Object(ours), 'statusUpdate').status, { state: 'TASK_STATE_WORKING' })
  })
})

describe('0.3 proto-JSON and the official SDK', () => {
  const script: Script = {}
  const app = express()
  app.use(
    legacyRestRouter({
      requestHandler: scriptedAgent(script),
      userBuilder: async () => new UnauthenticatedUser(),
    }),
  )
  const server = createServer(app)
  let base = ''

  before(async () => {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`
  })
  after(() => server.close())

  const post = async (path: string, body?: string): Promise<string> => {
    const response = await fetch(base + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'a2a-version': '0.3' },
      ...(body !== undefined && { body }),
    })
    const text = await response.text()
    assert.ok(response.ok, text)
    return text
  }
  /** The SDK's form of protobuf has no metadata on parts, also not our mark of wrapped data, and no names of files. */
  const partAsTheyHoldIt = (part: unknown): object =>
    Object.fromEntries(
      Object.entries(Object(part))
        .filter(([name]) => name !== 'metadata' && name !== 'filename')
        .map(([name, member]) => [name, name === 'data' && !isObject(member) ? { value: member } : member]),
    )
  const asTheyHoldIt = (value: unknown): unknown =>
    JSON.parse(JSON.stringify(withoutPartTypes(value)), (name, member: unknown) => {
      if (name === 'parts' && Array.isArray(member)) return member.map(partAsTheyHoldIt)
      return name === 'historyLength' ? undefined : member
    })
  const small = { hasReferences: false, hasUnknown: false, hasPartMetadata: true }
  /** Files are where we differ. */
  const withoutFiles = (texts: fc.Arbitrary<string>) =>
    plain(texts).filter((text) => !text.includes('"raw":'))

  it('agree on a send and its answer', async () => {
    await fc.assert(
      fc.asyncProperty(
        withoutFiles(sendRequest(small)),
        withoutFiles(answer(small)),
        async (request, answered) => {
          script.answer = JSON.parse(answered)

          const reply = await post('/message:send', V0_3_PROTO.encodeRequest('SendMessage', request))
          const ours = V0_3_PROTO.decodeResult('SendMessage', wireOf(reply)).value

          assertSame(asTheyHoldIt(script.asked), asTheyHoldIt(JSON.parse(request)))
          assertSame(asTheyHoldIt(ours), asTheyHoldIt(JSON.parse(answered)))
        },
      ),
      RUNS,
    )
  })

  it('agree on an event of a stream', async () => {
    await fc.assert(
      fc.asyncProperty(withoutFiles(event(small)), async (text) => {
        script.answer = JSON.parse(text)

        const reply = await post('/tasks/task:subscribe')
        const data = /^data: ([^\n]*)/m.exec(reply)?.[1]
        assert.ok(data, reply)

        assertSame(asTheyHoldIt(V0_3_PROTO.decodeEvent(wireOf(data)).value), asTheyHoldIt(JSON.parse(text)))
      }),
      RUNS,
    )
  })

  it('agree on a push notification config', async () => {
    const isSegment = (id: string = 'id'): boolean => /^[\w ]+$/.test(id)
    const nameable = pushConfig.filter((text) => {
      const { taskId, id } = JSON.parse(text)
      return isSegment(taskId) && isSegment(id)
    })

    await fc.assert(
      fc.asyncProperty(plain(nameable), async (text) => {
        script.answer = JSON.parse(text)
        const { taskId } = JSON.parse(text)
        const request = JSON.parse(V0_3_PROTO.encodeRequest('CreateTaskPushNotificationConfig', text))

        const reply = await post(
          `/tasks/${encodeURIComponent(taskId)}/pushNotificationConfigs`,
          JSON.stringify(request.config),
        )

        const ours = V0_3_PROTO.decodeResult('CreateTaskPushNotificationConfig', wireOf(reply)).value
        assertSame(ours, JSON.parse(text))
      }),
      RUNS,
    )
  })

  it('differ in what the bytes of a file are: its base64, which is how Python and Java have it', async () => {
    const raw = Buffer.from('Hello').toString('base64')
    const message = { messageId: 'm', role: 'ROLE_USER', parts: [{ raw }] }
    script.answer = { message }

    const reply = await post(
      '/message:send',
      V0_3_PROTO.encodeRequest('SendMessage', JSON.stringify({ message })),
    )

    const asked = script.asked as { message: { parts: readonly { raw: string }[] } }
    assert.equal(asked.message.parts[0]?.raw, Buffer.from(raw).toString('base64'))
    assert.deepEqual(V0_3_PROTO.decodeResult('SendMessage', wireOf(reply)).value, { message })
  })
})
