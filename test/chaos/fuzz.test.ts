import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { credentials, Metadata, makeGenericClientConstructor, type ServiceError } from '@grpc/grpc-js'
import { V1_0_METHODS } from '../../src/a2a/proto/methods-v1.ts'
import type { ProtoMethod } from '../../src/a2a/proto/proto-method.ts'
import { V0_3_METHODS } from '../../src/a2a/v0_3/proto/methods.ts'
import { ERROR_CODES } from '../../src/errors.ts'
import { at, listAt, textAt } from '../e2e/json-path.ts'
import { type Endpoint, post, type Reply, readReply, send } from '../e2e/rpc.ts'
import { startWorld, type World } from '../e2e/world.ts'
import { seeded } from './malformed-bodies.ts'
import { mutatedBytes, mutatedText, mutatedValue, pickFrom, type Random } from './mutations.ts'

/** The same in every run, unless another number is asked for, or `random` for one that the report names. */
const ASKED = process.env.FUZZ_SEED ?? '20260102'
const SEED = ASKED === 'random' ? randomInt(2 ** 31) : Number(ASKED)

/** Each decoder is fuzzed for this long at most, and for this many inputs at least on any machine that gets there. */
const BUDGET_MS = 12_000
const MAX_INPUTS = 3000

const REASONS: ReadonlySet<string> = new Set(ERROR_CODES.map((code) => code.toUpperCase()))

const text = { text: 'echo fuzz' }
const message = {
  messageId: 'm',
  role: 'ROLE_USER',
  parts: [text],
  metadata: { a: [1] },
  extensions: ['urn:x'],
}
const configuration = { acceptedOutputModes: ['text/plain'], historyLength: 1, returnImmediately: true }
const webhook = { taskId: 't', id: 'c', url: 'https://client.example', authentication: { scheme: 'Bearer' } }

/** A request of each operation in 1.0. */
const REQUESTS_1_0 = {
  SendMessage: { message, configuration, metadata: { b: null } },
  SendStreamingMessage: {
    message: { ...message, parts: [{ data: null }, { raw: 'AAA=' }, { url: 'urn:x' }] },
  },
  GetTask: { id: 't', historyLength: 3 },
  ListTasks: { contextId: 'c', status: 'TASK_STATE_WORKING', pageSize: 3, pageToken: 'x' },
  CancelTask: { id: 't', metadata: { a: 1 } },
  SubscribeToTask: { id: 't' },
  CreateTaskPushNotificationConfig: webhook,
  GetTaskPushNotificationConfig: { taskId: 't', id: 'c' },
  ListTaskPushNotificationConfigs: { taskId: 't', pageSize: 2 },
  DeleteTaskPushNotificationConfig: { taskId: 't', id: 'c' },
  GetExtendedAgentCard: { tenant: 'x' },
}

const kindMessage = {
  kind: 'message',
  messageId: 'm',
  role: 'user',
  parts: [
    { kind: 'text', text: 'echo fuzz' },
    { kind: 'file', file: { uri: 'urn:x', mimeType: 'text/plain' } },
    { kind: 'data', data: { a: 1 }, metadata: {} },
  ],
}
const hook = { url: 'https://client.example', authentication: { schemes: ['Bearer'] } }

/** A request of each method of 0.3 over JSON-RPC. */
const REQUESTS_0_3 = {
  'message/send': { message: kindMessage, configuration: { blocking: false, historyLength: 1 } },
  'message/stream': { message: kindMessage, metadata: { a: 1 } },
  'tasks/get': { id: 't', historyLength: 2 },
  'tasks/cancel': { id: 't', metadata: {} },
  'tasks/resubscribe': { id: 't' },
  'tasks/pushNotificationConfig/set': { taskId: 't', pushNotificationConfig: hook },
  'tasks/pushNotificationConfig/get': { id: 't', pushNotificationConfigId: 'c' },
  'tasks/pushNotificationConfig/list': { id: 't' },
  'tasks/pushNotificationConfig/delete': { id: 't', pushNotificationConfigId: 'c' },
  'agent/getAuthenticatedExtendedCard': {},
}

const protoMessage = {
  messageId: 'm',
  role: 'ROLE_USER',
  content: [text, { file: { fileWithUri: 'urn:x', mimeType: 'text/plain' } }, { data: { data: { a: 1 } } }],
}

/** A request of each method of 0.3 in the shape of its protocol definition. */
const PROTO_REQUESTS_0_3: Readonly<Record<string, unknown>> = {
  SendMessage: { message: protoMessage, configuration: { blocking: false, historyLength: 1 } },
  SendStreamingMessage: { message: protoMessage, metadata: { a: 1 } },
  GetTask: { name: 'tasks/t', historyLength: 2 },
  CancelTask: { name: 'tasks/t' },
  SubscribeToTask: { name: 'tasks/t' },
  CreateTaskPushNotificationConfig: { parent: 'tasks/t', configId: 'c', config: { name: 'x' } },
  GetTaskPushNotificationConfig: { name: 'tasks/t/pushNotificationConfigs/c' },
  ListTaskPushNotificationConfigs: { parent: 'tasks/t', pageSize: 1 },
  DeleteTaskPushNotificationConfig: { name: 'tasks/t/pushNotificationConfigs/c' },
  GetExtendedAgentCard: {},
}

/** Runs until the time or the inputs are used up; says how many there were, and which one failed. */
async function fuzz(
  report: (line: string) => void,
  seed: number,
  one: (random: Random) => Promise<string>,
): Promise<void> {
  const random = seeded(seed)
  const outcomes = new Map<string, number>()
  const start = performance.now()
  let inputs = 0
  while (inputs < MAX_INPUTS && performance.now() - start < BUDGET_MS) {
    inputs++
    const outcome = await one(random)
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
  }
  report(
    `seed ${SEED}: ${inputs} inputs: ${[...outcomes].map(([what, count]) => `${what} ${count}`).join(', ')}`,
  )
  assert.ok(outcomes.size > 1, 'some inputs are accepted and some refused')
}

/** The named reason of a refusal, or `ok`; fails for an answer that is neither, or tells of a fault of ours. */
function outcomeOf(reply: Reply, error: unknown, details: readonly unknown[], input: string): string {
  const shown = `${input}\n→ ${reply.status} ${reply.text.slice(0, 400)}`
  assert.doesNotMatch(reply.text, /node_modules|\.ts:\d+|\n\s+at /, shown)
  if (error === undefined) {
    assert.ok(reply.status < 300, shown)
    return 'ok'
  }
  const info = details.find((detail) => /ErrorInfo$/.test(textAt(detail, '@type')))
  const reason = textAt(info, 'reason')
  assert.ok(REASONS.has(reason) && reason !== 'INTERNAL', shown)
  textAt(error, 'message')
  return reason
}

/** The first event of a stream, as the plain answer it would have been. */
const firstOf = (reply: Reply): unknown => {
  if (!/^text\/event-stream/.test(reply.headers.get('content-type') ?? '')) return reply.body
  const data = /^data: (.*)$/m.exec(reply.text)?.[1]
  return data === undefined ? {} : JSON.parse(data)
}

/** What says no in an answer of either version; a changed path may lead from one to the other. */
const refusalIn = (answer: unknown): unknown =>
  Number.isInteger(at(answer, 'code')) ? answer : at(answer, 'error')

describe('generated input', { timeout: 300_000 }, () => {
  let world: World
  let client: Required<Endpoint>
  const opened = new AsyncDisposableStack()

  before(async () => {
    const env = { PARLEY_GRPC: '0=scenario', PARLEY_MAX_WAIT_MS: '2000' }
    world = opened.use(await startWorld({ env }))
    client = await world.client('fuzz')
  })
  after(() => opened.disposeAsync())

  const lives = async () => {
    const sent = await send(client, 'echo alive')
    assert.equal(at(sent, 'task', 'status', 'state'), 'TASK_STATE_COMPLETED')
  }

  for (const [index, [version, requests]] of (
    [
      ['1.0', REQUESTS_1_0],
      ['0.3', REQUESTS_0_3],
    ] as const
  ).entries()) {
    test(`JSON-RPC ${version} answers it all in its own words`, async (t) => {
      await fuzz(t.diagnostic.bind(t), SEED + index, async (random) => {
        const [method, params] = pickFrom(random, Object.entries(requests))
        const whole = { jsonrpc: '2.0', id: 1, method, params }
        const changed =
          random() < 0.7 ? { ...whole, params: mutatedValue(params, random) } : mutatedValue(whole, random)
        const body = random() < 0.1 ? mutatedText(JSON.stringify(changed), random) : JSON.stringify(changed)
        const reply = await post(client, body, { 'a2a-version': random() < 0.5 ? version : '' })
        const answer = firstOf(reply)
        const error = at(answer, 'error')
        return outcomeOf(reply, error, error === undefined ? [] : listAt(error, 'data'), body)
      })
      await lives()
    })
  }

  const restCall = async (path: string, method: string, body: string | undefined): Promise<Reply> =>
    readReply(
      await fetch(`${client.url}${path}`, {
        method,
        headers: { authorization: `Bearer ${client.key}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body }),
      }),
    )

  for (const [index, [version, prefix, requests]] of (
    [
      ['1.0', '', REQUESTS_1_0],
      ['0.3', '/v1', PROTO_REQUESTS_0_3],
    ] as const
  ).entries()) {
    test(`REST ${version} answers it all in its own words`, async (t) => {
      const paths = [
        '/message:send',
        '/message:stream',
        '/tasks/t:cancel',
        '/tasks/t:subscribe',
        '/tasks/t/pushNotificationConfigs',
      ]
      const queries = [
        '/tasks?pageSize=3&status=TASK_STATE_WORKING&includeArtifacts=true',
        '/tasks/t?historyLength=2',
        '/tasks/t/pushNotificationConfigs/c',
        '/extendedAgentCard',
        '/card',
      ]
      await fuzz(t.diagnostic.bind(t), SEED + 10 + index, async (random) => {
        const isPost = random() < 0.7
        const path = pickFrom(random, isPost ? paths : queries)
        const where = prefix + (random() < 0.2 ? encodeURI(mutatedText(path, random).toWellFormed()) : path)
        const request = pickFrom(random, Object.values(requests))
        const value = JSON.stringify(mutatedValue(request, random)) ?? ''
        const body = random() < 0.1 ? mutatedText(value, random) : value
        const method = isPost ? 'POST' : pickFrom(random, ['GET', 'DELETE'])
        const reply = await restCall(
          where.startsWith('/') ? where : `/${where}`,
          method,
          isPost ? body : undefined,
        )
        // What the path makes of the address may be another room's: a page, a card, a problem.
        if (/^application\/problem/.test(reply.headers.get('content-type') ?? '')) return 'elsewhere'
        const error = refusalIn(firstOf(reply))
        const details = [at(error, 'details'), at(error, 'data')].find(Array.isArray)
        return outcomeOf(reply, error, details ?? [], `${where} ${body}`)
      })
      await lives()
    })
  }

  for (const [index, [version, methods, requests]] of (
    [
      ['1.0', V1_0_METHODS, REQUESTS_1_0],
      ['0.3', V0_3_METHODS, PROTO_REQUESTS_0_3],
    ] as const
  ).entries()) {
    test(`gRPC ${version} answers it all with a status`, async (t) => {
      const metadata = new Metadata()
      metadata.set('authorization', `Bearer ${client.key}`)
      const raw = openRawClient(world.parley.grpc[0] ?? '', methods)
      try {
        await fuzz(t.diagnostic.bind(t), SEED + 20 + index, async (random) => {
          const method = pickFrom(random, methods)
          const bytes = encoded(method, requests, random)
          return raw(method, bytes, metadata)
        })
      } finally {
        raw.close()
      }
      await lives()
    })
  }
})

/** A request as bytes, changed before it was encoded or after. */
function encoded(
  method: ProtoMethod,
  requests: Readonly<Record<string, unknown>>,
  random: Random,
): Uint8Array {
  const request = requests[method.operation]
  if (random() < 0.3) {
    try {
      return method.request.encode(JSON.stringify(mutatedValue(request, random)))
    } catch {
      // What cannot be encoded cannot be sent in this way.
    }
  }
  const bytes = method.request.encode(JSON.stringify(request))
  return bytes.length === 0 ? Buffer.from([random() * 256, random() * 256]) : mutatedBytes(bytes, random)
}

/** Statuses that an answer to a request may have; INTERNAL and UNKNOWN are faults of ours. */
const STATUSES: ReadonlySet<number> = new Set([3, 5, 7, 8, 9, 10, 12, 14])

type RawClient = {
  (method: ProtoMethod, bytes: Uint8Array, metadata: Metadata): Promise<string>
  close(): void
}

/** Sends bytes as they are, and reads no more of a stream than that it begins. */
function openRawClient(address: string, methods: readonly ProtoMethod[]): RawClient {
  const keep = (bytes: Uint8Array): Buffer => Buffer.from(bytes)
  const definition = Object.fromEntries(
    methods.map(({ path, isStream }) => [
      path,
      {
        path,
        requestStream: false,
        responseStream: isStream,
        requestSerialize: keep,
        requestDeserialize: keep,
        responseSerialize: keep,
        responseDeserialize: keep,
      },
    ]),
  )
  const Raw = makeGenericClientConstructor(definition, 'raw')
  const grpc = new Raw(address, credentials.createInsecure())
  const call = ({ path, isStream }: ProtoMethod, bytes: Uint8Array, metadata: Metadata): Promise<string> =>
    new Promise((resolve, reject) => {
      const settle = (error: ServiceError | null) => {
        if (error === null) resolve('ok')
        else if (STATUSES.has(error.code)) resolve(String(error.code))
        else reject(new Error(`${path} ${Buffer.from(bytes).toString('hex')} → ${error.message}`))
      }
      if (!isStream) {
        grpc.makeUnaryRequest(path, keep, keep, Buffer.from(bytes), metadata, settle)
        return
      }
      const stream = grpc.makeServerStreamRequest(path, keep, keep, Buffer.from(bytes), metadata)
      stream.on('error', (error: ServiceError) => settle(error.code === 1 ? null : error))
      stream.on('data', () => stream.cancel())
      stream.on('end', () => settle(null))
    })
  return Object.assign(call, { close: () => grpc.close() })
}
