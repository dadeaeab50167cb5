import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { violationsOf } from '../../violations.case.ts'
import { wireOf } from '../../wire.ts'
import { V0_3_JSON } from './dialect.ts'

const wire = (value: unknown) => wireOf(JSON.stringify(value))
const json = (text: string): unknown => JSON.parse(text)

const hello = { kind: 'message', messageId: 'm', role: 'user', parts: [{ kind: 'text', text: 'Hello' }] }

describe('a client’s request in 0.3 JSON', () => {
  const send = (params: object): unknown => V0_3_JSON.decodeRequest('SendMessage', wire(params)).value

  it('waits unless it says not to', () => {
    assert.deepEqual(send({ message: hello, configuration: { blocking: false } }), {
      message: { messageId: 'm', role: 'ROLE_USER', parts: [{ text: 'Hello' }] },
      configuration: { returnImmediately: true },
    })
    for (const blocking of [true, null, undefined]) {
      const request = send({ message: hello, configuration: { blocking } }) as { configuration: object }
      assert.deepEqual(request.configuration, {})
    }
  })

  it('may ask for no history at all', () => {
    const request = { id: 't', historyLength: 0, metadata: { dropped: true } }

    assert.deepEqual(V0_3_JSON.decodeRequest('GetTask', wire(request)).value, { id: 't', historyLength: 0 })
  })

  it('may leave out what a part is, and say null for nothing', () => {
    const parts = [
      { text: 'a', metadata: null },
      { file: { uri: 'https://f.example', bytes: null, name: '', mimeType: 'image/png' } },
      { file: { url: 'https://f.example', sizeInBytes: 5 } },
      { data: { a: null } },
      { data: [1] },
    ]

    assert.deepEqual(
      send({ message: { ...hello, parts, taskId: null }, configuration: null, metadata: null }),
      {
        message: {
          messageId: 'm',
          role: 'ROLE_USER',
          parts: [
            { text: 'a' },
            { url: 'https://f.example', mediaType: 'image/png' },
            { url: 'https://f.example' },
            { data: { a: null } },
            { data: [1] },
          ],
        },
      },
    )
  })

  it('keeps members nobody knows in messages and parts, but for those that 1.0 would take for its own', () => {
    const parts = [{ kind: 'text', text: 'a', mediaType: 5, raw: 'no', 'x-part': [1] }]

    assert.deepEqual(send({ message: { ...hello, parts, 'x-message': 1 }, 'x-params': 1 }), {
      message: {
        messageId: 'm',
        role: 'ROLE_USER',
        parts: [{ text: 'a', 'x-part': [1] }],
        'x-message': 1,
      },
    })
  })

  it('is told all that is wrong with it, where it is', () => {
    const message = {
      kind: 'task',
      role: 'ROLE_USER',
      parts: [
        { kind: 'text' },
        { kind: 'file', file: { bytes: 'not base64!', uri: 'https://f.example' } },
        { kind: 'video', text: 'x' },
      ],
    }

    assert.deepEqual(violationsOf(() => send({ message, configuration: { historyLength: -1 } })).toSorted(), [
      '/configuration/historyLength minimum',
      '/message/kind const',
      '/message/messageId required',
      '/message/parts/0 oneOf',
      '/message/parts/1/file oneOf',
      '/message/parts/1/file/bytes pattern',
      '/message/parts/2/kind enum',
      '/message/role enum',
    ])
  })

  it('sets a push notification config, of whose schemes the first counts', () => {
    const set = (authentication: object): unknown =>
      Reflect.get(
        Object(
          V0_3_JSON.decodeRequest(
            'CreateTaskPushNotificationConfig',
            wire({
              taskId: 't',
              pushNotificationConfig: { url: 'https://w.example', token: '', authentication },
            }),
          ).value,
        ),
        'authentication',
      )

    assert.deepEqual(set({ schemes: ['Basic', 'Bearer'], credentials: 'c' }), {
      scheme: 'Basic',
      credentials: 'c',
    })
    assert.deepEqual(set({ schemes: [], credentials: 'c' }), { scheme: 'Bearer', credentials: 'c' })
    assert.equal(set({ schemes: [] }), undefined)
    assert.equal(set({}), undefined)
  })

  it('names a task and a config by other members than 1.0', () => {
    const named = wire({ id: 't', pushNotificationConfigId: 'c' })

    assert.deepEqual(V0_3_JSON.decodeRequest('GetTaskPushNotificationConfig', named).value, {
      taskId: 't',
      id: 'c',
    })
    assert.deepEqual(V0_3_JSON.decodeRequest('GetTaskPushNotificationConfig', wire({ id: 't' })).value, {
      taskId: 't',
    })
    assert.deepEqual(V0_3_JSON.decodeRequest('ListTaskPushNotificationConfigs', named).value, { taskId: 't' })
    assert.deepEqual(
      violationsOf(() => V0_3_JSON.decodeRequest('DeleteTaskPushNotificationConfig', wire({ id: 't' }))),
      ['/pushNotificationConfigId required'],
    )
  })
})

describe('an agent’s answer in 0.3 JSON', () => {
  const event = (value: unknown): unknown => V0_3_JSON.decodeEvent(wire(value)).value

  it('is told apart by its kind, or by what it has', () => {
    const status = { state: 'working' }
    const answers = {
      task: { id: 't', status },
      message: { messageId: 'm', parts: [{ text: 'x' }] },
      statusUpdate: { taskId: 't', status },
      artifactUpdate: { taskId: 't', artifact: { artifactId: 'a', parts: [] } },
    }
    const kinds = ['task', 'message', 'status-update', 'artifact-update']

    for (const [index, [member, answer]] of Object.entries(answers).entries()) {
      assert.deepEqual(Object.keys(Object(event(answer))), [member])
      assert.deepEqual(event({ ...answer, kind: kinds[index] }), event(answer))
    }
  })

  it('that is none of these, or not of this operation, is refused', () => {
    for (const value of [null, 'x', [], {}, { kind: 'error' }, { kind: 5 }]) {
      assert.deepEqual(
        violationsOf(() => event(value)),
        ['/kind enum'],
      )
    }
    const update = { kind: 'status-update', taskId: 't', status: { state: 'working' } }
    assert.deepEqual(
      violationsOf(() => V0_3_JSON.decodeResult('SendMessage', wire(update))),
      ['/kind enum'],
    )
  })

  it('may leave out what can be done without', () => {
    const task = {
      id: 't',
      status: { state: 'unknown', timestamp: '2023-10-27T10:00:00.123456', message: { messageId: 'm' } },
      artifacts: null,
      history: [{ messageId: 'n', parts: [] }],
      final: true,
    }

    assert.deepEqual(V0_3_JSON.decodeResult('GetTask', wire(task)).value, {
      id: 't',
      status: {
        state: 'TASK_STATE_WORKING',
        message: { messageId: 'm', role: 'ROLE_AGENT', parts: [{ text: '' }] },
        timestamp: '2023-10-27T10:00:00.123Z',
      },
      history: [{ messageId: 'n', role: 'ROLE_AGENT', parts: [{ text: '' }] }],
      final: true,
    })
  })

  it('has no time when its time cannot be read', () => {
    for (const timestamp of ['soon', 5, {}]) {
      const task = { id: 't', status: { state: 'completed', timestamp } }
      assert.deepEqual(V0_3_JSON.decodeResult('GetTask', wire(task)).value, {
        id: 't',
        status: { state: 'TASK_STATE_COMPLETED' },
      })
    }
  })

  it('lists configs bare', () => {
    const config = { taskId: 't', pushNotificationConfig: { id: 'c', url: 'https://w.example' } }

    assert.deepEqual(V0_3_JSON.decodeResult('ListTaskPushNotificationConfigs', wire([config])).value, {
      configs: [{ id: 'c', taskId: 't', url: 'https://w.example' }],
      nextPageToken: '',
    })
  })
})

describe('what 0.3 JSON is told', () => {
  it('says always whether to wait', () => {
    const message = '{"messageId":"m","role":"ROLE_USER","parts":[{"text":"Hello"}]}'
    const configurationOf = (request: string): unknown =>
      Reflect.get(Object(json(V0_3_JSON.encodeRequest('SendMessage', request))), 'configuration')

    assert.deepEqual(configurationOf(`{"message":${message}}`), { blocking: true })
    assert.deepEqual(configurationOf(`{"message":${message},"configuration":{"returnImmediately":true}}`), {
      blocking: false,
    })
  })

  it('says final where a stream ends, by its operation', () => {
    const finalIn = (operation: 'SendStreamingMessage' | 'SubscribeToTask', state: string): unknown =>
      Reflect.get(
        Object(
          json(
            V0_3_JSON.encodeEvent(
              operation,
              JSON.stringify({ statusUpdate: { taskId: 't', contextId: 'c', status: { state } } }),
            ),
          ),
        ),
        'final',
      )

    for (const state of ['COMPLETED', 'FAILED', 'CANCELED', 'REJECTED']) {
      assert.equal(finalIn('SendStreamingMessage', `TASK_STATE_${state}`), true)
      assert.equal(finalIn('SubscribeToTask', `TASK_STATE_${state}`), true)
    }
    for (const state of ['SUBMITTED', 'WORKING', 'AUTH_REQUIRED']) {
      assert.equal(finalIn('SendStreamingMessage', `TASK_STATE_${state}`), false)
    }
    assert.equal(finalIn('SendStreamingMessage', 'TASK_STATE_INPUT_REQUIRED'), true)
    assert.equal(finalIn('SubscribeToTask', 'TASK_STATE_INPUT_REQUIRED'), false)
  })

  it('wraps data that is no object, and carries what a part has no member for', () => {
    const parts = [
      { data: [1] },
      { data: null, mediaType: 'application/json' },
      { data: { a: 1 }, metadata: { data_part_compat: true } },
      { text: 'x', mediaType: 'text/plain' },
      { text: 'x', mediaType: 'text/markdown', filename: 'x.md' },
    ]
    const message = JSON.stringify({ message: { messageId: 'm', role: 'ROLE_AGENT', parts } })

    const sent = json(V0_3_JSON.encodeResult('SendMessage', message))

    assert.deepEqual(Reflect.get(Object(sent), 'parts'), [
      { kind: 'data', data: { value: [1] }, metadata: { data_part_compat: true } },
      { kind: 'data', data: { value: null }, metadata: { data_part_compat: true } },
      { kind: 'data', data: { value: { a: 1 } }, metadata: { data_part_compat: true } },
      { kind: 'text', text: 'x' },
      {
        kind: 'text',
        text: 'x',
        metadata: { 'https://parley.dev/part': { mediaType: 'text/markdown', filename: 'x.md' } },
      },
    ])
  })

  it('gets base64 in the standard alphabet, padded', () => {
    const message =
      '{"message":{"messageId":"m","role":"ROLE_AGENT","parts":[{"raw":"-_8"},{"raw":"+\\/8="}]}}'

    const { parts } = json(V0_3_JSON.encodeResult('SendMessage', message)) as {
      parts: readonly { file: object }[]
    }

    assert.deepEqual(
      parts.map(({ file }) => file),
      [{ bytes: '+/8=' }, { bytes: '+/8=' }],
    )
  })

  it('gets null for a config that was deleted', () => {
    assert.equal(V0_3_JSON.encodeResult('DeleteTaskPushNotificationConfig', '{}'), 'null')
    assert.deepEqual(V0_3_JSON.decodeResult('DeleteTaskPushNotificationConfig', wire(null)).value, {})
  })
})
