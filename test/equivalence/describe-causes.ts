import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Client } from '@a2a-js/sdk/client'
import { told } from './sdk-refusal.ts'
import { all, cancel, finished, stream, subscribe, textMessage } from './sdk-requests.ts'
import { Refusal } from './tasks-client.ts'
import { nameOf, WAYS, type Way } from './ways.ts'

/** Registered or not, each has a gRPC listener of its own; `nobody` is a listener without an agent. */
export type Slug = 'scenario' | 'picky' | 'absent' | 'hidden' | 'nobody'

/** Who calls, and what. Default: a new subject with every scope, the scenario agent. */
export type Caller = {
  readonly slug?: Slug
  /** In place of the card published for that agent. */
  readonly card?: unknown
  readonly scopes?: readonly string[]
  /** In place of a key of the subject's. */
  readonly key?: string | null
  readonly headers?: Readonly<Record<string, string>>
}

export type CauseWorld = {
  connect(way: Way, caller?: Caller): Promise<Client>
  /** Calls with a body that is none of the binding; the refusal is the error. */
  sendBroken(way: Way): Promise<unknown>
}

type Cause = {
  readonly name: string
  readonly reason: keyof typeof CODES
  /** Each is refused for the cause alone. */
  readonly ask: (world: CauseWorld, way: Way) => Promise<readonly Promise<unknown>[]>
  /** A version that has no words for what is asked, or another answer. */
  readonly not?: Way['version']
  /** The only binding in which it can happen. */
  readonly only?: Way['binding']
}

/** What A2A 1.0 (§5.4) calls each reason, and what 0.3 calls it where that differs. */
const CODES = {
  TASK_NOT_FOUND: { JSONRPC: -32001, 'HTTP+JSON': 404, GRPC: 5 },
  TASK_NOT_CANCELABLE: { JSONRPC: -32002, 'HTTP+JSON': 400, GRPC: 9, '0.3': { 'HTTP+JSON': 409 } },
  PUSH_NOTIFICATION_NOT_SUPPORTED: {
    JSONRPC: -32003,
    'HTTP+JSON': 400,
    GRPC: 9,
    '0.3': { 'HTTP+JSON': 501 },
  },
  UNSUPPORTED_OPERATION: { JSONRPC: -32004, 'HTTP+JSON': 400, GRPC: 9, '0.3': { 'HTTP+JSON': 501 } },
  EXTENSION_SUPPORT_REQUIRED: { JSONRPC: -32008, 'HTTP+JSON': 400, GRPC: 9, '0.3': { JSONRPC: -32600 } },
  VERSION_NOT_SUPPORTED: { JSONRPC: -32009, 'HTTP+JSON': 400, GRPC: 9 },
  INVALID_PARAMS: { JSONRPC: -32602, 'HTTP+JSON': 400, GRPC: 3 },
  PARSE_ERROR: { JSONRPC: -32700, 'HTTP+JSON': 400, GRPC: 3 },
  IDEMPOTENCY_CONFLICT: { JSONRPC: -32600, 'HTTP+JSON': 409, GRPC: 10 },
  UNAUTHENTICATED: { JSONRPC: -32600, 'HTTP+JSON': 401, GRPC: 16 },
  FORBIDDEN: { JSONRPC: -32600, 'HTTP+JSON': 403, GRPC: 7 },
  AGENT_NOT_FOUND: { JSONRPC: -32600, 'HTTP+JSON': 404, GRPC: 5 },
} as const

const NOBODYS = '0190a0a0-0000-7000-8000-000000000000'

const get = (client: Client, id: string) => told(() => client.getTask({ tenant: '', id }))
const send = (client: Client, text: string, more: object = {}) =>
  told(() => client.sendMessage(textMessage(text, more)))

/** Everything that can be asked of a task by its id. */
const askAbout = (client: Client, id: string): readonly Promise<unknown>[] => [
  get(client, id),
  cancel(client, id),
  all(subscribe(client, id)),
  send(client, 'more', { taskId: id }),
  all(stream(client, 'more', { taskId: id })),
]

const config = (taskId: string) => ({ tenant: '', id: 'c1', taskId })

const configurePush = (client: Client, taskId: string): readonly Promise<unknown>[] => [
  told(() =>
    client.createTaskPushNotificationConfig({
      ...config(taskId),
      url: 'https://client.example/hook',
      token: '',
      authentication: undefined,
    }),
  ),
  told(() => client.getTaskPushNotificationConfig(config(taskId))),
  told(() => client.listTaskPushNotificationConfig({ ...config(taskId), pageSize: 0, pageToken: '' })),
  told(() => client.deleteTaskPushNotificationConfig(config(taskId))),
]

/** Every operation that any key of a subject may need a scope for. */
const everything = (client: Client): readonly Promise<unknown>[] => [
  send(client, 'echo x'),
  all(stream(client, 'echo x')),
  ...askAbout(client, NOBODYS),
  ...configurePush(client, NOBODYS),
  told(() => client.getAgentCard()),
]

const list = (client: Client, page: { readonly pageSize?: number; readonly pageToken?: string }) =>
  told(() =>
    client.listTasks({
      tenant: '',
      contextId: '',
      status: 0,
      pageToken: '',
      statusTimestampAfter: undefined,
      ...page,
    }),
  )

const CAUSES: readonly Cause[] = [
  {
    name: 'a task that never was',
    reason: 'TASK_NOT_FOUND',
    ask: async ({ connect }, way) => askAbout(await connect(way), NOBODYS),
  },
  {
    name: 'a task of somebody else',
    reason: 'TASK_NOT_FOUND',
    ask: async ({ connect }, way) => {
      const { id } = await finished(await connect(way), 'input')
      return askAbout(await connect(way), id)
    },
  },
  {
    name: 'canceling what has ended',
    reason: 'TASK_NOT_CANCELABLE',
    ask: async ({ connect }, way) => {
      const client = await connect(way)
      return [cancel(client, (await finished(client, 'echo x')).id)]
    },
  },
  {
    name: 'canceling what the agent will not cancel',
    reason: 'TASK_NOT_CANCELABLE',
    ask: async ({ connect }, way) => {
      const client = await connect(way)
      for await (const { payload } of stream(client, 'stubborn 10000')) {
        if (payload?.$case === 'statusUpdate') return [cancel(client, payload.value.taskId)]
      }
      return []
    },
  },
  {
    name: 'following what has ended',
    reason: 'UNSUPPORTED_OPERATION',
    ask: async ({ connect }, way) => {
      const client = await connect(way)
      return [all(subscribe(client, (await finished(client, 'echo x')).id))]
    },
    not: '0.3',
  },
  {
    name: 'a message to a task that has ended',
    reason: 'UNSUPPORTED_OPERATION',
    ask: async ({ connect }, way) => {
      const client = await connect(way)
      const { id: taskId } = await finished(client, 'echo x')
      return [send(client, 'more', { taskId }), all(stream(client, 'more', { taskId }))]
    },
  },
  {
    name: 'a task and a context that do not belong together',
    reason: 'INVALID_PARAMS',
    ask: async ({ connect }, way) => {
      const client = await connect(way)
      const { id: taskId } = await finished(client, 'input')
      const contextId = 'another'
      return [send(client, 'more', { taskId, contextId }), all(stream(client, 'more', { taskId, contextId }))]
    },
  },
  {
    name: 'a page of a size there is none of',
    reason: 'INVALID_PARAMS',
    ask: async ({ connect }, way) => {
      const client = await connect(way)
      return [list(client, { pageSize: 0 }), list(client, { pageSize: 101 })]
    },
    not: '0.3',
  },
  {
    name: 'a page token that we did not make',
    reason: 'INVALID_PARAMS',
    ask: async ({ connect }, way) => [list(await connect(way), { pageToken: 'made up' })],
    not: '0.3',
  },
  {
    name: 'an extension that the agent requires',
    reason: 'EXTENSION_SUPPORT_REQUIRED',
    ask: async ({ connect }, way) => {
      const client = await connect(way, { slug: 'picky' })
      return [send(client, 'echo x'), all(stream(client, 'echo x'))]
    },
  },
  {
    name: 'push notifications that the card does not offer',
    reason: 'PUSH_NOTIFICATION_NOT_SUPPORTED',
    ask: async ({ connect }, way) => {
      const client = await connect(way)
      return configurePush(client, (await finished(client, 'input')).id)
    },
  },
  {
    name: 'an extended card that there is none of',
    reason: 'UNSUPPORTED_OPERATION',
    ask: async ({ connect }, way) => {
      const client = await connect(way, { slug: 'picky' })
      return [told(() => client.getAgentCard())]
    },
  },
  {
    name: 'an agent that never was',
    reason: 'AGENT_NOT_FOUND',
    ask: async ({ connect }, way) => everything(await connect(way, { slug: 'absent' })),
  },
  {
    name: 'an agent that the caller may not see',
    reason: 'AGENT_NOT_FOUND',
    ask: async ({ connect }, way) => everything(await connect(way, { slug: 'hidden' })),
  },
  {
    name: 'a call that names no agent',
    reason: 'INVALID_PARAMS',
    ask: async ({ connect }, way) => everything(await connect(way, { slug: 'nobody' })),
    only: 'GRPC',
  },
  {
    name: 'no credential',
    reason: 'UNAUTHENTICATED',
    ask: async ({ connect }, way) => everything(await connect(way, { key: null })),
  },
  {
    name: 'a credential that is none',
    reason: 'UNAUTHENTICATED',
    ask: async ({ connect }, way) => everything(await connect(way, { key: 'made-up' })),
  },
  {
    name: 'a key without the scope',
    reason: 'FORBIDDEN',
    ask: async ({ connect }, way) => everything(await connect(way, { scopes: ['agents:heartbeat'] })),
  },
  {
    name: 'an idempotency key used for something else',
    reason: 'IDEMPOTENCY_CONFLICT',
    ask: async ({ connect }, way) => {
      const client = await connect(way, { headers: { 'idempotency-key': 'k1' } })
      await finished(client, 'echo first')
      return [send(client, 'echo second'), all(stream(client, 'echo third'))]
    },
  },
  {
    name: 'a version that we do not speak',
    reason: 'VERSION_NOT_SUPPORTED',
    ask: async ({ connect }, way) => everything(await connect(way, { headers: { 'A2A-Version': '9.9' } })),
  },
  {
    name: 'a body that is none',
    reason: 'PARSE_ERROR',
    ask: async ({ sendBroken }, way) => [sendBroken(way)],
  },
]

/** The same error for the same cause, whatever way the call came. */
export function describeCauses(world: CauseWorld): void {
  describe('the same error for the same cause, over every way', { concurrency: true }, () => {
    for (const { name, reason, ask, not, only } of CAUSES) {
      it(`${reason}: ${name}`, async () => {
        const ways = WAYS.filter(({ version, binding }) => version !== not && binding === (only ?? binding))

        const told = await Promise.all(
          ways.map(async (way) => {
            const answers = await Promise.allSettled(await ask(world, way))
            return [nameOf(way), [...new Set(answers.map(toldBy))]] as const
          }),
        )

        assert.deepEqual(
          Object.fromEntries(told),
          Object.fromEntries(ways.map((way) => [nameOf(way), [`${reason} ${codeOf(reason, way)}`]])),
        )
      })
    }
  })
}

/** In words, so that a failure shows what was said. */
function toldBy(answer: PromiseSettledResult<unknown>): string {
  if (answer.status === 'fulfilled') return `answered: ${JSON.stringify(answer.value)?.slice(0, 200)}`
  const { reason } = answer
  return reason instanceof Refusal ? `${reason.reason} ${reason.code}` : String(reason)
}

function codeOf(reason: keyof typeof CODES, { version, binding }: Way): number {
  const codes: Readonly<Record<Way['binding'], number>> & {
    readonly '0.3'?: Partial<Record<Way['binding'], number>>
  } = CODES[reason]
  return (version === '0.3' ? codes['0.3']?.[binding] : undefined) ?? codes[binding]
}
