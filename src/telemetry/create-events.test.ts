import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ParleyError } from '../errors.ts'
import { createEvents } from './create-events.ts'
import type { CallFacts } from './events.ts'
import { createLogger, type LoggerOptions } from './logger.ts'
import { createMetrics } from './metrics.ts'

function open(level: LoggerOptions['level'] = 'info') {
  const lines: string[] = []
  const logger = createLogger({ level, destination: { write: (line) => lines.push(line) } })
  const metrics = createMetrics()
  const records = () => lines.map((line): Record<string, unknown> => JSON.parse(line))
  return { logger, metrics, lines, records, events: createEvents({ logger, metrics }) }
}

const CALL: CallFacts = {
  requestId: 'r',
  binding: 'jsonrpc',
  operation: 'SendMessage',
  principal: 'key:x',
  durationMs: 1.23456,
  status: 200,
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
}

describe('events', () => {
  it('write one record each, with what happened and the ids', () => {
    const { events, records } = open()
    events.callFinished(CALL)
    events.taskSettled({
      taskId: 't',
      agentId: 'a',
      tenant: 'default',
      state: 'TASK_STATE_COMPLETED',
      durationMs: 5,
    })

    const [call, settled] = records()
    const { time, ...rest } = call ?? {}
    assert.match(String(time), /^\d{4}-.*Z$/)
    assert.deepEqual(rest, {
      level: 'info',
      event: 'call_finished',
      requestId: 'r',
      binding: 'jsonrpc',
      operation: 'SendMessage',
      principal: 'key:x',
      status: 200,
      durationMs: 1.235,
      traceId: '0af7651916cd43dd8448eb211c80319c',
    })
    assert.deepEqual([settled?.event, settled?.taskId], ['task_settled', 't'])
  })

  it('record reads at debug only', () => {
    const quiet = open()
    const loud = open('debug')
    for (const { events } of [quiet, loud]) {
      events.callFinished({ ...CALL, operation: 'GetTask' })
      events.callFinished({ ...CALL, operation: 'GET /tasks' })
    }

    assert.deepEqual([quiet.lines.length, loud.lines.length], [0, 2])
  })

  it('show the cause of an internal failure to the operator, and of no other', () => {
    const { events, records } = open()
    const cause = new Error('disk full', { cause: new ParleyError('conflict', 'stale') })
    events.callFinished({ ...CALL, operation: 'GetTask', status: 500, error: { code: 'internal', cause } })
    events.callFinished({ ...CALL, status: 400, error: { code: 'parse_error', cause } })

    const [internal, refused] = records()
    assert.equal(internal?.level, 'error')
    assert.match(JSON.stringify(internal?.cause), /disk full.*stale/)
    assert.deepEqual([refused?.error, refused?.cause], ['parse_error', undefined])
  })

  it('count without ids', async () => {
    const { events, metrics } = open()
    const delivery = { taskId: 'task-7', agentId: 'agent-7', tenant: 'default', kind: 'send', attempt: 1 }
    events.callFinished(CALL)
    events.callFinished({ ...CALL, status: 404, error: { code: 'agent_not_found' } })
    events.messageAccepted({ ...delivery, principal: 'key:x', requestId: 'r' })
    events.deliveryStarted(delivery)
    events.deliveryEnded({ ...delivery, outcome: 'done' })

    const text = await metrics.scrape()
    assert.match(text, /parley_call_duration_seconds_count\{.*outcome="ok"\} 1/)
    assert.match(text, /parley_call_duration_seconds_count\{.*outcome="agent_not_found"\} 1/)
    assert.match(text, /parley_messages_accepted_total 1/)
    assert.match(text, /parley_deliveries_running\{kind="send"\} 0/)
    assert.doesNotMatch(text, /task-7|agent-7|key:x/)
  })

  it('never write a secret that a record carries by mistake', () => {
    const { logger, lines } = open()
    logger.info({
      authorization: 'Bearer s3cret',
      headers: { 'x-api-key': 's3cret', authorization: 's3cret' },
    })

    assert.equal(lines.length, 1)
    assert.ok(!lines[0]?.includes('s3cret'))
  })
})
