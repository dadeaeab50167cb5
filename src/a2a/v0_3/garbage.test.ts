import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { ParleyError } from '../../errors.ts'
import type { Dialect } from '../dialect.ts'
import { writtenValue } from '../json-text.case.ts'
import { OPERATIONS, type Operation, UNARY_OPERATIONS } from '../operation.ts'
import {
  cancelTaskRequest,
  getTaskRequest,
  PushNotificationConfigRequest,
  sendMessageRequest,
  subscribeToTaskRequest,
  TaskPushNotificationConfig,
} from '../requests.ts'
import { type Check, check, wireOf } from '../wire.ts'
import { decodeCard } from './agent-card.ts'
import { V0_3_JSON } from './json/dialect.ts'
import { V0_3_PROTO } from './proto/dialect.ts'
import { answer, event, sendRequest, task } from './v1-texts.case.ts'

const FORMS: readonly (readonly [string, Dialect])[] = [
  ['JSON', V0_3_JSON],
  ['proto-JSON', V0_3_PROTO],
]
const EXTENT = { hasReferences: true, hasUnknown: false, hasPartMetadata: true }

const isOffered = (operation: Operation): boolean => operation !== 'ListTasks'
const unary = UNARY_OPERATIONS.filter(isOffered)
const operations = OPERATIONS.filter(isOffered)

/** What came out, if anything: JSON whose value is its text's. Anything but `invalid_params` fails the test. */
function decoded(decode: () => { readonly value: unknown; readonly text: string }): unknown {
  try {
    const { value, text } = decode()
    assert.deepEqual(value, JSON.parse(text))
    return value
  } catch (error) {
    if (!(error instanceof ParleyError)) throw error
    assert.equal(error.code, 'invalid_params')
    assert.ok(error.violations.length > 0)
    return undefined
  }
}

/** A JSON value with one of its values, wherever it is, replaced. */
function replaceOne(value: unknown, path: readonly number[], replacement: unknown): unknown {
  const [first, ...rest] = path
  if (first === undefined || typeof value !== 'object' || value === null) return replacement
  const entries = Object.entries(value)
  if (entries.length === 0) return replacement
  const at = first % entries.length
  const changed = entries.map(([name, member], index) => [
    name,
    index === at ? replaceOne(member, rest, replacement) : member,
  ])
  return Array.isArray(value) ? changed.map(([, member]) => member) : Object.fromEntries(changed)
}

const damage = fc.record({
  path: fc.array(fc.nat({ max: 20 }), { minLength: 1, maxLength: 7 }),
  replacement: fc.oneof(
    fc.jsonValue(),
    fc.constantFrom(
      null,
      '',
      {},
      [],
      [null],
      0,
      -1,
      1e300,
      'kind',
      'task',
      { kind: 'task' },
      { __proto__: null },
    ),
  ),
})

const damaged = (texts: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc
    .tuple(texts, damage)
    .map(([text, { path, replacement }]) => JSON.stringify(replaceOne(JSON.parse(text), path, replacement)))

const CHECKS: Readonly<Partial<Record<Operation, Check<unknown>>>> = {
  SendMessage: sendMessageRequest,
  SendStreamingMessage: sendMessageRequest,
  GetTask: getTaskRequest,
  CancelTask: cancelTaskRequest,
  SubscribeToTask: subscribeToTaskRequest,
  CreateTaskPushNotificationConfig: check(TaskPushNotificationConfig),
  GetTaskPushNotificationConfig: check(PushNotificationConfigRequest),
  ListTaskPushNotificationConfigs: check(PushNotificationConfigRequest),
  DeleteTaskPushNotificationConfig: check(PushNotificationConfigRequest),
}

for (const [name, dialect] of FORMS) {
  /** Whatever a client's request became is one that 1.0 accepts, so that its violations are all told in 0.3's terms. */
  const assertRequest = (operation: Operation, text: string) => {
    const request = decoded(() => dialect.decodeRequest(operation, wireOf(text)))
    if (request !== undefined) assert.deepEqual(CHECKS[operation]?.violations(request) ?? [], [])
  }

  describe(`garbage as 0.3 ${name}`, () => {
    it('is an invalid request, or is one', () => {
      fc.assert(
        fc.property(writtenValue, fc.constantFrom(...operations), ({ text }, operation) => {
          assertRequest(operation, text)
        }),
        { numRuns: 100 },
      )
    })

    it('in a request is told, or does not matter', () => {
      const requests = damaged(sendRequest(EXTENT).map((text) => dialect.encodeRequest('SendMessage', text)))

      fc.assert(
        fc.property(requests, (text) => {
          assertRequest('SendMessage', text)
        }),
        { numRuns: 100 },
      )
    })

    it('in a small request is told, or does not matter', () => {
      const full = JSON.stringify({
        id: 'task',
        taskId: 'task',
        url: 'https://example.com/hook',
        token: 'secret',
        authentication: { scheme: 'Bearer', credentials: 'x' },
        historyLength: 3,
        metadata: {},
      })
      const requests = fc
        .constantFrom(...operations.filter((operation) => !operation.startsWith('Send')))
        .chain((operation) =>
          damaged(fc.constant(dialect.encodeRequest(operation, full))).map((text) => ({ operation, text })),
        )

      fc.assert(
        fc.property(requests, ({ operation, text }) => {
          assertRequest(operation, text)
        }),
        { numRuns: 100 },
      )
    })

    it('is an invalid answer, or is one', () => {
      fc.assert(
        fc.property(writtenValue, fc.constantFrom(...unary), ({ text }, operation) => {
          decoded(() => dialect.decodeResult(operation, wireOf(text)))
          decoded(() => dialect.decodeEvent(wireOf(text)))
        }),
        { numRuns: 100 },
      )
    })

    it('in an answer is told, or does not matter', () => {
      const tasks = damaged(task(EXTENT).map((text) => dialect.encodeResult('GetTask', text)))
      const answers = damaged(answer(EXTENT).map((text) => dialect.encodeResult('SendMessage', text)))
      const events = damaged(event(EXTENT).map((text) => dialect.encodeEvent('SubscribeToTask', text)))

      fc.assert(
        fc.property(tasks, answers, events, (stored, answered, streamed) => {
          decoded(() => dialect.decodeResult('GetTask', wireOf(stored)))
          decoded(() => dialect.decodeResult('SendMessage', wireOf(answered)))
          decoded(() => dialect.decodeEvent(wireOf(streamed)))
        }),
        { numRuns: 100 },
      )
    })
  })
}

describe('garbage as a card of 0.3', () => {
  it('is no card', () => {
    fc.assert(
      fc.property(writtenValue, ({ text }) => {
        assert.equal(
          decoded(() => wireOf(decodeCard(text))),
          undefined,
        )
      }),
      { numRuns: 100 },
    )
  })
})
