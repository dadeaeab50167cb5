import { type ChannelCredentials, Client, credentials, Metadata, type StatusObject } from '@grpc/grpc-js'
import { Agent } from 'undici'
import type { Operation } from '../../src/a2a/operation.ts'
import { V1_0_METHODS } from '../../src/a2a/proto/methods-v1.ts'
import { V0_3_METHODS } from '../../src/a2a/v0_3/proto/methods.ts'
import type { Way } from '../equivalence/ways.ts'
import { envelope, withoutRequest } from './rpc.ts'
import type { TlsClient } from './tls-client.ts'

/** What one can ask, whatever its version calls it. */
export type TaskRequest = {
  readonly operation: Operation
  /** Of the task; absent from a send that begins one. */
  readonly id?: string
  /** For a send: the tasks it refers to. */
  readonly references?: readonly string[]
  /** For a list, a page of one task after this. */
  readonly pageToken?: string
  /** For a list, only those of this context. */
  readonly contextId?: string
  readonly text?: string
  readonly messageId?: string
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
  /** A stream's answer is all of it; `onOpen` is told when it has begun. */
  readonly ask: (
    request: TaskRequest,
    headers?: Readonly<Record<string, string>>,
    onOpen?: () => void,
  ) => Promise<RawAnswer>
}

export type RawTarget = {
  /** Of the gateway, and of its gRPC listener. */
  readonly url: string
  readonly grpc: string
  readonly agent: string
  readonly key: string | undefined
  /** For a gateway that is reached over TLS. */
  readonly tls?: TlsClient
}

const METHODS_0_3: Readonly<Record<TaskRequest['operation'], string>> = {
  GetTask: 'tasks/get',
  CancelTask: 'tasks/cancel',
  SubscribeToTask: 'tasks/resubscribe',
  SendMessage: 'message/send',
  SendStreamingMessage: 'message/stream',
  ListTasks: 'tasks/list',
  CreateTaskPushNotificationConfig: 'tasks/pushNotificationConfig/set',
  GetTaskPushNotificationConfig: 'tasks/pushNotificationConfig/get',
  ListTaskPushNotificationConfigs: 'tasks/pushNotificationConfig/list',
  DeleteTaskPushNotificationConfig: 'tasks/pushNotificationConfig/delete',
  GetExtendedAgentCard: 'agent/getAuthenticatedExtendedCard',
}

/** Version 0.3 lists no tasks. */
export const has = ({ version }: Way, operation: Operation): boolean =>
  version === '1.0' || operation !== 'ListTasks'

/** An answer that has not ended by then is a stream that nobody should have got. */
const LONGEST_ANSWER_MS = 30_000

/** Callers over gRPC share the channel of their address; `close` closes all. */
export function createRawWays(): {
  readonly over: (way: Way, target: RawTarget) => RawCaller
  readonly close: () => void
} {
  const channels = new Map<string, Client>()
  const channelTo = (address: string, tls: TlsClient | undefined): Client => {
    const key = JSON.stringify([address, tls?.identity?.cert])
    const channel = channels.get(key) ?? new Client(address, credentialsOf(tls))
    channels.set(key, channel)
    return channel
  }
  return {
    over: (way, target) => ({
      ask: (request, headers = {}, onOpen = () => {}) => {
        const sent = {
          ...headers,
          ...(target.key !== undefined && { authorization: `Bearer ${target.key}` }),
        }
        if (way.binding === 'JSONRPC') return askJsonRpc(way, target, request, sent, onOpen)
        if (way.binding === 'HTTP+JSON') return askRest(way, target, request, sent, onOpen)
        return askGrpc(channelTo(target.grpc, target.tls), way, target, request, sent, onOpen)
      },
    }),
    close: () => {
      for (const channel of channels.values()) channel.close()
    },
  }
}

const credentialsOf = (tls: TlsClient | undefined): ChannelCredentials => {
  if (tls === undefined) return credentials.createInsecure()
  const { ca, identity } = tls
  const pem = (text: string | undefined) => (text === undefined ? null : Buffer.from(text))
  return credentials.createSsl(Buffer.from(ca), pem(identity?.key), pem(identity?.cert))
}

const agents = new Map<string, Agent>()

/** For `fetch`: how it connects, each identity by itself. */
export function dispatcherFor(tls: TlsClient | undefined): Pick<RequestInit, 'dispatcher'> {
  if (tls === undefined) return {}
  const key = JSON.stringify([tls.ca, tls.identity?.cert])
  const agent = agents.get(key) ?? new Agent({ connect: { ca: tls.ca, ...tls.identity } })
  agents.set(key, agent)
  // Node.js has types of its own for what is the same.
  return { dispatcher: agent as unknown as NonNullable<RequestInit['dispatcher']> }
}

type Headers = Readonly<Record<string, string>>

const isSend = ({ operation }: TaskRequest): boolean => operation.startsWith('Send')

/** A message in the JSON of its version and binding. */
function messageOf(
  { version, binding }: Way,
  { id, references, text = 'echo x', messageId = 'raw' }: TaskRequest,
): object {
  const ids = {
    messageId,
    ...(id !== undefined && { taskId: id }),
    ...(references !== undefined && { referenceTaskIds: references }),
  }
  if (version === '1.0') return { ...ids, role: 'ROLE_USER', parts: [{ text }] }
  if (binding === 'JSONRPC') return { ...ids, kind: 'message', role: 'user', parts: [{ kind: 'text', text }] }
  return { ...ids, role: 'ROLE_USER', content: [{ text }] }
}

function paramsOf(way: Way, request: TaskRequest): object {
  if (isSend(request)) return { message: messageOf(way, request) }
  if (request.operation === 'ListTasks') {
    const { pageToken = '', contextId = '' } = request
    return { pageSize: 1, pageToken, contextId }
  }
  if (isAboutConfigs(request)) return way.version === '1.0' ? configOf(request) : oldConfigOf(way, request)
  if (request.id === undefined) return {}
  return way.version === '1.0' || way.binding === 'JSONRPC'
    ? { id: request.id }
    : { name: `tasks/${request.id}` }
}

const isAboutConfigs = ({ operation }: TaskRequest): boolean => operation.includes('PushNotificationConfig')

const HOOK = { url: 'https://hook.example/' }

function configOf({ operation, id: taskId = '' }: TaskRequest): object {
  if (operation === 'CreateTaskPushNotificationConfig') return { taskId, ...HOOK }
  return operation === 'ListTaskPushNotificationConfigs' ? { taskId } : { taskId, id: 'hook' }
}

function oldConfigOf({ binding }: Way, { operation, id = '' }: TaskRequest): object {
  const task = `tasks/${id}`
  switch (operation) {
    case 'CreateTaskPushNotificationConfig':
      return binding === 'JSONRPC'
        ? { taskId: id, pushNotificationConfig: HOOK }
        : { parent: task, configId: 'hook', config: { pushNotificationConfig: HOOK } }
    case 'ListTaskPushNotificationConfigs':
      return binding === 'JSONRPC' ? { id } : { parent: task }
    default:
      return binding === 'JSONRPC'
        ? { id, pushNotificationConfigId: 'hook' }
        : { name: `${task}/pushNotificationConfigs/hook` }
  }
}

/** An answer over HTTP. */
export async function readAnswer(response: Response): Promise<RawAnswer> {
  const reply = {
    status: response.status,
    headers: response.headers,
    text: await response.text(),
    body: undefined,
  }
  const { headers, text } = withoutRequest(reply)
  return { status: reply.status, shown: JSON.stringify([headers, text]) }
}

async function askJsonRpc(
  way: Way,
  { url, agent, tls }: RawTarget,
  request: TaskRequest,
  headers: Headers,
  onOpen: () => void,
) {
  const method = way.version === '1.0' ? request.operation : METHODS_0_3[request.operation]
  const response = await fetch(`${url}/a2a/${agent}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'a2a-version': way.version, ...headers },
    body: envelope(method, paramsOf(way, request)),
    signal: AbortSignal.timeout(LONGEST_ANSWER_MS),
    ...dispatcherFor(tls),
  })
  onOpen()
  return readAnswer(response)
}

function restPathOf(
  { version }: Way,
  { operation, id = '', pageToken = '', contextId = '' }: TaskRequest,
): string {
  const task = `/tasks/${encodeURIComponent(id)}`
  const configs = `${task}/pushNotificationConfigs`
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
      return `/tasks?pageSize=1&pageToken=${encodeURIComponent(pageToken)}&contextId=${contextId}`
    case 'CreateTaskPushNotificationConfig':
    case 'ListTaskPushNotificationConfigs':
      return configs
    case 'GetTaskPushNotificationConfig':
    case 'DeleteTaskPushNotificationConfig':
      return `${configs}/hook`
    case 'GetExtendedAgentCard':
      return version === '1.0' ? '/extendedAgentCard' : '/card'
  }
}

function restMethodOf({ operation }: TaskRequest): 'GET' | 'POST' | 'DELETE' {
  if (/^(?:Get|List)/.test(operation)) return 'GET'
  return operation.startsWith('Delete') ? 'DELETE' : 'POST'
}

function restBodyOf(way: Way, request: TaskRequest): object {
  if (isSend(request)) return { message: messageOf(way, request) }
  if (!isAboutConfigs(request)) return {}
  return way.version === '1.0' ? HOOK : { pushNotificationConfig: HOOK }
}

async function askRest(
  way: Way,
  { url, agent, tls }: RawTarget,
  request: TaskRequest,
  headers: Headers,
  onOpen: () => void,
) {
  const base = `${url}/a2a/${agent}${way.version === '0.3' ? '/v1' : ''}`
  const path = restPathOf(way, request)
  const response = await fetch(`${base}${path}`, {
    method: restMethodOf(request),
    headers: { 'content-type': 'application/json', ...headers },
    ...(restMethodOf(request) === 'POST' && { body: JSON.stringify(restBodyOf(way, request)) }),
    signal: AbortSignal.timeout(LONGEST_ANSWER_MS),
    ...dispatcherFor(tls),
  })
  onOpen()
  return readAnswer(response)
}

function askGrpc(
  channel: Client,
  way: Way,
  { agent }: RawTarget,
  request: TaskRequest,
  headers: Headers,
  onOpen: () => void,
): Promise<RawAnswer> {
  const methods = way.version === '1.0' ? V1_0_METHODS : V0_3_METHODS
  const method = methods.find(({ operation }) => operation === request.operation)
  if (method === undefined) throw new TypeError(`no ${request.operation}`)
  const named = way.version === '1.0' ? { tenant: agent } : {}
  const metadata = new Metadata()
  const sent = way.version === '1.0' ? headers : { ...headers, 'parley-agent': agent }
  for (const [name, value] of Object.entries(sent)) metadata.set(name, value)
  const bytes = Buffer.from(method.request.encode(JSON.stringify({ ...named, ...paramsOf(way, request) })))
  const same = (value: Buffer): Buffer => value
  const deadline = Date.now() + LONGEST_ANSWER_MS
  const call = channel.makeServerStreamRequest(method.path, same, same, bytes, metadata, { deadline })
  const messages: string[] = []
  let head = {}
  return new Promise((resolve) => {
    call.on('metadata', (received: Metadata) => {
      head = shownOf(received)
      onOpen()
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
