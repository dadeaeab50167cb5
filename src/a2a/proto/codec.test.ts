import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Role, TaskState } from '@a2a-js/sdk'
import fc from 'fast-check'
import { ParleyError } from '../../errors.ts'
import { membersOf } from '../json-text.ts'
import { MAX_JSON_DEPTH } from '../wire.ts'
import { valuesOf } from './against-sdk.case.ts'
import { createCodec, type ProtoCodec } from './codec.ts'
import { type MessageTable, message, one } from './message-table.ts'
import {
  ListTasksRequest,
  ListTasksResponse,
  SendMessageRequest,
  StreamResponse,
  Task,
} from './messages-v1.ts'

const request = createCodec(SendMessageRequest)
const task = createCodec(Task)

const code = (expected: string) => (error: unknown) => error instanceof ParleyError && error.code === expected

const roundTrip = (codec: ProtoCodec, json: string): unknown => JSON.parse(codec.decode(codec.encode(json)))

const withPart = (part: string): string =>
  `{"message":{"messageId":"m","role":"ROLE_USER","parts":[${part}]}}`

const partOf = (part: string): unknown => {
  const { message } = roundTrip(request, withPart(part)) as { message: { parts: unknown[] } }
  return message.parts[0]
}

/** A length-delimited field. */
const field = (number: number, ...chunks: Uint8Array[]): Buffer => {
  const body = Buffer.concat(chunks)
  return Buffer.concat([varint((number << 3) | 2), varint(body.length), body])
}

const varint = (value: number): Buffer => {
  const bytes: number[] = []
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return Buffer.from([...bytes, rest])
    bytes.push((rest & 0x7f) | 0x80)
  }
}

const utf8 = (text: string): Buffer => Buffer.from(text, 'utf8')

const nested = (depth: number, wrap: (inner: Buffer) => Buffer, start: Buffer): Buffer => {
  let bytes = start
  for (let level = 0; level < depth; level++) bytes = wrap(bytes)
  return bytes
}

describe('encoding', () => {
  it('keeps what a part says, also when that is nothing', () => {
    for (const part of [
      '{"text":""}',
      '{"data":null}',
      '{"url":""}',
      '{"raw":""}',
      '{"data":[null,{"a":{}}]}',
    ]) {
      assert.deepEqual(partOf(part), JSON.parse(part))
    }
  })

  it('takes base64 in both alphabets, padded or not', () => {
    for (const raw of ['+/8=', '-_8=', '-_8', '+/8'])
      assert.deepEqual(partOf(`{"raw":"${raw}"}`), { raw: '+/8=' })
    assert.throws(() => request.encode(withPart('{"raw":"no base64!"}')), code('invalid_params'))
  })

  it('takes timestamps with any offset and precision', () => {
    const list = createCodec(ListTasksRequest)
    const instants = {
      '2026-02-03T04:05:06Z': '2026-02-03T04:05:06.000Z',
      '2026-02-03T04:05:06.7+02:30': '2026-02-03T01:35:06.700Z',
      '2026-02-03t04:05:06.123456z': '2026-02-03T04:05:06.123456Z',
      '1969-12-31T23:59:59.999999999-00:30': '1970-01-01T00:29:59.999999999Z',
    }

    for (const [given, shown] of Object.entries(instants)) {
      assert.deepEqual(roundTrip(list, `{"statusTimestampAfter":"${given}"}`), {
        statusTimestampAfter: shown,
      })
    }
    for (const wrong of ['yesterday', '2026-02-03', '2026-13-03T04:05:06Z', '0001-01-01T00:00:00+01:00']) {
      assert.throws(() => list.encode(`{"statusTimestampAfter":"${wrong}"}`), code('invalid_params'), wrong)
    }
  })

  it('leaves out members that the message does not know, and nulls', () => {
    const json =
      '{"message":{"messageId":"m","message_id":"x","role":"ROLE_USER","parts":[{"text":"a","new":[1]}]},"tenant":null,"x":{}}'

    assert.deepEqual(roundTrip(request, json), {
      message: { messageId: 'm', role: 'ROLE_USER', parts: [{ text: 'a' }] },
    })
  })

  it('says which field cannot hold a value', () => {
    const wrong = {
      '{"id":7}': /Task\.id must be a string/,
      '{"artifacts":{}}': /Task\.artifacts must be an array/,
      '{"metadata":[]}': /Task\.metadata must be an object/,
      '{"status":{"state":"TASK_STATE_ODD"}}': /TaskStatus\.state must be one of TASK_STATE_UNSPECIFIED, /,
      '{"status":{"state":4}}': /TaskStatus\.state must be one of/,
      '{"history":[null]}': /Message must be an object/,
      '[]': /Task must be an object/,
      '{"history":[{"parts":[{"text":"a","url":"b"}]}]}': /Part must be either text or url, not both/,
    }

    for (const [json, message] of Object.entries(wrong)) {
      assert.throws(
        () => task.encode(json),
        (error) => code('invalid_params')(error) && message.test(String(error)),
        json,
      )
    }
    for (const pageSize of ['1.5', '2147483648', '"5"']) {
      assert.throws(
        () => createCodec(ListTasksRequest).encode(`{"pageSize":${pageSize}}`),
        code('invalid_params'),
      )
    }
  })

  it('replaces what protobuf has no form for', () => {
    assert.deepEqual(partOf('{"data":["\\ud800x",1e999,-1e999]}'), {
      data: ['\ufffdx', Number.MAX_VALUE, -Number.MAX_VALUE],
    })
    assert.deepEqual(partOf('{"text":"\\udc00"}'), { text: '\ufffd' })
  })

  it('refuses what nests too deeply instead of exhausting the stack', () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`

    assert.throws(() => request.encode(withPart(`{"data":${deep}}`)), code('invalid_params'))
  })

  it('takes null for a message without fields', () => {
    assert.equal(createCodec(message('Empty', {})).encode('null').length, 0)
  })

  it('numbers states and roles as the official SDK does', () => {
    const stateAt = (state: string) => task.encode(`{"status":{"state":"${state}"}}`).at(-1)

    for (const [name, number] of Object.entries(TaskState)) {
      if (typeof number !== 'number' || number <= 0) continue
      assert.equal(stateAt(name), number, name)
    }
    for (const [name, number] of Object.entries(Role)) {
      if (typeof number !== 'number' || number <= 0) continue
      assert.equal(task.encode(`{"history":[{"role":"${name}"}]}`).at(-1), number, name)
    }
  })
})

describe('decoding', () => {
  it('shows in a list of tasks what A2A wants there, also when it is empty', () => {
    const empty = createCodec(ListTasksResponse).decode(Buffer.alloc(0))

    assert.deepEqual(JSON.parse(empty), { tasks: [], nextPageToken: '', pageSize: 0, totalSize: 0 })
  })

  it('keeps user content that an object literal would treat specially', () => {
    const json = '{"id":"t","metadata":{"__proto__":{"a":1},"constructor":null,"":2}}'

    assert.equal(task.decode(task.encode(json)), json)
  })

  it('merges a message that comes in pieces, and lets the last of a choice win', () => {
    const event = createCodec(StreamResponse)
    const pieces = Buffer.concat([
      field(2, field(1, utf8('first'))),
      field(1, field(1, utf8('a')), field(3, varint(8), varint(1))),
      field(1, field(2, utf8('c')), field(3, field(2, field(1, utf8('m'))))),
    ])

    assert.deepEqual(JSON.parse(event.decode(pieces)), {
      task: {
        id: 'a',
        contextId: 'c',
        status: { state: 'TASK_STATE_SUBMITTED', message: { messageId: 'm', parts: [] } },
      },
    })
  })

  it('skips fields it does not know, and known ones of another wire type', () => {
    const bytes = Buffer.concat([
      field(99, utf8('new')),
      Buffer.from([0x08, 0x01]),
      Buffer.from([((98 << 3) & 0x7f) | 0x83, 0x06, 0x08, 0x01, ((98 << 3) & 0x7f) | 0x84, 0x06]),
      field(2, utf8('context')),
    ])

    assert.deepEqual(JSON.parse(task.decode(bytes)), { contextId: 'context' })
  })

  it('passes on the number of a state it does not know, for the schema to refuse', () => {
    assert.deepEqual(JSON.parse(task.decode(field(3, Buffer.from([0x08, 0x63])))), { status: { state: 99 } })
  })

  it('takes a value that says nothing for null', () => {
    assert.deepEqual(JSON.parse(task.decode(field(6, field(1, field(1, utf8('k')))))), {
      metadata: { k: null },
    })
  })

  it('says parse_error for bytes that are no such message', () => {
    const wrong = [
      Buffer.from([0x0a, 0x05, 0x61]),
      Buffer.from([0xff]),
      Buffer.from([0x00]),
      field(1, Buffer.from([0xff, 0xfe])),
      Buffer.alloc(20, 0xff),
      field(3, Buffer.from([0x08])),
      Buffer.from([0x9b, 0x06]),
    ]

    for (const bytes of wrong)
      assert.throws(() => task.decode(bytes), code('parse_error'), bytes.toString('hex'))
  })

  it('says invalid_params for what JSON cannot hold', () => {
    const infinite = Buffer.concat([Buffer.from([0x11]), Buffer.from([0, 0, 0, 0, 0, 0, 0xf0, 0x7f])])
    const year12000 = Buffer.from([0x08, 0x80, 0xf0, 0xc8, 0xc6, 0xa6, 0x09])

    assert.throws(
      () => task.decode(field(6, field(1, field(1, utf8('k')), field(2, infinite)))),
      code('invalid_params'),
    )
    assert.throws(() => task.decode(field(3, field(3, year12000))), code('invalid_params'))
  })

  it('refuses what would nest deeper than JSON may, by one level or by a hundred thousand', () => {
    const list = (inner: Buffer) => field(6, field(1, inner))
    const struct = (inner: Buffer) => field(5, field(1, field(1, utf8('k')), field(2, inner)))
    const part = (data: Buffer) => field(2, field(5, field(4, data)))
    // request > message > parts > part are the first four levels.
    const free = MAX_JSON_DEPTH - 4

    for (const wrap of [list, struct]) {
      assert.ok(request.decode(part(nested(free, wrap, Buffer.alloc(0)))))
      assert.throws(
        () => request.decode(part(nested(free + 1, wrap, Buffer.alloc(0)))),
        code('invalid_params'),
      )
    }
    const deep = nested(2_000, list, Buffer.alloc(0))
    assert.throws(() => request.decode(part(deep)), code('invalid_params'))
    const groups = Buffer.alloc(1_000_000, 0x9b)
    assert.throws(() => task.decode(groups), code('parse_error'))
  })

  it('reads a field that repeats very often in one go', () => {
    const piece = field(6, field(1, field(1, utf8('k'))))
    const many = Buffer.concat(Array.from({ length: 200_000 }, () => piece))

    assert.deepEqual(JSON.parse(task.decode(many)), { metadata: { k: null } })
  })

  it('stops before the JSON gets longer than it may, whatever makes it long', () => {
    const value = (inner: Buffer) => field(6, field(1, field(1, utf8('k')), field(2, inner)))
    const many = (bytes: Buffer, length = 30_000) => Buffer.alloc(length - (length % bytes.length), bytes)
    const message = Buffer.concat([field(1, utf8('m')), field(5, field(1))])
    const amplified = {
      'control characters': field(1, many(Buffer.from([1]))),
      'control characters in a name': field(6, field(1, field(1, many(Buffer.from([1]))))),
      'a list of nulls': value(field(6, many(field(1)))),
      'a list of numbers': value(field(6, many(field(1, Buffer.from([0x11, 1, 0, 0, 0, 0, 0, 0, 1]))))),
      'empty messages': many(field(5)),
      'small messages': many(field(5, message)),
      'empty texts': field(5, many(field(7))),
    }
    const maxBytes = 40_000

    for (const [what, bytes] of Object.entries(amplified)) {
      assert.ok(bytes.length < maxBytes)
      assert.ok(task.decode(bytes).length > maxBytes, what)
      assert.throws(() => task.decode(bytes, maxBytes), code('payload_too_large'), what)
    }
  })

  it('makes nothing longer than it may, and nearly as much', () => {
    fc.assert(
      fc.property(valuesOf(SendMessageRequest), fc.nat(2_000), (value, maxBytes) => {
        const bytes = request.encode(JSON.stringify(value))
        const length = Buffer.byteLength(request.decode(bytes))
        try {
          request.decode(bytes, maxBytes)
          assert.ok(length <= maxBytes, `${length} of ${maxBytes}`)
        } catch (error) {
          assert.ok(code('payload_too_large')(error), String(error))
          assert.ok(length > maxBytes / 2, `${length} of ${maxBytes}`)
        }
      }),
    )
  })

  it('answers any bytes with JSON or with an error that says so', () => {
    const valid = valuesOf(SendMessageRequest).map((value) => request.encode(JSON.stringify(value)))
    const damaged = fc
      .tuple(valid, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }), fc.nat())
      .map(([bytes, changes, cut]) => {
        const copy = Uint8Array.from(bytes)
        for (const [at, byte] of changes) if (copy.length > 0) copy[at % copy.length] = byte
        return copy.subarray(0, cut % 3 === 0 ? cut % (copy.length + 1) : copy.length)
      })

    fc.assert(
      fc.property(fc.oneof(damaged, fc.uint8Array({ maxLength: 64 })), (bytes) => {
        try {
          membersOf(request.decode(bytes))
          JSON.parse(request.decode(bytes))
        } catch (error) {
          assert.ok(code('parse_error')(error) || code('invalid_params')(error), String(error))
        }
      }),
      { numRuns: 1000 },
    )
  })
})

describe('durations', () => {
  const table: MessageTable = message('Retry', { after: one(1, 'duration') })
  const codec = createCodec(table)

  it('are seconds, with a fraction where there is one', () => {
    for (const [given, shown] of [
      ['1.5s', '1.500s'],
      ['0s', '0s'],
      ['-0.000001s', '-0.000001s'],
      ['3s', '3s'],
    ]) {
      assert.deepEqual(roundTrip(codec, `{"after":"${given}"}`), { after: shown })
    }
    for (const wrong of ['1', 'soon', '999999999999s']) {
      assert.throws(() => codec.encode(`{"after":"${wrong}"}`), code('invalid_params'))
    }
  })
})
