import { join } from 'node:path'
import { messageParams, rpcBody, rpcHeaders } from './a2a-calls.ts'
import type { Measurement } from './bench-context.ts'
import { startOwn } from './contenders.ts'
import { alternate, quantile } from './measure.ts'
import { startParley } from './parley.ts'
import { shown } from './report.ts'
import { type Caller, createCaller, type Timed, type TimedCall } from './timed-calls.ts'

/** What the gateway adds to a call of an agent that answers at once, one call at a time. */
export const addedLatency: Measurement = async (bench) => {
  await using opened = new AsyncDisposableStack()
  const dataDir = join(bench.dir, 'added-latency')
  const agent = opened.use(await startOwn(bench, 'fast-agent', 'load'))
  const parley = opened.use(await startParley(bench, { role: 'all', dataDir }))
  const streaming = await parley.register('streaming', agent.url, true)
  const unary = await parley.register('unary', agent.url, false)
  const headers = rpcHeaders(await parley.newKey())

  const send = { headers, body: rpcBody('SendMessage', messageParams('Hello')) }
  const stream = { headers, body: rpcBody('SendStreamingMessage', messageParams('Hello')) }
  const calls = bench.quick ? 100 : 300
  /** The contender's times of one round. A caller of its own, so that each keeps one warm connection. */
  const timed = (call: TimedCall, time: (caller: Caller, call: TimedCall) => Promise<Timed>) => {
    const caller = opened.use(createCaller())
    return async () => {
      const times: number[] = []
      for (let done = 0; done < calls; done++) times.push((await time(caller, call)).ms)
      bench.signal.throwIfAborted()
      return times
    }
  }
  const contenders = {
    sendDirectly: timed({ url: agent.url, ...send }, completed),
    send: timed({ url: streaming, ...send }, completed),
    sendUnary: timed({ url: unary, ...send }, completed),
    firstDirectly: timed({ url: agent.url, ...stream }, firstEvent),
    first: timed({ url: streaming, ...stream }, firstEvent),
    updateDirectly: timed({ url: agent.url, ...stream }, firstUpdate),
    update: timed({ url: streaming, ...stream }, firstUpdate),
  }
  await alternate(bench.quick ? 2 : 4, contenders, bench.signal)
  const rounds = await alternate(bench.quick ? 3 : 5, contenders, bench.signal)
  const at = (name: keyof typeof rounds, q: number) => quantile(rounds[name].flat(), q)
  const added = (name: keyof typeof rounds, direct: keyof typeof rounds, q: number) =>
    at(name, q) - at(direct, q)
  const line = (what: string, name: keyof typeof rounds, direct: keyof typeof rounds) =>
    `${what}: p50 ${shown(at(name, 0.5))} ms against ${shown(at(direct, 0.5))} directly, p99 ${shown(at(name, 0.99))} against ${shown(at(direct, 0.99))}`

  return {
    findings: [
      {
        id: 'blocking-send-p50',
        what: 'blocking send, added latency p50',
        value: added('send', 'sendDirectly', 0.5),
        unit: 'ms',
        bar: { sense: 'at most', value: 2, stretch: 1 },
      },
      {
        id: 'blocking-send-p99',
        what: 'blocking send, added latency p99',
        value: added('send', 'sendDirectly', 0.99),
        unit: 'ms',
        bar: { sense: 'at most', value: 10 },
      },
      {
        id: 'first-event-p50',
        what: "agent's first streamed event, added latency p50",
        value: added('update', 'updateDirectly', 0.5),
        unit: 'ms',
        bar: { sense: 'at most', value: 2, stretch: 1 },
      },
    ],
    notes: [
      line('send', 'send', 'sendDirectly'),
      line('send to an agent that does not stream', 'sendUnary', 'sendDirectly'),
      line('first event (the task)', 'first', 'firstDirectly'),
      line("the agent's first update after it", 'update', 'updateDirectly'),
      `${calls} calls a round, ${rounds.send.length} rounds, one connection`,
    ],
  }
}

async function completed(caller: Caller, call: TimedCall): Promise<Timed> {
  const timed = await caller.whole(call)
  if (timed.answer.includes('TASK_STATE_COMPLETED')) return timed
  throw new Error(`${call.url} answered ${timed.answer}`)
}

const firstEvent = (caller: Caller, call: TimedCall) =>
  caller.event(call, (data) => data.includes('"task":{'))

const firstUpdate = (caller: Caller, call: TimedCall) =>
  caller.event(call, (data) => data.includes('"artifactUpdate":{'))
