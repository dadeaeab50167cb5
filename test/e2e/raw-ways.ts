import { Client, credentials, Metadata, type StatusObject } from '@grpc/grpc-js'
import type { Operation } from '../../src/a2a/operation.ts'
import { V1_0_METHODS } from '../../src/a2a/proto/methods-v1.ts'
import { V0_3_METHODS } from '../../src/a2a/v0_3/proto/methods.ts'
import type { Way } from '../equivalence/ways.ts'
import { envelope, withoutRequest } from './rpc.ts'

/** What one can ask, whatever its version calls it. */
export type TaskRequest = {
  readonly operation: Extract<
    Operation,
    | 'GetTask'
    | 'CancelTask'
    | 'SubscribeToTask'
    | 'SendMessage'
    | 'SendStreamingMessage'
    | 'ListTasks'
    | 'GetExtendedAgentCard'
  >
  /** Of the task; absent from a send that begins one. */
  readonly id?: string
  /** For a send: the tasks it refers to. */
  readonly references?: readonly string[]
  /** For a list, a page of one task after this. */
  readonly pageToken?: string
  readonly text?: string
}

/** All of an answer that says what it says. */
export type RawAnswer = {
  /** 200 or 0 when it went well. */
  readonly status: number
  /** Headers, body and trailers, without the request's number and the moment. */
  readonly shown: string
}

/** One caller of one agent over one way. Answers are as they came, not as a client reads them. */
export type RawCaller = {
  readonly ask: (request: TaskRequest, headers?: Readonly<Record<string, string>>) => Promise<RawAnswer>
}

export type RawTarget = {
  /** Of the gateway, and of its gRPC listener. */
  readonly url: string
  readonly grpc: string
  readonly agent: string
  readonly key: string | undefined
}

const METHODS_0_3: Readonly<Record<TaskRequest['operation'], string>> = {
  GetTask: 'tasks/get',
  CancelTask: 'tasks/cancel',
  SubscribeToTask: 'tasks/resubscribe',
  SendMessage: 'message/send',
  SendStreamingMessage: 'message/stream',
  ListTasks: 'tasks/list',
  GetExtendedAgentCard: 'agent/getAuthenticatedExtendedCard',
}

/** Callers over gRPC share the channel of their address; `close` closes all. */
export function createRawWays(): {
  readonly over: (way: Way, target: RawTarget) => RawCaller
  readonly close: () => void
} {
  const channels = new Map<string, Client>()
  const channelTo = (address: string): Client => {
    const channel = channels.get(address) ?? new Client(address, credentials.createInsecure())
    channels.set(address, channel)
    return channel
  }
  return {
    over: (way, target) => ({
      ask: (request, headers = {}) => {
        const sent = {
          ...headers,
          ...(target.key !== undefined && { authorization: `Bearer ${target.key}` }),
        }
        if (way.binding === 'JSONRPC') return askJsonRpc(way, target, request, sent)
        if (way.binding === 'HTTP+JSON') return askRest(way, target, request, sent)
        return askGrpc(channelTo(target.grpc), way, target, request, sent)
      },
    }),
    close: () => {
      for (const channel of channels.values()) channel.close()
    },
  }
}

type Headers = Readonly<Record<string, string>>

const isSend = ({ operation }: TaskRequest): boolean => operation.startsWith('Send')

/** A message in the JSON of its version and binding. */
function messageOf({ version, binding }: Way, { id, references, text = 'echo x' }: TaskRequest): object {
  const ids = {
    messageId: 'raw',
    ...(id !== undefined && { taskId: id }),
    ...(references !== undefined && { referenceTaskIds: references }),
  }
  if (version === '1.0') return { ...ids, role: 'ROLE_USER', parts: [{ text }] }
  if (binding === 'JSONRPC') return { ...ids, kind: 'message', role: 'user', parts: [{ kind: 'text', text }] }
  return { ...ids, role: 'ROLE_USER', content: [{ text }] }
}

function paramsOf(way: Way, request: TaskRequest): object {
  if (isSend(request)) return { message: messageOf(way, request) }
  if (request.operation === 'ListTasks') return { pageSize: 1, pageToken: request.pageToken ?? '' }
  return request.id === undefined ? {} : { id: request.id }
}

async function read(response: Response): Promise<RawAnswer> {
  const reply = {
    status: response.status,
    headers: response.headers,
    text: await response.text(),
    body: undefined,
  }
  const { headers, text } = withoutRequest(reply)
  return { status: reply.status, shown: JSON.stringify([headers, text]) }
}

async function askJsonRpc(way: Way, { url, agent }: RawTarget, request: TaskRequest, headers: Headers) {
  const method = way.version === '1.0' ? request.operation : METHODS_0_3[request.operation]
  const response = await fetch(`${url}/a2a/${agent}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'a2a-version': way.version, ...headers },
    body: envelope(method, paramsOf(way, request)),
  })
  return read(response)
}

function restPathOf({ version }: Way, { operation, id = '', pageToken = '' }: TaskRequest): string {
  const task = `/tasks/${encodeURIComponent(id)}`
  switch (operation) {
    case 'GetTask':
      return task
    case 'CancelTask':
      return `${task}:cancel`
    case 'SubscribeToTask':
      return `${task}:subscribe`
    case 'SendMessage':
      return '/message:send'
    case 'SendStreamingMessage':
      return '/message:stream'
    case 'ListTasks':
      return `/tasks?pageSize=1&pageToken=${encodeURIComponent(pageToken)}`
    case 'GetExtendedAgentCard':
      return version === '1.0' ? '/extendedAgentCard' : '/card'
  }
}

const READS: readonly TaskRequest['operation'][] = ['GetTask', 'ListTasks', 'GetExtendedAgentCard']

async function askRest(way: Way, { url, agent }: RawTarget, request: TaskRequest, headers: Headers) {
  const base = `${url}/a2a/${agent}${way.version === '0.3' ? '/v1' : ''}`
  const path = restPathOf(way, request)
  const method = READS.includes(request.operation) ? 'GET' : 'POST'
  const body = isSend(request) ? { message: messageOf(way, request) } : {}
  const response = await fetch(`${base}${path}`, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    ...(method === 'POST' && { body: JSON.stringify(body) }),
  })
  return read(response)
}

function askGrpc(
  channel: Client,
  way: Way,
  { agent }: RawTarget,
  request: TaskRequest,
  headers: Headers,
): Promise<RawAnswer> {
  const methods = way.version === '1.0' ? V1_0_METHODS : V0_3_METHODS
  const method = methods.find(({ operation }) => operation === request.operation)
  if (method === undefined) throw new TypeError(`no ${request.operation}`)
  const named = way.version === '1.0' ? { tenant: agent } : {}
  const said =
    way.version === '1.0' || request.id === undefined || isSend(request)
      ? paramsOf(way, request)
      : { name: `tasks/${request.id}` }
  const metadata = new Metadata()
  const sent = way.version === '1.0' ? headers : { ...headers, 'parley-agent': agent }
  for (const [name, value] of Object.entries(sent)) metadata.set(name, value)
  const bytes = Buffer.from(method.request.encode(JSON.stringify({ ...named, ...said })))
  const same = (value: Buffer): Buffer => value
  const call = channel.makeServerStreamRequest(method.path, same, same, bytes, metadata)
  const messages: string[] = []
  let head = {}
  return new Promise((resolve) => {
    call.on('metadata', (received: Metadata) => {
      head = shownOf(received)
    })
    call.on('data', (message: Buffer) => messages.push(method.response.decode(message)))
    call.on('error', () => {})
    call.on('status', ({ code, details, metadata: trailers }: StatusObject) => {
      const shown = JSON.stringify([head, messages, code, details, shownOf(trailers)])
      resolve({ status: code, shown })
    })
  })
}

/** Metadata without the number of the request, which details repeat. */
function shownOf(metadata: Metadata): object {
  const number = metadata.get('x-request-id')[0]?.toString() ?? '\0'
  return Object.fromEntries(
    Object.keys(metadata.getMap())
      .filter((name) => !['x-request-id', 'date'].includes(name))
      .map((name) => [
        name,
        metadata.get(name).map((value) => latin1Of(value).replaceAll(number, '<request>')),
      ]),
  )
}

const latin1Of = (value: string | Buffer): string =>
  typeof value === 'string' ? value : value.toString('latin1')
