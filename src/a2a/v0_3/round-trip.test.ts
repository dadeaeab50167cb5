import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Dialect } from '../dialect.ts'
import type { Operation, UnaryOperation } from '../operation.ts'
import { sendMessageRequest } from '../requests.ts'
import { sendMessageResponseCheck, streamResponseCheck, taskCheck } from '../task.ts'
import { wireOf } from '../wire.ts'
import { V0_3_JSON } from './json/dialect.ts'
import { V0_3_PROTO, V0_3_REST } from './proto/dialect.ts'
import { answer, type Extent, event, pushConfig, sendRequest, shuffled, task } from './v1-texts.case.ts'

const FORMS: readonly (readonly [string, Dialect, Extent])[] = [
  ['JSON', V0_3_JSON, { hasReferences: true, hasUnknown: true, hasPartMetadata: true }],
  ['proto-JSON', V0_3_PROTO, { hasReferences: false, hasUnknown: false, hasPartMetadata: true }],
  ['REST', V0_3_REST, { hasReferences: false, hasUnknown: false, hasPartMetadata: false }],
]

for (const [name, dialect, extent] of FORMS) {
  const throughRequest = (operation: Operation, text: string): string =>
    dialect.decodeRequest(operation, wireOf(dialect.encodeRequest(operation, text))).text
  const throughResult = (operation: UnaryOperation, text: string): string =>
    dialect.decodeResult(operation, wireOf(dialect.encodeResult(operation, text))).text

  describe(`1.0 → 0.3 as ${name} → 1.0`, () => {
    it('gives the same bytes for a task', () => {
      fc.assert(
        fc.property(task(extent), (text) => {
          assert.equal(throughResult('GetTask', text), text)
        }),
      )
    })

    it('gives the same bytes for the answer to a send', () => {
      fc.assert(
        fc.property(answer(extent), (text) => {
          assert.equal(throughResult('SendMessage', text), text)
        }),
      )
    })

    it('gives the same bytes for an event', () => {
      fc.assert(
        fc.property(
          event(extent),
          fc.constantFrom('SendStreamingMessage' as const, 'SubscribeToTask' as const),
          (text, operation) => {
            assert.equal(dialect.decodeEvent(wireOf(dialect.encodeEvent(operation, text))).text, text)
          },
        ),
      )
    })

    it('gives the same bytes for a send', () => {
      fc.assert(
        fc.property(sendRequest(extent), (text) => {
          assert.equal(throughRequest('SendMessage', text), text)
        }),
      )
    })

    it('gives the same bytes for a push notification config', () => {
      fc.assert(
        fc.property(pushConfig, (text) => {
          const isNameable = !JSON.parse(text).taskId.includes('/pushNotificationConfigs/')
          fc.pre(isNameable)

          assert.equal(throughRequest('CreateTaskPushNotificationConfig', text), text)
          assert.equal(throughResult('CreateTaskPushNotificationConfig', text), text)
        }),
      )
    })

    it('gives the same value for requests that name a task', () => {
      const named = fc.record({ taskId: fc.string({ minLength: 1 }), id: fc.string({ minLength: 1 }) })

      fc.assert(
        fc.property(named, ({ taskId, id }) => {
          fc.pre(!taskId.includes('/pushNotificationConfigs/'))
          const one = JSON.stringify({ taskId, id })
          const all = JSON.stringify({ taskId })
          const bare = JSON.stringify({ id })

          assert.equal(throughRequest('GetTaskPushNotificationConfig', one), one)
          assert.equal(throughRequest('DeleteTaskPushNotificationConfig', one), one)
          assert.equal(throughRequest('ListTaskPushNotificationConfigs', all), all)
          assert.equal(throughRequest('GetTask', bare), bare)
          assert.equal(throughRequest('CancelTask', bare), bare)
          assert.equal(throughRequest('SubscribeToTask', bare), bare)
        }),
      )
    })

    it('reads the same value however it is laid out', () => {
      fc.assert(
        fc.property(event(extent), sendRequest(extent), (streamed, request) => {
          const event = shuffled(dialect.encodeEvent('SubscribeToTask', streamed))
          const sent = shuffled(dialect.encodeRequest('SendMessage', request))

          assert.deepEqual(dialect.decodeEvent(wireOf(event)).value, JSON.parse(shuffled(streamed)))
          assert.deepEqual(
            dialect.decodeRequest('SendMessage', wireOf(sent)).value,
            JSON.parse(shuffled(request)),
          )
        }),
      )
    })

    it('is made of texts that 1.0 accepts', () => {
      fc.assert(
        fc.property(sendRequest(extent), event(extent), task(extent), answer(extent), (...texts) => {
          const [request, streamed, stored, answered] = texts.map((text) => JSON.parse(text) as unknown)

          assert.deepEqual(sendMessageRequest.violations(request), [])
          assert.deepEqual(streamResponseCheck.violations(streamed), [])
          assert.deepEqual(taskCheck.violations(stored), [])
          assert.deepEqual(sendMessageResponseCheck.violations(answered), [])
        }),
      )
    })
  })
}
