import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { status } from '@grpc/grpc-js'
import fc from 'fast-check'
import { OPERATIONS } from '../../a2a/operation.ts'
import { V1_0_METHODS } from '../../a2a/proto/methods-v1.ts'
import { SCOPES } from '../../access/principal.ts'
import { ParleyError } from '../../errors.ts'
import { bearer, TASK } from '../http/scripted-app.case.ts'
import { scopeOf } from '../operations.ts'
import { type Answer, useGrpc, v0_3, v1 } from './scripted-grpc.case.ts'

const MESSAGE = { messageId: 'm', role: 'ROLE_USER', parts: [{ text: 'hi' }] }

const infoOf = ({ details }: Pick<Answer, 'details'>) =>
  details.find((detail) => detail['@type'] === 'type.googleapis.com/google.rpc.ErrorInfo') as
    | { reason: string; domain: string; metadata: Record<string, string> }
    | undefined

const reasonOf = (answer: Pick<Answer, 'details'>) => infoOf(answer)?.reason

describe('A2A 1.0 over gRPC', () => {
  const listen = useGrpc()

  it('answers SendMessage with the task', async () => {
    const { ask, calls } = await listen()

    const answer = await ask(
      v1('SendMessage'),
      { message: MESSAGE },
      { metadata: { 'x-request-id': 'mine' } },
    )

    assert.equal(answer.code, status.OK)
    assert.deepEqual(answer.result, { task: JSON.parse(TASK) })
    assert.deepEqual(answer.headers.get('x-request-id'), ['mine'])
    assert.deepEqual(
      calls.map(({ binding, operation, principal, status: told }) => ({
        binding,
        operation,
        principal,
        told,
      })),
      [{ binding: 'grpc', operation: 'SendMessage', principal: 'key:all', told: 0 }],
    )
  })

  it('hands on what the client asks for', async () => {
    let given: unknown
    const { ask } = await listen({
      tasks: {
        async sendMessage(call, agent, request, options) {
          given = {
            traceparent: call.traceparent,
            agent,
            request: request.value,
            text: request.text,
            ...options,
          }
          options.onActivated?.(['urn:x'])
          return `{"task":${TASK}}`
        },
      },
    })
    const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`

    const answer = await ask(
      v1('SendMessage'),
      { message: MESSAGE, tenant: 'agent-1' },
      {
        metadata: {
          traceparent,
          'idempotency-key': 'once',
          'a2a-extensions': 'urn:x, urn:y',
          'a2a-version': '1.0',
        },
      },
    )

    const { onActivated: _, ...facts } = given as Record<string, unknown>
    assert.deepEqual(facts, {
      traceparent,
      agent: 'agent-1',
      request: { message: MESSAGE, tenant: 'agent-1' },
      text: JSON.stringify({ tenant: 'agent-1', message: MESSAGE }),
      extensions: ['urn:x', 'urn:y'],
      idempotencyKey: 'once',
    })
    assert.deepEqual(answer.headers.get('a2a-extensions'), ['urn:x'])
  })

  it('shows an empty list whole', async () => {
    const { ask } = await listen()

    const { result } = await ask(v1('ListTasks'), {})

    assert.deepEqual(result, { tasks: [], nextPageToken: '', pageSize: 50, totalSize: 0 })
  })

  it('serves nobody without a credential it knows, and says which to send', async () => {
    for (const metadata of [
      { authorization: '' },
      { authorization: 'Bearer stranger' },
      { authorization: 'Basic YTpi' },
      { authorization: '', 'x-api-key': 'stranger' },
    ]) {
      const { ask, calls } = await listen({ settings: { anonymous: true } })

      const answer = await ask(v1('GetTask'), { id: 't' }, { metadata })

      assert.equal(answer.code, status.UNAUTHENTICATED)
      assert.equal(reasonOf(answer), 'UNAUTHENTICATED')
      const refused = metadata.authorization === '' && metadata['x-api-key'] === undefined
      assert.deepEqual(answer.trailers.get('www-authenticate'), [
        `Bearer realm="parley", ${refused ? '' : 'error="invalid_token", '}resource_metadata="http://parley.test/.well-known/oauth-protected-resource"`,
      ])
      assert.deepEqual(
        calls.map(({ principal, operation, error }) => [principal, operation, error?.code]),
        [['anonymous', 'GetTask', 'unauthenticated']],
      )
    }
  })

  it('takes a key as x-api-key too', async () => {
    const { ask } = await listen()

    const { code } = await ask(
      v1('GetTask'),
      { id: 't' },
      { metadata: { authorization: '', 'x-api-key': 'all' } },
    )

    assert.equal(code, status.OK)
  })

  it('asks for the scope of each operation, by its name', async () => {
    const { ask, open } = await listen()
    for (const method of V1_0_METHODS) {
      const other = SCOPES.find((scope) => scope !== scopeOf(method.operation) && scope !== 'admin') ?? ''
      const how = { metadata: bearer(other) }

      const { code, trailers } = method.isStream
        ? await open(method, { id: 't', message: MESSAGE }, how).ended.then(
            ({ code, metadata: trailers }) => ({ code, trailers }),
          )
        : await ask(method, { id: 't', taskId: 't', url: 'https://x', message: MESSAGE }, how)

      assert.equal(code, status.PERMISSION_DENIED, method.operation)
      const [challenge] = trailers.get('www-authenticate').map(String)
      const missing = `error="insufficient_scope", scope="${scopeOf(method.operation)}"`
      assert.ok(challenge?.includes(missing), `${method.operation}: ${challenge}`)
    }
    assert.equal(V1_0_METHODS.length, OPERATIONS.length)
  })

  it('names the agent by tenant, by id or slug, before the default of the listener', async () => {
    const asked: string[] = []
    const tasks = {
      async getTask(_call: unknown, agent: string) {
        asked.push(agent)
        return TASK
      },
    }
    const { ask } = await listen({ tasks }, { agent: 'first' })

    await ask(v1('GetTask'), { id: 't', tenant: 'second' })
    await ask(v1('GetTask'), { id: 't' })
    await ask(v1('GetTask'), { id: 't' }, { metadata: { 'parley-agent': 'third' } })

    assert.deepEqual(asked, ['second', 'first', 'first'])
  })

  it('says how to name an agent where nothing does, but only to whom it knows', async () => {
    const { ask } = await listen({}, { agent: '' })

    const known = await ask(v1('GetTask'), { id: 't' })
    const stranger = await ask(v1('GetTask'), { id: 't' }, { metadata: { authorization: 'Bearer x' } })

    assert.equal(known.code, status.INVALID_ARGUMENT)
    assert.match(known.message, /tenant/)
    assert.equal(stranger.code, status.UNAUTHENTICATED)
  })

  it('refuses another version than its own, and none where it must be told', async () => {
    const { ask } = await listen()
    for (const version of ['1.0', '1', '1.0.7']) {
      const { code } = await ask(v1('GetTask'), { id: 't' }, { metadata: { 'a2a-version': version } })
      assert.equal(code, status.OK, version)
    }
    for (const version of ['0.3', '2.0', 'one']) {
      const answer = await ask(v1('GetTask'), { id: 't' }, { metadata: { 'a2a-version': version } })
      assert.deepEqual([answer.code, reasonOf(answer)], [status.FAILED_PRECONDITION, 'VERSION_NOT_SUPPORTED'])
      assert.equal(infoOf(answer)?.metadata.supportedVersions, '1.0, 0.3')
    }
    const strict = await listen({ settings: { strictVersion: true } })
    assert.equal(reasonOf(await strict.ask(v1('GetTask'), { id: 't' })), 'VERSION_NOT_SUPPORTED')
    assert.equal((await strict.ask(v0_3('GetTask'), { name: 'tasks/t' })).code, status.OK)
  })

  it('tells a failure by code, message and details', async () => {
    const { ask } = await listen({
      tasks: {
        async getTask() {
          throw new ParleyError('task_not_found', 'Task not found', { details: { taskId: 't' } })
        },
        async cancelTask() {
          throw new ParleyError('unavailable', 'Later', { retryAfterMs: 1500 })
        },
      },
    })

    const missing = await ask(v1('GetTask'), { id: 't' })
    const later = await ask(v1('CancelTask'), { id: 't' })

    assert.deepEqual([missing.code, missing.message], [status.NOT_FOUND, 'Task not found'])
    assert.deepEqual(missing.details, [
      {
        '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
        reason: 'TASK_NOT_FOUND',
        domain: 'a2a-protocol.org',
        metadata: { taskId: 't', requestId: 'request-1' },
      },
    ])
    assert.deepEqual(missing.trailers.get('x-request-id'), ['request-1'])
    assert.equal(later.code, status.UNAVAILABLE)
    assert.deepEqual(later.details[1], {
      '@type': 'type.googleapis.com/google.rpc.RetryInfo',
      retryDelay: '1.500s',
    })
  })

  it('names every field that is wrong', async () => {
    const { ask } = await listen()

    const answer = await ask(v1('SendMessage'), { message: { parts: [{ text: 'a' }, {}] } })

    assert.equal(answer.code, status.INVALID_ARGUMENT)
    const bad = answer.details[1] as { fieldViolations: { field: string }[] }
    const fields = bad.fieldViolations.map(({ field }) => field)
    for (const field of ['message.messageId', 'message.role', 'message.parts[1]']) {
      assert.ok(fields.includes(field), `${field} in ${fields}`)
    }
  })

  it('withholds the text of what was not thrown on purpose, and of what cannot be told', async () => {
    const { ask, calls } = await listen({
      tasks: {
        async getTask() {
          throw new Error('SELECT secret FROM vault')
        },
        listTasks: async () => '{"tasks":[{"status":{"state":"vault"}}]}',
      },
    })

    for (const answer of [await ask(v1('GetTask'), { id: 't' }), await ask(v1('ListTasks'), {})]) {
      assert.deepEqual([answer.code, answer.message], [status.INTERNAL, 'Internal error'])
    }
    assert.ok(calls.every(({ error }) => error?.cause instanceof Error))
  })

  it('refuses messages that are too long', async () => {
    const { ask } = await listen({ settings: { maxBodyBytes: 1000 } })
    const sent = (length: number) =>
      ask(v1('SendMessage'), { message: { ...MESSAGE, parts: [{ text: 'x'.repeat(length) }] } })

    const long = await sent(1000)
    const veryLong = await sent(5000)

    assert.deepEqual([long.code, reasonOf(long)], [status.RESOURCE_EXHAUSTED, 'PAYLOAD_TOO_LARGE'])
    assert.equal(veryLong.code, status.RESOURCE_EXHAUSTED)
  })

  it('refuses a method there is not', async () => {
    const { ask } = await listen()

    const answer = await ask({ ...v1('GetTask'), path: '/lf.a2a.v1.A2AService/Nothing' }, { id: 't' })

    assert.equal(answer.code, status.UNIMPLEMENTED)
  })

  it('answers any bytes', async () => {
    const { ask } = await listen()
    const methods = [v1('SendMessage'), v1('GetTask'), v1('ListTasks'), v0_3('SendMessage'), v0_3('GetTask')]
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...methods),
        fc.uint8Array({ maxLength: 60 }),
        async (method, bytes) => {
          const answer = await ask(method, {}, { bytes: Buffer.from(bytes) })
          assert.ok(
            [status.OK, status.INVALID_ARGUMENT].includes(answer.code),
            `${answer.code} ${answer.message}`,
          )
          if (answer.code !== status.OK) assert.notEqual(reasonOf(answer), undefined)
        },
      ),
      { numRuns: 200 },
    )
  })

  it('lets go of what a client that left was waiting for', async () => {
    const begun = Promise.withResolvers<AbortSignal>()
    const { ask, calls } = await listen({
      tasks: {
        sendMessage: (call) => {
          begun.resolve(call.signal)
          return new Promise((_, reject) => {
            call.signal.addEventListener('abort', () => reject(call.signal.reason), { once: true })
          })
        },
      },
    })
    const leave = new AbortController()
    const answer = ask(v1('SendMessage'), { message: MESSAGE }, { signal: leave.signal })
    const signal = await begun.promise

    leave.abort()

    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
    assert.equal((await answer).code, status.CANCELLED)
    await new Promise(setImmediate)
    assert.deepEqual(
      calls.map(({ status: told, error }) => [told, error]),
      [[499, undefined]],
    )
  })

  it('lets go at the deadline', async () => {
    const aborted = Promise.withResolvers<void>()
    const { ask } = await listen({
      tasks: {
        sendMessage: (call) =>
          new Promise((_, reject) => {
            call.signal.addEventListener('abort', () => {
              aborted.resolve()
              reject(call.signal.reason)
            })
          }),
      },
    })

    const answer = await ask(v1('SendMessage'), { message: MESSAGE }, { deadline: new Date(Date.now() + 50) })

    assert.equal(answer.code, status.DEADLINE_EXCEEDED)
    await aborted.promise
  })
})

describe('A2A 0.3 over gRPC', () => {
  const listen = useGrpc()
  const message = { messageId: 'm', role: 'ROLE_USER', content: [{ text: 'hi' }] }

  it('is translated both ways', async () => {
    let given: unknown
    const { ask } = await listen({
      tasks: {
        async sendMessage(_call, _agent, { value }) {
          given = value
          return `{"task":${TASK.replace('SUBMITTED', 'CANCELED')}}`
        },
      },
    })

    const { result } = await ask(v0_3('SendMessage'), { message })

    assert.deepEqual((given as { message: unknown }).message, MESSAGE)
    assert.deepEqual(result, {
      task: { id: 'task-1', contextId: 'c', status: { state: 'TASK_STATE_CANCELLED' } },
    })
  })

  it('names the agent in its metadata, before the default of the listener', async () => {
    const asked: string[] = []
    const tasks = {
      async getTask(_call: unknown, agent: string) {
        asked.push(agent)
        return TASK
      },
    }
    const { ask } = await listen({ tasks }, { agent: 'first' })
    const none = await listen({ tasks }, { agent: '' })

    await ask(v0_3('GetTask'), { name: 'tasks/t' }, { metadata: { 'parley-agent': 'second' } })
    await ask(v0_3('GetTask'), { name: 'tasks/t' })
    const answer = await none.ask(v0_3('GetTask'), { name: 'tasks/t' })

    assert.deepEqual(asked, ['second', 'first'])
    assert.equal(answer.code, status.INVALID_ARGUMENT)
    assert.match(answer.message, /parley-agent/)
  })

  it('echoes extensions under the name they had', async () => {
    const { ask } = await listen({
      tasks: {
        async sendMessage(_call, _agent, _request, { extensions, onActivated }) {
          onActivated?.(extensions ?? [])
          return `{"task":${TASK}}`
        },
      },
    })

    const { headers } = await ask(
      v0_3('SendMessage'),
      { message },
      { metadata: { 'x-a2a-extensions': 'urn:x' } },
    )

    assert.deepEqual(headers.get('x-a2a-extensions'), ['urn:x'])
  })

  it('refuses callers that declare 1.0', async () => {
    const { ask } = await listen()

    const answer = await ask(v0_3('GetTask'), { name: 'tasks/t' }, { metadata: { 'a2a-version': '1.0' } })

    assert.equal(reasonOf(answer), 'VERSION_NOT_SUPPORTED')
  })
})
