import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { StreamResponse, Task } from '../a2a/task.ts'
import type { TaskState } from '../a2a/task-state.ts'
import { AgentFailure } from '../delivery/agent-client.ts'
import {
  agentMessage,
  agentTask,
  chunk,
  completed,
  type Script,
  said,
  scriptedAgent,
  working,
} from '../delivery/open-delivery.case.ts'
import { sampleAgent } from '../storage/contract/sample-agent.ts'
import { NOW, targetOf } from './loopback-server.case.ts'
import { createProber } from './probe-agent.ts'

const agent = sampleAgent({ tenant: 'acme' })
const target = targetOf('http://127.0.0.1:1/')

async function probe(script: Script, expect?: string, signal = new AbortController().signal) {
  const client = scriptedAgent(script)
  const prober = createProber({
    client,
    now: () => NOW,
    monotonicMs: () => 0,
    newId: () => 'm-1',
    timeoutMs: 5000,
  })
  const asked = { text: 'ping', everyMs: 60_000, ...(expect === undefined ? {} : { expect }) }
  const check = await prober.sendProbe(target, agent, asked, signal)
  return { check, calls: client.calls }
}

const outcomeOf = async (script: Script, expect?: string) => (await probe(script, expect)).check.outcome

const message = (text: string): StreamResponse => ({ message: agentMessage(text) })
const ends = (state: TaskState, more: Partial<Task> = {}): StreamResponse => ({
  task: agentTask(state, more),
})

describe("an owner's probe", () => {
  test("sends the owner's text as Parley itself", async () => {
    const { check, calls } = await probe({ send: [[message('pong')]] })
    assert.deepEqual(check, {
      kind: 'task',
      url: target.via.url,
      outcome: 'ok',
      at: NOW,
      latencyMs: 0,
    })
    assert.equal(calls.length, 1)
    assert.deepEqual(calls[0]?.onBehalfOf, { tenant: 'acme', subject: 'parley-probe' })
    assert.deepEqual(JSON.parse(calls[0]?.about ?? ''), {
      message: { messageId: 'm-1', role: 'ROLE_USER', parts: [{ text: 'ping' }] },
    })
  })

  test('finds the words that its owner expects, wherever and however they are written', async () => {
    assert.equal(await outcomeOf({ send: [[message('All is WELL')]] }, 'is well'), 'ok')
    assert.equal(await outcomeOf({ send: [[working, completed]] }, 'done'), 'ok')
    assert.equal(
      await outcomeOf({ send: [[working, chunk('a', 'he'), chunk('a', 'llo', true), completed]] }, 'Hello'),
      'ok',
    )
    const artifacts = [{ artifactId: 'a', parts: [{ text: 'in the end' }] }]
    assert.equal(await outcomeOf({ send: [[ends('TASK_STATE_COMPLETED', { artifacts })]] }, 'END'), 'ok')
    assert.equal(await outcomeOf({ send: [[said('TASK_STATE_INPUT_REQUIRED', 'Where to?')]] }, 'where'), 'ok')
  })

  test('says when the answer is another', async () => {
    assert.equal(await outcomeOf({ send: [[message('no')]] }, 'yes'), 'unexpected')
    assert.equal(await outcomeOf({ send: [[ends('TASK_STATE_COMPLETED')]] }, 'yes'), 'unexpected')
  })

  test('says when the agent fails at it', async () => {
    for (const state of ['FAILED', 'REJECTED', 'CANCELED'] as const) {
      assert.equal(await outcomeOf({ send: [[working, said(`TASK_STATE_${state}`, 'yes')]] }, 'yes'), 'error')
    }
    assert.equal(await outcomeOf({ send: [[said('TASK_STATE_AUTH_REQUIRED')]] }), 'auth')
    assert.equal(await outcomeOf({ send: [[new AgentFailure('invalid', 'x')]] }), 'bad-shape')
    assert.equal(await outcomeOf({ send: [[]] }), 'bad-shape')
  })

  test('follows a task that goes on after the exchange', async () => {
    const script = { send: [[working]], getTask: [agentTask('TASK_STATE_COMPLETED')] }
    const { check, calls } = await probe(script)
    assert.equal(check.outcome, 'ok')
    assert.deepEqual(
      calls.map(({ method }) => method),
      ['send', 'getTask'],
    )
  })

  test('leaves no task behind', async () => {
    const waiting = await probe({ send: [[ends('TASK_STATE_INPUT_REQUIRED')]] })
    assert.deepEqual(waiting.calls.map(({ method, about }) => [method, about]).slice(1), [
      ['cancelTask', 'at-1'],
    ])
    const broken = await probe({ send: [[working, new AgentFailure('unknown', 'x')]] })
    assert.equal(broken.calls.at(-1)?.method, 'cancelTask')
  })

  test('that is stopped takes its task back and throws the reason', async () => {
    const stop = new AbortController()
    const client = scriptedAgent({ send: [[working, 'hang']] })
    const prober = createProber({
      client,
      now: () => NOW,
      monotonicMs: () => 0,
      newId: () => 'm-1',
      timeoutMs: 5000,
    })
    const sent = prober.sendProbe(target, agent, { text: 'ping', everyMs: 60_000 }, stop.signal)
    await client.called('send')
    setImmediate(() => stop.abort(new Error('stopped')))
    await assert.rejects(sent, /stopped/)
    assert.equal(client.calls.at(-1)?.method, 'cancelTask')
  })
})
