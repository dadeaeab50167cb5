import assert from 'node:assert/strict'
import { it } from 'node:test'
import { OPERATIONS } from '../../a2a/operation.ts'
import { ParleyError } from '../../errors.ts'
import { type Ask, describeBothWays } from '../http/both-ways.case.ts'
import { activatingTasks, bearer, post, type Script, TASK } from '../http/scripted-app.case.ts'

const MESSAGE = { messageId: 'm', role: 'ROLE_USER', parts: [{ text: 'hi' }] }

const rpc = (method: string, params: unknown = {}, id: unknown = 1) => ({
  jsonrpc: '2.0',
  id,
  method,
  params,
})

type Answer = {
  id: unknown
  result?: unknown
  error?: { code: number; message: string; data: Record<string, unknown>[] }
}

async function sendBy(ask: Ask, init: RequestInit, script: Script = {}, path = '/a2a/echo') {
  const { calls, response } = await ask(script, path, init)
  const text = await response.text()
  return {
    status: response.status,
    headers: response.headers,
    text,
    answer: JSON.parse(text) as Answer,
    calls,
  }
}

const reasonOf = (answer: Answer) => answer.error?.data[0]?.reason

describeBothWays('A2A over JSON-RPC', (ask) => {
  const send = (init: RequestInit, script?: Script, path?: string) => sendBy(ask, init, script, path)

  it('answers SendMessage with and without a trailing slash', async () => {
    for (const path of ['/a2a/echo', '/a2a/echo/']) {
      const { status, answer, headers } = await send(post(rpc('SendMessage', { message: MESSAGE })), {}, path)

      assert.equal(status, 200)
      assert.deepEqual(answer.result, { task: JSON.parse(TASK) })
      assert.equal(headers.get('content-type'), 'application/json')
    }
  })

  it("keeps the client's bytes of the request", async () => {
    const params =
      '{ "message": {"parts":[{"data":1.0}],"role":"ROLE_USER","messageId":"m"}, "metadata": {"n": 1e2} }'
    let text: string | undefined
    const { answer } = await send(
      post(`{"params": ${params},"jsonrpc":"2.0","method":"SendMessage","id":1}`),
      {
        tasks: {
          async sendMessage(_call, _agent, request) {
            text = request.text
            return '{}'
          },
        },
      },
    )

    assert.equal(answer.error, undefined)
    assert.equal(text, params)
  })

  it('echoes the id exactly as it was written', async () => {
    for (const id of ['"a\\u0062"', '1.0', '-7', '12345678901234567890', 'null']) {
      const { text } = await send(post(`{"jsonrpc":"2.0","method":"GetTask","params":{"id":"t"},"id":${id}}`))

      assert.ok(text.startsWith(`{"jsonrpc":"2.0","id":${id},`), text)
    }
  })

  it('answers a request without id, with id null', async () => {
    const { answer } = await send(post({ jsonrpc: '2.0', method: 'GetTask', params: { id: 't' } }))

    assert.equal(answer.id, null)
    assert.notEqual(answer.result, undefined)
  })

  it('tells what is wrong with an envelope', async () => {
    const cases: [string, number, unknown][] = [
      ['{', -32700, null],
      ['', -32700, null],
      ['[]', -32600, null],
      [`[${JSON.stringify(rpc('GetTask'))}]`, -32600, null],
      ['"x"', -32600, null],
      ['null', -32600, null],
      ['{"method":"GetTask","id":4}', -32600, 4],
      ['{"jsonrpc":"1.0","method":"GetTask","id":4}', -32600, 4],
      ['{"jsonrpc":"2.0","method":7,"id":4}', -32600, 4],
      ['{"jsonrpc":"2.0","id":4}', -32600, 4],
      ['{"jsonrpc":"2.0","method":"GetTask","id":{}}', -32600, null],
      ['{"jsonrpc":"2.0","method":"GetTask","id":[]}', -32600, null],
      ['{"jsonrpc":"2.0","method":"GetTask","id":true}', -32600, null],
      ['{"jsonrpc":"2.0","method":"GetTask","id":1.5}', -32600, null],
      ['{"jsonrpc":"2.0","method":"GetTask","id":1e999}', -32600, null],
      ['{"jsonrpc":"2.0","method":"GetTask","id":4,"params":[]}', -32602, 4],
      ['{"jsonrpc":"2.0","method":"GetTask","id":4,"params":null}', -32602, 4],
      ['{"jsonrpc":"2.0","method":"GetTask","id":4}', -32602, 4],
      ['{"jsonrpc":"2.0","method":"Nothing","id":4}', -32601, 4],
      ['{"jsonrpc":"2.0","method":"__proto__","id":4}', -32601, 4],
      ['{"jsonrpc":"2.0","method":"message/never","id":4}', -32601, 4],
    ]
    for (const [body, code, id] of cases) {
      const { status, answer } = await send(post(body))

      assert.deepEqual([status, answer.error?.code, answer.id], [200, code, id], body)
    }
  })

  it('tells an A2A error in the shape of the specification', async () => {
    const { status, answer } = await send(post(rpc('GetTask', { id: 't' })), {
      tasks: {
        async getTask() {
          throw new ParleyError('task_not_found', 'Task not found', { details: { taskId: 't' } })
        },
      },
    })

    assert.equal(status, 200)
    assert.deepEqual(answer.error, {
      code: -32001,
      message: 'Task not found',
      data: [
        {
          '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
          reason: 'TASK_NOT_FOUND',
          domain: 'a2a-protocol.org',
          metadata: { taskId: 't', requestId: 'request-1' },
        },
      ],
    })
  })

  it('names every field that is wrong', async () => {
    const { answer } = await send(
      post(rpc('SendMessage', { message: { ...MESSAGE, parts: [{ text: 1 }], role: 'x' } })),
    )

    assert.equal(answer.error?.code, -32602)
    const badRequest = answer.error?.data[1] as { '@type': string; fieldViolations: { field: string }[] }
    assert.equal(badRequest['@type'], 'type.googleapis.com/google.rpc.BadRequest')
    const fields = badRequest.fieldViolations.map(({ field }) => field)
    assert.ok(fields.includes('message.role') && fields.includes('message.parts[0].text'), String(fields))
  })

  it('withholds the text of what was not thrown on purpose', async () => {
    const { answer, text, calls } = await send(post(rpc('GetTask', { id: 't' })), {
      tasks: {
        async getTask() {
          throw new Error('SELECT secret FROM vault')
        },
      },
    })

    assert.deepEqual([answer.error?.code, answer.error?.message], [-32603, 'Internal error'])
    assert.ok(!text.includes('vault'))
    assert.ok(calls[0]?.error?.cause instanceof Error)
  })

  it('accepts 1, 1.0 and its patches, and refuses other versions by name', async () => {
    const body = rpc('GetTask', { id: 't' })
    for (const version of ['1', '1.0', '1.0.0', '1.0.17', '']) {
      const { answer } = await send(post(body, { 'a2a-version': version }))
      assert.equal(answer.error, undefined, version)
    }
    for (const version of ['2.0', '0.2', '9.9', '1.1', '1.0.x', 'one']) {
      const { answer } = await send(post(body, { 'a2a-version': version }))
      assert.equal(answer.error?.code, -32009, version)
      assert.match(answer.error?.message ?? '', /supported: 1\.0/)
    }
    const { answer } = await send(post(body), {}, '/a2a/echo?A2A-Version=0.2')
    assert.equal(answer.error?.code, -32009)
  })

  it('has the methods of the declared version only', async () => {
    const body = rpc('GetTask', { id: 't' })
    assert.equal((await send(post(body, { 'a2a-version': '0.3' }))).answer.error?.code, -32601)
    assert.equal((await send(post(body), {}, '/a2a/echo?A2A-Version=0.3.0')).answer.error?.code, -32601)
    assert.equal((await send(post(body), { settings: { strictVersion: true } })).answer.error?.code, -32601)
    const declared = post(body, { 'a2a-version': '1.0' })
    assert.equal((await send(declared, { settings: { strictVersion: true } })).answer.error, undefined)
  })

  it('refuses a call without a credential alike for every agent, unread', async () => {
    const anonymous = (path: string) =>
      send({ method: 'POST', body: '{', headers: { 'x-request-id': 'r' } }, {}, path)

    const existing = await anonymous('/a2a/echo')
    const missing = await anonymous('/a2a/missing')

    assert.equal(existing.status, 401)
    const challenges = [existing, missing].map(({ headers }) => headers.get('www-authenticate') ?? '')
    assert.equal(
      challenges[0],
      'Bearer realm="parley", resource_metadata="http://parley.test/.well-known/oauth-protected-resource/a2a/echo"',
    )
    assert.equal(challenges[1], challenges[0]?.replace('/echo', '/missing'))
    assert.equal(reasonOf(existing.answer), 'UNAUTHENTICATED')
    assert.deepEqual([missing.status, missing.text], [existing.status, existing.text])
  })

  it('refuses an unknown credential, and one of another scheme', async () => {
    for (const headers of [bearer('nobody'), { authorization: 'Basic YWxs' }, { 'x-api-key': 'nobody' }]) {
      const { status } = await send({ method: 'POST', headers, body: '{}' })
      assert.equal(status, 401)
    }
  })

  it('takes the credential from X-API-Key too', async () => {
    const init = post(rpc('GetTask', { id: 't' }))
    const { status } = await send({
      ...init,
      headers: { 'content-type': 'application/json', 'x-api-key': 'all' },
    })

    assert.equal(status, 200)
  })

  it('names the scope a method needs', async () => {
    const scopes: Record<string, string> = {
      SendMessage: 'tasks:submit',
      GetTask: 'tasks:read',
      CancelTask: 'tasks:cancel',
    }
    for (const [method, scope] of Object.entries(scopes)) {
      const { status, answer } = await send(post(rpc(method), bearer('agents:read')))

      assert.equal(status, 403)
      assert.equal(reasonOf(answer), 'FORBIDDEN')
      assert.match(answer.error?.message ?? '', new RegExp(scope))
    }
  })

  it('answers 404 for a URL that names no agent', async () => {
    const { status, answer } = await send(post(rpc('SendMessage', { message: MESSAGE })), {}, '/a2a/missing')

    assert.equal(status, 404)
    assert.equal(reasonOf(answer), 'AGENT_NOT_FOUND')
  })

  it('answers 415 for what is not declared as JSON, and -32005 with 200 for parts an agent does not take', async () => {
    for (const type of ['text/plain', 'application/jsonx', 'application/xml; application/json']) {
      const { status, answer } = await send(post('{}', { 'content-type': type }))
      assert.deepEqual([status, reasonOf(answer)], [415, 'CONTENT_TYPE_NOT_SUPPORTED'])
    }
    const accepted = await send(
      post(rpc('GetTask', { id: 't' }), { 'content-type': 'Application/A2A+JSON; charset=utf-8' }),
    )
    assert.equal(accepted.status, 200)

    const { status, answer } = await send(post(rpc('SendMessage', { message: MESSAGE })), {
      tasks: {
        async sendMessage() {
          throw new ParleyError('content_type_not_supported', 'No audio')
        },
      },
    })
    assert.deepEqual([status, answer.error?.code], [200, -32005])
  })

  it('answers 413 for a body that is too long, declared or not', async () => {
    const long = 'x'.repeat(1001)
    const declared = await send(post(long, { 'content-length': '1001' }), {
      settings: { maxBodyBytes: 1000 },
    })
    const counted = await send(post(long), { settings: { maxBodyBytes: 1000 } })

    assert.deepEqual([declared.status, counted.status], [413, 413])
    assert.equal(reasonOf(counted.answer), 'PAYLOAD_TOO_LARGE')
  })

  it('answers a parse error for bytes that are no UTF-8', async () => {
    const { answer } = await send({ ...post(''), body: new Uint8Array([0x7b, 0xff, 0x7d]) })

    assert.equal(answer.error?.code, -32700)
  })

  it('passes the idempotency key, and refuses one that is none', async () => {
    let key: string | undefined
    const script: Script = {
      tasks: {
        async sendMessage(_call, _agent, _request, options) {
          key = options.idempotencyKey
          return '{}'
        },
      },
    }
    await send(post(rpc('SendMessage', { message: MESSAGE }), { 'idempotency-key': 'order-1' }), script)
    assert.equal(key, 'order-1')

    for (const bad of ['', 'a b', 'x'.repeat(256)]) {
      const { answer } = await send(
        post(rpc('SendMessage', { message: MESSAGE }), { 'idempotency-key': bad }),
        script,
      )
      assert.equal(answer.error?.code, -32602)
    }
  })

  it('passes a valid traceparent and drops an invalid one', async () => {
    const valid = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    for (const [given, kept] of [
      [valid, valid],
      ['00-00000000000000000000000000000000-b7ad6b7169203331-01', undefined],
      ['garbage', undefined],
    ] as const) {
      let seen: string | undefined
      await send(post(rpc('GetTask', { id: 't' }), { traceparent: given }), {
        tasks: {
          async getTask(call) {
            seen = call.traceparent
            return TASK
          },
        },
      })
      assert.equal(seen, kept)
    }
  })

  it('echoes a sane request id and replaces any other', async () => {
    const body = rpc('GetTask', { id: 't' })
    const sane = await send(post(body, { 'x-request-id': 'abc-1' }))
    const insane = await send(post(body, { 'x-request-id': '<script>' }))

    assert.equal(sane.headers.get('x-request-id'), 'abc-1')
    assert.equal(insane.headers.get('x-request-id'), 'request-1')
  })

  it('answers what agents do not offer yet by its own error, and only for agents there are', async () => {
    const config = { taskId: 't', id: 'c', url: 'https://hook.test' }
    for (const method of OPERATIONS.filter((name) => name.includes('PushNotification'))) {
      assert.equal((await send(post(rpc(method, config)))).answer.error?.code, -32003, method)
      assert.equal((await send(post(rpc(method, config)), {}, '/a2a/missing')).status, 404)
    }
    assert.equal((await send(post(rpc('GetExtendedAgentCard', undefined)))).answer.error?.code, -32004)
  })

  it('records a call by its method, who made it and how it ended', async () => {
    const ok = await send(post(rpc('GetTask', { id: 't' })))
    const failed = await send(post(rpc('<b>', {})))

    assert.deepEqual(ok.calls, [
      {
        requestId: 'request-1',
        binding: 'jsonrpc',
        operation: 'GetTask',
        principal: 'key:all',
        durationMs: 0,
        status: 200,
      },
    ])
    assert.deepEqual(
      failed.calls.map(({ operation, error }) => [operation, error?.code]),
      [['unknown', 'method_not_found']],
    )
  })
})

describeBothWays('A2A 0.3 over JSON-RPC', (ask) => {
  const send = (init: RequestInit, script?: Script, path?: string) => sendBy(ask, init, script, path)
  const message = { kind: 'message', messageId: 'm', role: 'user', parts: [{ kind: 'text', text: 'hi' }] }

  it('answers message/send with a bare task of its own kind', async () => {
    let seen = ''
    const sendMessage: NonNullable<Script['tasks']>['sendMessage'] = async (_call, _agent, request) => {
      seen = request.text
      return `{"task":${TASK}}`
    }
    const { answer, calls } = await send(post(rpc('message/send', { message })), { tasks: { sendMessage } })

    assert.deepEqual(
      calls.map(({ operation }) => operation),
      ['SendMessage'],
    )
    assert.deepEqual(JSON.parse(seen).message.parts, [{ text: 'hi' }])
    assert.deepEqual(answer.result, {
      id: 'task-1',
      contextId: 'c',
      status: { state: 'submitted' },
      kind: 'task',
    })
  })

  it('streams events of its own kind, each a whole response', async () => {
    const { response } = await ask({}, '/a2a/echo', post(rpc('message/stream', { message }, 7)))
    const data = /^id: 1\ndata: (.*)\n\n$/.exec(await response.text())?.[1] ?? ''
    const frame: { id: number; result: { kind: string } } = JSON.parse(data)
    assert.deepEqual([frame.id, frame.result.kind], [7, 'task'])
  })

  it('tells in an event what a streaming method fails with, but not what HTTP itself refuses', async () => {
    const subscribeToTask = async () => {
      throw new ParleyError('task_not_found', 'Task not found')
    }
    for (const [method, params, code] of [
      ['tasks/resubscribe', { id: 't' }, -32001],
      ['message/stream', {}, -32602],
    ] as const) {
      const { response } = await ask(
        { tasks: { subscribeToTask } },
        '/a2a/echo',
        post(rpc(method, params, 7)),
      )

      assert.deepEqual(
        [response.status, response.headers.get('content-type')],
        [200, 'text/event-stream'],
        method,
      )
      const [, data = ''] = /^data: (.*)\n\n$/.exec(await response.text()) ?? []
      const { id, error }: { id: number; error: { code: number } } = JSON.parse(data)
      assert.deepEqual([id, error.code], [7, code])
    }

    const bare = {
      ...post(rpc('message/stream', { message })),
      headers: { 'content-type': 'application/json' },
    }
    const refused = await ask({}, '/a2a/echo', bare)
    assert.deepEqual(
      [refused.response.status, refused.response.headers.get('content-type')],
      [401, 'application/json'],
    )
  })

  it('is chosen by the name of the method, or by a declared version', async () => {
    for (const headers of [{}, { 'a2a-version': '0.3' }, { 'a2a-version': '0.3.1' }]) {
      assert.equal((await send(post(rpc('tasks/get', { id: 't' }), headers))).answer.error, undefined)
    }
    const other = await send(post(rpc('tasks/get', { id: 't' }), { 'a2a-version': '1.0' }))
    assert.equal(other.answer.error?.code, -32601)
    const strict = { settings: { strictVersion: true } }
    assert.equal((await send(post(rpc('tasks/get', { id: 't' })), strict)).answer.error, undefined)
  })

  it('has no method that lists tasks', async () => {
    assert.equal((await send(post(rpc('tasks/list', {})))).answer.error?.code, -32601)
  })

  it('uses no code that 0.3 does not have', async () => {
    for (const [code, number] of [
      ['extension_support_required', -32600],
      ['version_not_supported', -32600],
      ['task_not_found', -32001],
    ] as const) {
      const getTask = async () => {
        throw new ParleyError(code, 'No')
      }
      const { answer } = await send(post(rpc('tasks/get', { id: 't' })), { tasks: { getTask } })
      assert.deepEqual([answer.error?.code, reasonOf(answer)], [number, code.toUpperCase()])
    }
  })

  it('names what is wrong where the client wrote it', async () => {
    const { answer } = await send(
      post(rpc('message/send', { message: { ...message, parts: [{ kind: 'text' }] } })),
    )
    assert.equal(answer.error?.code, -32602)
    assert.match(JSON.stringify(answer.error), /message\.parts\[0\]/)
  })

  it('gives who resubscribes to an ended task the task, and closes', async () => {
    const subscribeToTask = async () => {
      throw new ParleyError('unsupported_operation', 'The task has ended')
    }
    const { response } = await ask(
      { tasks: { subscribeToTask } },
      '/a2a/echo',
      post(rpc('tasks/resubscribe', { id: 't' })),
    )
    assert.match(await response.text(), /^data: {"jsonrpc":"2.0","id":1,"result":{.*"kind":"task"/)
  })

  it('echoes activated extensions under the name the header had', async () => {
    const init = post(rpc('message/send', { message }), { 'x-a2a-extensions': 'urn:a' })
    const { headers } = await send(init, { tasks: activatingTasks })
    assert.deepEqual([headers.get('x-a2a-extensions'), headers.get('a2a-extensions')], ['urn:a', null])
  })
})
