import assert from 'node:assert/strict'
import { it } from 'node:test'
import { ParleyError } from '../../errors.ts'
import { type Ask, describeBothWays } from '../http/both-ways.case.ts'
import { holdingStream } from '../http/held-request.case.ts'
import { activatingTasks, bearer, frames, post, type Script, TASK } from '../http/scripted-app.case.ts'

const SEND = { message: { messageId: 'm', role: 'ROLE_USER', parts: [{ text: 'hi' }] } }

type Answer = {
  readonly id?: string
  readonly task?: unknown
  readonly error?: { code: number; status: string; message: string; details: Record<string, unknown>[] }
}

async function sendBy(ask: Ask, path: string, init: RequestInit, script: Script = {}) {
  const { calls, response } = await ask(script, `/a2a/echo${path}`, init)
  const text = await response.text()
  return { status: response.status, headers: response.headers, text, calls, response }
}

const get = (headers: Record<string, string> = {}): RequestInit => ({
  headers: { ...bearer('all'), ...headers },
})

const answerIn = ({ text }: { readonly text: string }): Answer => JSON.parse(text) as Answer

describeBothWays('A2A over REST', (ask) => {
  const send = (path: string, init: RequestInit, script?: Script) => sendBy(ask, path, init, script)
  /** The room method's request, as a path, query and body made it. */
  const asked = async (path: string, init: RequestInit, method: 'getTask' | 'listTasks' | 'cancelTask') => {
    let seen: unknown
    const script: Script = {
      tasks: {
        async [method](_call: unknown, _agent: string, request: unknown) {
          seen = request
          return TASK
        },
      },
    }
    const { status, text } = await send(path, init, script)
    assert.equal(status, 200, text)
    return seen
  }

  it('answers SendMessage with what SendMessage answers', async () => {
    const { status, headers, text, calls } = await send('/message:send', post(SEND))

    assert.deepEqual([status, text], [200, `{"task":${TASK}}`])
    assert.equal(headers.get('content-type'), 'application/json')
    assert.deepEqual(
      calls.map(({ binding, operation, principal }) => [binding, operation, principal]),
      [['rest', 'SendMessage', 'key:all']],
    )
  })

  it("answers in A2A's own media type to those who name it", async () => {
    const named = { 'content-type': 'application/a2a+json' }
    for (const init of [post(SEND, named), post(SEND, { accept: 'application/a2a+json' })]) {
      const { headers, status } = await send('/message:send', init)
      assert.deepEqual([status, headers.get('content-type')], [200, 'application/a2a+json'])
    }
    const refused = await send('/tasks/x:fly', post('', named))
    assert.equal(refused.headers.get('content-type'), 'application/a2a+json')
  })

  it('reads a bare task by path and query, whatever its id holds', async () => {
    assert.deepEqual(await asked('/tasks/t1?historyLength=2', get(), 'getTask'), {
      id: 't1',
      historyLength: 2,
    })
    assert.deepEqual(await asked('/tasks/a%2Fb%3Acancel', get(), 'getTask'), { id: 'a/b:cancel' })
    assert.deepEqual(await asked('/tasks/a:b', get(), 'getTask'), { id: 'a:b' })
    assert.equal((await send('/tasks/t1', get())).text, TASK)
  })

  it('reads every filter of a list', async () => {
    const query = new URLSearchParams({
      contextId: 'c',
      status: 'TASK_STATE_WORKING',
      pageSize: '7',
      pageToken: 'p',
      historyLength: '0',
      statusTimestampAfter: '2026-01-01T00:00:00Z',
      includeArtifacts: 'true',
      unknown: 'ignored',
    })
    assert.deepEqual(await asked(`/tasks?${query}`, get(), 'listTasks'), {
      contextId: 'c',
      status: 'TASK_STATE_WORKING',
      pageSize: 7,
      pageToken: 'p',
      historyLength: 0,
      statusTimestampAfter: '2026-01-01T00:00:00Z',
      includeArtifacts: true,
    })
  })

  it('names each query parameter that cannot be read', async () => {
    for (const query of ['pageSize=x', 'pageSize=1&pageSize=2', 'includeArtifacts=1', 'historyLength=1.5']) {
      const { status, text } = await send(`/tasks?${query}`, get())
      assert.equal(status, 400, query)
      assert.match(text, /fieldViolations/)
    }
  })

  it('cancels with a body, an empty body and none', async () => {
    const metadata = '{"why":  "because"}'
    const whole = await asked('/tasks/t:cancel', post(`{"metadata":${metadata}}`), 'cancelTask')
    assert.deepEqual(whole, { id: 't', metadata })
    for (const init of [post(''), post('{}'), { method: 'POST', ...get() }]) {
      assert.deepEqual(await asked('/tasks/t:cancel', init, 'cancelTask'), { id: 't' })
    }
  })

  it('lets the path decide over the body', async () => {
    assert.deepEqual(await asked('/tasks/t:cancel', post({ id: 'other' }), 'cancelTask'), { id: 't' })
  })

  it('streams bare events with their seq, over GET and POST', async () => {
    for (const init of [post(''), get()]) {
      const { headers, text } = await send('/tasks/t:subscribe', init)
      assert.match(headers.get('content-type') ?? '', /^text\/event-stream/)
      assert.equal(text, `id: 1\ndata: {"task":${TASK}}\n\n`)
    }
    assert.equal((await send('/message:stream', post(SEND))).text, `id: 1\ndata: {"task":${TASK}}\n\n`)
  })

  it('holds nothing of the request while a stream is open', async () => {
    const { tasks, assertForgotten } = holdingStream()
    const { response } = await ask({ tasks }, '/a2a/echo/message:stream', post(SEND))
    const reader = response.body?.getReader()
    await reader?.read()

    await assertForgotten().finally(() => reader?.cancel())
  })

  it('tells a failure in the middle of a stream as an event of its own type', async () => {
    const failing = async () =>
      frames([{ seq: 1, event: '{}' }], async () => {
        throw new ParleyError('internal', 'Internal error')
      })
    const { text } = await send('/tasks/t:subscribe', post(''), { tasks: { subscribeToTask: failing } })
    assert.match(text, /^id: 1\ndata: {}\n\nevent: error\ndata: {"error":{"code":500,"status":"INTERNAL"/)
  })

  it('takes a tenant before every path, as a hint', async () => {
    assert.deepEqual(await asked('/acme/tasks/t', get(), 'getTask'), { id: 't', tenant: 'acme' })
    assert.equal((await send('/acme/message:send', post({ ...SEND, tenant: 'acme' }))).status, 200)
    assert.equal((await send('/acme/message:send', post({ ...SEND, tenant: 'other' }))).status, 400)
  })

  it('answers failures as google.rpc.Status, with the reason', async () => {
    for (const [code, status, name] of [
      ['task_not_found', 404, 'NOT_FOUND'],
      ['task_not_cancelable', 400, 'FAILED_PRECONDITION'],
      ['invalid_agent_response', 500, 'INTERNAL'],
      ['precondition_failed', 409, 'ABORTED'],
      ['idempotency_conflict', 409, 'ABORTED'],
      ['payload_too_large', 413, 'RESOURCE_EXHAUSTED'],
      ['agent_unavailable', 503, 'UNAVAILABLE'],
    ] as const) {
      const getTask = async () => {
        throw new ParleyError(code, 'No', { details: { taskId: 't' } })
      }
      const reply = await send('/tasks/t', get(), { tasks: { getTask } })
      const { error } = answerIn(reply)
      assert.deepEqual([reply.status, error?.code, error?.status], [status, status, name])
      assert.deepEqual(error?.details[0], {
        '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
        reason: code.toUpperCase(),
        domain: /^(?:task|invalid)/.test(code) ? 'a2a-protocol.org' : 'parley.dev',
        metadata: { taskId: 't', requestId: 'request-1' },
      })
    }
  })

  it('says which methods a path takes, and that there is nothing at others', async () => {
    const wrong = await send('/message:send', get())
    assert.deepEqual([wrong.status, wrong.headers.get('allow')], [405, 'POST'])
    for (const path of [
      '/nothing',
      '/tasks/a/b',
      '/message',
      '/acme/acme/tasks',
      '/v1/nothing',
      '/v1/tasks',
    ]) {
      assert.equal((await send(path, get())).status, 404, path)
    }
    assert.equal((await send('/tasks/%E0%A4%A', get())).status, 400)
  })

  it('tells nothing to callers without a credential, wherever they ask', async () => {
    const answers = new Set<string>()
    for (const path of ['/tasks/t', '/nothing', '/message:send', '/v1/nothing']) {
      const { status, text, headers } = await send(path, {})
      assert.equal(status, 401)
      assert.match(headers.get('www-authenticate') ?? '', /^Bearer/)
      if (!path.startsWith('/v1')) answers.add(text)
    }
    assert.equal(answers.size, 1)
  })

  it('asks for the scope of the operation', async () => {
    assert.equal((await send('/tasks/t', { headers: bearer('tasks:submit') })).status, 403)
    assert.equal((await send('/tasks/t', { headers: bearer('tasks:read') })).status, 200)
  })

  it('speaks the version of the path only', async () => {
    assert.equal((await send('/tasks/t', get({ 'a2a-version': '1.0.3' }))).status, 200)
    for (const init of [get({ 'a2a-version': '0.3' }), get({ 'a2a-version': '9.9' })]) {
      const reply = await send('/tasks/t', init)
      assert.deepEqual(
        [reply.status, answerIn(reply).error?.details[0]?.reason],
        [400, 'VERSION_NOT_SUPPORTED'],
      )
    }
    assert.equal((await send('/tasks/t?A2A-Version=0.3', get())).status, 400)
    const strict = { settings: { strictVersion: true } }
    assert.equal((await send('/tasks/t', get(), strict)).status, 400)
    assert.equal((await send('/tasks/t?A2A-Version=1.0', get(), strict)).status, 200)
    assert.equal((await send('/v1/tasks/t', get(), strict)).status, 200)
  })

  it('refuses bodies that are no JSON object of a declared type', async () => {
    assert.equal((await send('/message:send', post('{'))).status, 400)
    assert.equal((await send('/message:send', post('[]'))).status, 400)
    assert.equal((await send('/message:send', post(SEND, { 'content-type': 'text/plain' }))).status, 400)
    assert.equal((await send('/message:send', post(''))).status, 400)
    const large = post(SEND)
    assert.equal((await send('/message:send', large, { settings: { maxBodyBytes: 10 } })).status, 413)
  })

  it('echoes the extensions the agent activated', async () => {
    const { headers } = await send('/message:send', post(SEND, { 'a2a-extensions': 'urn:a, urn:b' }), {
      tasks: activatingTasks,
    })
    assert.equal(headers.get('a2a-extensions'), 'urn:a, urn:b')
  })
})

describeBothWays('A2A 0.3 over REST', (ask) => {
  const send = (path: string, init: RequestInit, script?: Script) => sendBy(ask, path, init, script)
  const message = { messageId: 'm', role: 'ROLE_USER', content: [{ text: 'hi' }] }

  it('takes messages in the shape of its protocol definition, by either name', async () => {
    for (const body of [{ message }, { request: message }]) {
      let seen = ''
      const sendMessage: NonNullable<Script['tasks']>['sendMessage'] = async (_call, _agent, { text }) => {
        seen = text
        return `{"task":${TASK}}`
      }
      const reply = await send('/v1/message:send', post(body), { tasks: { sendMessage } })

      assert.equal(reply.status, 200, reply.text)
      assert.deepEqual(JSON.parse(seen).message.parts, [{ text: 'hi' }])
      assert.match(reply.text, /^{"task":{"id":"task-1"/)
    }
  })

  it('names tasks by path', async () => {
    let seen: unknown
    const getTask: NonNullable<Script['tasks']>['getTask'] = async (_call, _agent, request) => {
      seen = request
      return TASK
    }
    assert.equal((await send('/v1/tasks/t%2F1?historyLength=3', get(), { tasks: { getTask } })).status, 200)
    assert.deepEqual(seen, { id: 't/1', historyLength: 3 })
  })

  it('answers failures as its servers do', async () => {
    for (const [code, status, rpc] of [
      ['task_not_found', 404, -32001],
      ['task_not_cancelable', 409, -32002],
      ['unsupported_operation', 501, -32004],
      ['invalid_agent_response', 502, -32006],
      ['extension_support_required', 400, -32600],
    ] as const) {
      const getTask = async () => {
        throw new ParleyError(code, 'No')
      }
      const reply = await send('/v1/tasks/t', get(), { tasks: { getTask } })
      const body: { code: number; message: string; error: string } = JSON.parse(reply.text)
      assert.deepEqual([reply.status, body.code, body.message], [status, rpc, 'No'])
      assert.match(body.error, /^io\.a2a\.spec\.\w+Error$/, 'clients on the Java SDK read nothing else')
    }
  })

  it('gives who subscribes to an ended task the task, and closes', async () => {
    const subscribeToTask = async () => {
      throw new ParleyError('unsupported_operation', 'The task has ended')
    }
    const reply = await send('/v1/tasks/t:subscribe', post(''), { tasks: { subscribeToTask } })
    assert.equal(reply.status, 200, reply.text)
    assert.match(reply.text, /^data: {"task":{"id":"task-1"/)
  })
})
