import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { membersOf, objectText, textOf } from '../../json-text.ts'
import { violationsOf } from '../../violations.case.ts'
import { wireOf } from '../../wire.ts'
import { V0_3_PROTO, V0_3_REST } from './dialect.ts'

const wire = (value: unknown) => wireOf(JSON.stringify(value))
const json = (text: string): unknown => JSON.parse(text)

const hello = { messageId: 'm', role: 'ROLE_USER', content: [{ text: 'Hello' }] }

describe('a client’s request in 0.3 proto-JSON', () => {
  const send = (request: object): unknown => V0_3_PROTO.decodeRequest('SendMessage', wire(request)).value

  it('may be spelled by JSON names, by proto names, and with enums by number', () => {
    const expected = {
      message: {
        messageId: 'm',
        contextId: 'c',
        role: 'ROLE_USER',
        parts: [
          { text: 'a' },
          { url: 'https://f.example', filename: 'f', mediaType: 'image/png' },
          { raw: 'AAAA' },
          { data: { snake_case: 1 } },
          { data: [1] },
        ],
      },
      configuration: { acceptedOutputModes: ['text/plain'], historyLength: 5 },
    }

    const byJsonName = {
      message: {
        messageId: 'm',
        contextId: 'c',
        role: 'ROLE_USER',
        content: [
          { text: 'a' },
          { file: { fileWithUri: 'https://f.example', name: 'f', mimeType: 'image/png' } },
          { file: { fileWithBytes: 'AAAA', fileWithUri: '' } },
          { data: { data: { snake_case: 1 } } },
          { data: { data: [1] } },
        ],
      },
      configuration: { acceptedOutputModes: ['text/plain'], historyLength: 5, blocking: true },
    }
    const byProtoName = {
      request: {
        message_id: 'm',
        context_id: 'c',
        task_id: '',
        role: 1,
        content: [
          { text: 'a' },
          { file: { file_with_uri: 'https://f.example', name: 'f', mime_type: 'image/png' } },
          { file: { file_with_bytes: 'AAAA' } },
          { data: { data: { snake_case: 1 } } },
          { data: { data: [1] } },
        ],
      },
      configuration: { accepted_output_modes: ['text/plain'], history_length: '5', blocking: true },
    }

    assert.deepEqual(send(byJsonName), expected)
    assert.deepEqual(send(byProtoName), { ...expected, message: { ...expected.message, taskId: '' } })
  })

  it('waits when it has no configuration, and else only when that says so', () => {
    const message = { messageId: 'm', role: 'ROLE_USER', parts: [{ text: 'Hello' }] }

    assert.deepEqual(send({ message: hello }), { message })
    assert.deepEqual(send({ message: hello, configuration: { blocking: true } }), {
      message,
      configuration: {},
    })
    for (const configuration of [{}, { blocking: false }, { historyLength: 0 }]) {
      assert.deepEqual(send({ message: hello, configuration }), {
        message,
        configuration: { returnImmediately: true },
      })
    }
  })

  it('cannot ask for no history: zero is without limit', () => {
    for (const historyLength of [0, '0', undefined, null]) {
      const request = wire({ name: 'tasks/t', historyLength })
      assert.deepEqual(V0_3_PROTO.decodeRequest('GetTask', request).value, { id: 't' })
    }
    assert.deepEqual(
      V0_3_PROTO.decodeRequest('GetTask', wire({ name: 'tasks/t', historyLength: '7' })).value,
      {
        id: 't',
        historyLength: 7,
      },
    )
    assert.equal(V0_3_PROTO.encodeRequest('GetTask', '{"id":"t","historyLength":0}'), '{"name":"tasks/t"}')
  })

  it('names a task by everything after the collection', () => {
    for (const id of ['t', 'a/b', '50%', 'tasks/x', ' ']) {
      const request = wire({ name: `tasks/${id}` })
      for (const operation of ['GetTask', 'CancelTask', 'SubscribeToTask'] as const) {
        assert.deepEqual(V0_3_PROTO.decodeRequest(operation, request).value, { id })
      }
    }
    for (const name of ['tasks/', 'task/t', '/tasks/t', 't', `tasks/${'x'.repeat(257)}`]) {
      assert.deepEqual(
        violationsOf(() => V0_3_PROTO.decodeRequest('GetTask', wire({ name }))),
        ['/name pattern'],
      )
    }
  })

  it('names a config by its task and everything after that', () => {
    const name = 'tasks/t/pushNotificationConfigs/a/b'

    for (const operation of ['GetTaskPushNotificationConfig', 'DeleteTaskPushNotificationConfig'] as const) {
      assert.deepEqual(V0_3_PROTO.decodeRequest(operation, wire({ name })).value, { taskId: 't', id: 'a/b' })
    }
    assert.deepEqual(
      violationsOf(() =>
        V0_3_PROTO.decodeRequest('GetTaskPushNotificationConfig', wire({ name: 'tasks/t' })),
      ),
      ['/name pattern'],
    )
    assert.deepEqual(
      V0_3_PROTO.decodeRequest('ListTaskPushNotificationConfigs', wire({ parent: 'tasks/t', page_size: 5 }))
        .value,
      { taskId: 't' },
    )
  })

  it('creates a config, whose own id counts more than the one beside it', () => {
    const create = (config_id: string, id: string): unknown =>
      V0_3_PROTO.decodeRequest(
        'CreateTaskPushNotificationConfig',
        wire({
          parent: 'tasks/t',
          config_id,
          config: {
            name: 'tasks/other/pushNotificationConfigs/other',
            push_notification_config: { id, url: 'https://w.example', token: '', authentication: {} },
          },
        }),
      ).value

    assert.deepEqual(create('beside', 'own'), { id: 'own', taskId: 't', url: 'https://w.example' })
    assert.deepEqual(create('beside', ''), { id: 'beside', taskId: 't', url: 'https://w.example' })
    assert.deepEqual(create('', ''), { taskId: 't', url: 'https://w.example' })
  })

  it('is told what is wrong with it, as it was spelled', () => {
    const request = {
      message_id: 5,
      role: 'ROLE_UNSPECIFIED',
      content: [{ file: { file_with_bytes: '!' } }, {}],
    }

    assert.deepEqual(
      violationsOf(() => send({ request, configuration: { history_length: -1 } })).toSorted(),
      [
        '/configuration/history_length minimum',
        '/request/content/0/file/file_with_bytes pattern',
        '/request/content/1 oneOf',
        '/request/message_id type',
        '/request/role enum',
      ],
    )
    assert.deepEqual(
      violationsOf(() => send({})),
      ['/message required'],
    )
  })
})

describe('an agent’s answer in 0.3 proto-JSON', () => {
  it('leaves out what has its default value', () => {
    const event = {
      status_update: {
        task_id: 't',
        status: { update: { message_id: 'm' }, timestamp: '2023-10-27T10:00:00Z' },
      },
    }

    assert.deepEqual(V0_3_PROTO.decodeEvent(wire(event)).value, {
      statusUpdate: {
        taskId: 't',
        status: {
          state: 'TASK_STATE_WORKING',
          message: { messageId: 'm', role: 'ROLE_AGENT', parts: [{ text: '' }] },
          timestamp: '2023-10-27T10:00:00.000Z',
        },
      },
    })
  })

  it('is a task or a message, also by its proto name', () => {
    const message = { messageId: 'm', role: 'ROLE_AGENT', content: [{ text: 'Hello' }] }
    const expected = { message: { messageId: 'm', role: 'ROLE_AGENT', parts: [{ text: 'Hello' }] } }

    assert.deepEqual(V0_3_PROTO.decodeResult('SendMessage', wire({ msg: message })).value, expected)
    assert.deepEqual(V0_3_PROTO.decodeResult('SendMessage', wire({ message })).value, expected)
    for (const answer of [{}, { message, task: { id: 't', status: {} } }, { statusUpdate: {} }]) {
      assert.deepEqual(
        violationsOf(() => V0_3_PROTO.decodeResult('SendMessage', wire(answer))),
        [' oneOf'],
      )
    }
  })

  it('spells CANCELLED with two Ls, by name and by number', () => {
    for (const state of ['TASK_STATE_CANCELLED', 5]) {
      assert.deepEqual(V0_3_PROTO.decodeResult('CancelTask', wire({ id: 't', status: { state } })).value, {
        id: 't',
        status: { state: 'TASK_STATE_CANCELED' },
      })
    }
    assert.equal(
      V0_3_PROTO.encodeResult('CancelTask', '{"id":"t","status":{"state":"TASK_STATE_CANCELED"}}'),
      '{"id":"t","status":{"state":"TASK_STATE_CANCELLED"}}',
    )
  })
})

describe('what 0.3 proto-JSON is told', () => {
  /** Parsers of proto-JSON refuse members that their proto file does not have. */
  const KNOWN = new Set([
    ...['id', 'contextId', 'status', 'artifacts', 'history', 'metadata', 'state', 'message', 'timestamp'],
    ...['messageId', 'taskId', 'role', 'content', 'extensions', 'artifactId', 'name', 'description', 'parts'],
    ...['text', 'file', 'data', 'fileWithBytes', 'fileWithUri', 'mimeType'],
  ])

  it('holds nothing that its proto file does not', () => {
    const unknown = { 'x-unknown': 1, kind: 'x', tenant: 't' }
    const message = {
      messageId: 'm',
      role: 'ROLE_AGENT',
      referenceTaskIds: ['r'],
      parts: [{ text: 'a', ...unknown }, { raw: '', mediaType: 'image/png', filename: 'f' }, { data: {} }],
      ...unknown,
    }
    const task = {
      id: 't',
      status: { state: 'TASK_STATE_WORKING', message, ...unknown },
      artifacts: [{ artifactId: 'a', parts: [], ...unknown }],
      history: [message],
      ...unknown,
    }
    const names = new Set<string>()

    JSON.parse(V0_3_PROTO.encodeResult('GetTask', JSON.stringify(task)), (name, value) => {
      if (name !== '' && !/^\d+$/.test(name)) names.add(name)
      return value
    })

    assert.deepEqual(
      [...names].filter((name) => !KNOWN.has(name)),
      [],
    )
  })

  it('holds a file’s base64 where bytes are, and takes the file itself too', () => {
    const sent = (raw: string): string =>
      V0_3_PROTO.encodeResult(
        'SendMessage',
        textOf({ message: { messageId: 'm', role: 'ROLE_AGENT', parts: [{ raw }] } }),
      )
    const read = (fileWithBytes: string): unknown => {
      const message = { messageId: 'm', role: 'ROLE_AGENT', content: [{ file: { fileWithBytes } }] }
      const { value } = V0_3_PROTO.decodeResult('SendMessage', wire({ message }))
      return Reflect.get(
        Object((value as { message: { parts: readonly unknown[] } }).message.parts[0]),
        'raw',
      )
    }
    const base64 = (text: string): string => Buffer.from(text).toString('base64')

    assert.ok(sent('-_8').includes(`"fileWithBytes":"${base64('+/8=')}"`))
    assert.ok(sent('').includes('"fileWithBytes":""'))
    assert.equal(read(base64(base64('Hello'))), base64('Hello'))
    for (const file of ['', 'Hello', 'Hello, world', 'a=b=', '\u0000\u00ff']) {
      assert.equal(read(base64(file)), base64(file))
    }
  })

  it('has an empty object for a config that was deleted', () => {
    assert.equal(V0_3_PROTO.encodeResult('DeleteTaskPushNotificationConfig', '{}'), '{}')
  })

  it('has over REST what 0.3.0 has: names of files and metadata of parts came later, and strict readers exist', () => {
    const parts = [{ url: 'u', filename: 'f', mediaType: 'm/m', metadata: { a: 1 } }, { data: [1] }]
    const message = { messageId: 'm', role: 'ROLE_USER', parts }

    const request = V0_3_REST.encodeRequest('SendMessage', JSON.stringify({ message }))

    assert.deepEqual(JSON.parse(request).message.content, [
      { file: { fileWithUri: 'u', mimeType: 'm/m' } },
      { data: { data: { value: [1] } } },
    ])
  })

  it('has a card in the form of protobuf over gRPC, and in every form over REST', () => {
    const card = textOf({
      name: 'n',
      description: 'd',
      version: '1',
      supportedInterfaces: [
        { url: 'https://a.example', protocolBinding: 'HTTP+JSON', protocolVersion: '0.3' },
      ],
      capabilities: { extendedAgentCard: true },
      securitySchemes: { s: { httpAuthSecurityScheme: { scheme: 'Bearer' } } },
      securityRequirements: [{ schemes: { s: { list: ['r'] } } }],
      defaultInputModes: [],
      defaultOutputModes: [],
      skills: [],
    })
    const inGrpc = membersOf(V0_3_PROTO.encodeResult('GetExtendedAgentCard', card))
    const overRest = membersOf(V0_3_REST.encodeResult('GetExtendedAgentCard', card))

    assert.deepEqual(json(inGrpc.get('securitySchemes') ?? ''), {
      s: { httpAuthSecurityScheme: { scheme: 'Bearer' } },
    })
    assert.deepEqual(json(inGrpc.get('security') ?? ''), [{ schemes: { s: { list: ['r'] } } }])
    assert.deepEqual(json(overRest.get('securitySchemes') ?? ''), {
      s: { type: 'http', scheme: 'Bearer', httpAuthSecurityScheme: { scheme: 'Bearer' } },
    })
    assert.deepEqual(json(overRest.get('security') ?? ''), [{ s: ['r'] }])
    for (const members of [inGrpc, overRest]) {
      assert.equal(members.get('url'), '"https://a.example"')
      const read = V0_3_PROTO.decodeResult(
        'GetExtendedAgentCard',
        wire(json(objectText([...members].filter(([name]) => name !== 'supportedInterfaces')))),
      ).value
      assert.deepEqual(Reflect.get(Object(read), 'securityRequirements'), [
        { schemes: { s: { list: ['r'] } } },
      ])
    }
  })
})
