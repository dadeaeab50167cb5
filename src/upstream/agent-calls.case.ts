import assert from 'node:assert/strict'
import {
  type AgentCallOptions,
  type AgentClient,
  AgentFailure,
  type AgentTarget,
} from '../delivery/agent-client.ts'
import { ADA, collect, openClient } from './loopback-server.case.ts'

export const REQUEST = '{"message":{"messageId":"m","role":"ROLE_USER","parts":[{"text":"hi"}]}}'

/** Never aborts. */
export const never = new AbortController().signal

/** Every way of calling an agent, whatever its binding. Tasks are `t`. */
export const CALLS: readonly (readonly [
  name: string,
  call: (client: AgentClient, target: AgentTarget, options: AgentCallOptions) => Promise<unknown>,
])[] = [
  ['a streaming send', (client, target, options) => collect(client.send(target, REQUEST, options))],
  [
    'a blocking send',
    (client, target, options) => collect(client.send({ ...target, streaming: false }, REQUEST, options)),
  ],
  ['a subscription', (client, target, options) => collect(client.subscribe(target, 't', options))],
  ['GetTask', (client, target, options) => client.getTask(target, 't', options)],
  ['CancelTask', (client, target, options) => client.cancelTask(target, 't', undefined, options)],
]

/** Answers that are about as long as they are told to be. */
export const taskOf = (chars: number): string =>
  `{"id":"t","status":{"state":"TASK_STATE_WORKING"},"metadata":{"x":"${'x'.repeat(chars)}"}}`
export const updateOf = (chars: number): string =>
  `{"statusUpdate":{"taskId":"t","contextId":"c","status":{"state":"TASK_STATE_WORKING"},"metadata":{"x":"${'x'.repeat(chars)}"}}}`
export const messageOf = (chars: number): string =>
  `{"message":{"messageId":"a","role":"ROLE_AGENT","parts":[{"text":"${'x'.repeat(chars)}"}]}}`

export type Expected = { readonly kind: string; readonly code?: string; readonly retryAfterMs?: number }

/** A failure of this kind whose message tells nothing of addresses. */
export const fails = (expected: Expected) => (error: unknown) => {
  assert.ok(error instanceof AgentFailure, String(error))
  const { kind, code, retryAfterMs } = error
  assert.deepEqual({ kind, code, retryAfterMs }, { code: undefined, retryAfterMs: undefined, ...expected })
  assert.doesNotMatch(error.message, /127\.0\.0\.1|10\.1\.2\.3|localhost|example/)
  return true
}

/** A failure of this kind that says so. */
export const failsSaying = (kind: string, text: RegExp) => (error: unknown) => {
  assert.ok(error instanceof AgentFailure, String(error))
  assert.equal(error.kind, kind)
  assert.match(error.message, text)
  return true
}

/** Every way of calling the agent fails as expected. */
export async function allFail(target: AgentTarget, expected: Expected): Promise<void> {
  await using client = openClient()
  for (const [, call] of CALLS) {
    await assert.rejects(call(client, target, { signal: never, onBehalfOf: ADA }), fails(expected))
  }
}
