import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { StreamResponse } from '../../src/a2a/task.ts'
import type { Call, Scope } from '../../src/access/principal.ts'
import { toConfig } from '../../src/config/config.ts'
import { startParley } from '../../src/main.ts'
import { at, listAt, textAt } from '../e2e/json-path.ts'
import { type Endpoint, rpc } from '../e2e/rpc.ts'
import { openStream, payload } from '../e2e/sse.ts'
import { type Frame, Refusal, type TasksClient, type World } from './tasks-client.ts'

const SCOPES: readonly Scope[] = ['tasks:submit', 'tasks:read', 'tasks:cancel']

/** The whole program on a real port, called in raw JSON-RPC. */
export async function openJsonRpc(card: string): Promise<World> {
  await using opened = new AsyncDisposableStack()
  const dataDir = mkdtempSync(join(tmpdir(), 'parley-equivalence-'))
  opened.defer(() => rmSync(dataDir, { recursive: true }))
  const env = {
    BACKEND: 'memory',
    PORT: '0',
    ALLOW_AGENTS: '127.0.0.0/8',
    LOG_LEVEL: 'silent',
    DATA_DIR: dataDir,
  }
  const secrets = { adminKey: 'the-admin-key-of-a-test', isAdminKeyNew: false, cursorKey: randomBytes(32) }
  const parley = opened.use(await startParley(toConfig(env, { cwd: dataDir, isProduction: false }), secrets))
  const admin: Call = {
    principal: { tenant: 'default', subject: 'key:admin', groups: [], scopes: new Set<Scope>(['admin']) },
    requestId: 'r1',
    signal: new AbortController().signal,
  }
  await parley.registry.register(admin, { card, slug: 'scenario' })
  const parts = opened.move()
  return {
    async client(subject) {
      const { secret } = await parley.access.createKey(admin, { subject, scopes: SCOPES, label: subject })
      return clientOf({ url: `${parley.url}/a2a/scenario`, key: secret })
    },
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  }
}

function clientOf(endpoint: Endpoint): TasksClient {
  const call = async <T>(method: string, params: unknown, headers: Readonly<Record<string, string>> = {}) => {
    const reply = await rpc(endpoint, method, params, { headers })
    return resultIn(reply.body) as T
  }
  const keyed = (key: string | undefined): Record<string, string> =>
    key === undefined ? {} : { 'idempotency-key': key }
  return {
    send: (request, options) => call('SendMessage', request, keyed(options?.idempotencyKey)),
    stream: (request, options) =>
      frames(endpoint, 'SendStreamingMessage', request, keyed(options?.idempotencyKey)),
    get: (request) => call('GetTask', request),
    list: (request) => call('ListTasks', request),
    cancel: (request) => call('CancelTask', request),
    subscribe: ({ id, afterSeq }) => {
      const headers: Record<string, string> =
        afterSeq === undefined ? {} : { 'last-event-id': String(afterSeq) }
      return frames(endpoint, 'SubscribeToTask', { id }, headers)
    },
  }
}

async function* frames(
  endpoint: Endpoint,
  method: string,
  params: unknown,
  headers: Readonly<Record<string, string>>,
): AsyncGenerator<Frame, void, undefined> {
  const stream = await opened(endpoint, method, params, headers)
  try {
    for (let event = await stream.next(); event !== undefined; event = await stream.next()) {
      const seq = event.id === '' ? undefined : Number(event.id)
      yield { seq, event: resultIn(payload(event)) as StreamResponse }
    }
  } finally {
    stream.cut()
  }
}

/** A call that is refused before its first event is answered as plain JSON. */
async function opened(...args: Parameters<typeof openStream>): ReturnType<typeof openStream> {
  const [endpoint, method, params, headers = {}] = args
  const accept = { accept: 'text/event-stream', ...headers }
  try {
    return await openStream(endpoint, method, params, headers)
  } catch {
    const reply = await rpc(endpoint, method, params, { headers: accept })
    resultIn(reply.body)
    throw new Error(`neither a stream nor a refusal: ${reply.text}`)
  }
}

/** The result of a JSON-RPC answer; its error becomes a refusal. */
function resultIn(body: unknown): unknown {
  const error = at(body, 'error')
  if (error === undefined) return at(body, 'result')
  const data = listAt(error, 'data')
  const fields = data.flatMap((detail) =>
    at(detail, 'fieldViolations') === undefined ? [] : listAt(detail, 'fieldViolations'),
  )
  const info = data.find((detail) => /ErrorInfo$/.test(textAt(detail, '@type')))
  return fail(
    new Refusal(
      textAt(info, 'reason'),
      textAt(error, 'message'),
      fields.map((field) => textAt(field, 'field')),
    ),
  )
}

function fail(refusal: Refusal): never {
  throw refusal
}
