import { OPERATIONS, type Operation } from '../../../src/a2a/operation.ts'
import type { Right } from '../../../src/access/grant.ts'
import type { Scope } from '../../../src/access/principal.ts'
import type { TaskRequest } from '../raw-ways.ts'
import type { Visibility } from './verdict.ts'

/** What is named when something is asked for. */
export type Names = {
  readonly agent: string
  readonly task: string
  readonly context: string
  readonly key: string
  readonly grant: string
  readonly channel: string
  /** Of alerts about the agent, and an alert that it raised. */
  readonly rule: string
  readonly alert: string
  /** Of the agent, in its card. */
  readonly name: string
}

/**
 * What a call is about: one thing that is named, whatever the caller may see of a kind (`list`), or nothing of anybody's
 * (`gateway`).
 */
export type About = keyof Names | 'list' | 'gateway'

/** A call one can make, and what the specification says it takes. */
export type Need = {
  readonly name: string
  readonly scope: Scope | 'none'
  readonly about: About
  /** On the agent that is named. */
  readonly right?: Right
  /** What is named narrows a list: who sees nothing there gets the list that it is for what never existed. */
  readonly isFilter?: true
  /** The operation of A2A it is, or counts as. */
  readonly operation?: Operation
  /** What it is about is gone afterwards. */
  readonly destroys?: true
  /** It is about more than agents. */
  readonly isTenantWide?: true
  /** Always about the agent of this visibility, whatever is named. */
  readonly at?: Visibility
}

export type A2aNeed = Need & {
  readonly operation: Operation
  readonly request: (names: Names) => TaskRequest
  readonly headers?: Readonly<Record<string, string>>
}

export type NativeNeed = Need & {
  readonly method: string
  readonly path: (names: Names) => string
  readonly body?: (names: Names) => object
  readonly headers?: Readonly<Record<string, string>>
}

const SCOPE_OF: Readonly<Record<Operation, Scope>> = {
  SendMessage: 'tasks:submit',
  SendStreamingMessage: 'tasks:submit',
  GetTask: 'tasks:read',
  ListTasks: 'tasks:read',
  CancelTask: 'tasks:cancel',
  SubscribeToTask: 'tasks:read',
  CreateTaskPushNotificationConfig: 'tasks:submit',
  GetTaskPushNotificationConfig: 'tasks:read',
  ListTaskPushNotificationConfigs: 'tasks:read',
  DeleteTaskPushNotificationConfig: 'tasks:submit',
  GetExtendedAgentCard: 'agents:read',
}

/** Operations that name no task, or answer alike for each: there are no webhooks yet. */
const OF_AGENTS: readonly Operation[] = [
  'SendMessage',
  'SendStreamingMessage',
  'ListTasks',
  'CreateTaskPushNotificationConfig',
  'GetTaskPushNotificationConfig',
  'ListTaskPushNotificationConfigs',
  'DeleteTaskPushNotificationConfig',
  'GetExtendedAgentCard',
]

const plainly = (operation: Operation): A2aNeed => ({
  name: operation,
  operation,
  scope: SCOPE_OF[operation],
  about: OF_AGENTS.includes(operation) ? 'agent' : 'task',
  right: operation === 'GetExtendedAgentCard' ? 'discover' : 'invoke',
  request: ({ task }) =>
    /^Send|^ListTasks$|Card$/.test(operation) ? { operation } : { operation, id: task },
})

const intoATask = (operation: Operation, request: A2aNeed['request'], how: string): A2aNeed => ({
  ...plainly(operation),
  name: `${operation} ${how}`,
  about: 'task',
  request,
})

/** All eleven operations of A2A, and what else one can try with a task whose id one knows. */
export const A2A_NEEDS: readonly A2aNeed[] = [
  ...OPERATIONS.map(plainly),
  ...(['SendMessage', 'SendStreamingMessage'] as const).flatMap((operation) => [
    intoATask(operation, ({ task }) => ({ operation, id: task }), 'into a task'),
    intoATask(operation, ({ task }) => ({ operation, references: [task] }), 'that refers to a task'),
  ]),
  {
    ...plainly('ListTasks'),
    name: 'ListTasks of a context',
    about: 'context',
    isFilter: true,
    request: ({ context }) => ({ operation: 'ListTasks', contextId: context }),
  },
  { ...plainly('SubscribeToTask'), name: 'SubscribeToTask again', headers: { 'last-event-id': '1' } },
]

/** One way to ask something of a route: what it takes, and what is sent. */
type Asked = Omit<NativeNeed, 'name' | 'method' | 'path'> & {
  /** Told from others of the same route. */
  readonly how?: string
  readonly query?: (names: Names) => string
}

const nothing = () => ({})
const open: Asked = { scope: 'none', about: 'gateway' }
const card: Asked = { scope: 'agents:read', about: 'agent', right: 'discover' }
const ofTask: Asked = { scope: 'tasks:read', about: 'task' }
const catalog: Asked = { scope: 'agents:read', about: 'list' }
const listed: Asked = { scope: 'tasks:read', about: 'list' }
const ofAgents: Asked = {
  how: 'of an agent',
  scope: 'tasks:read',
  about: 'agent',
  right: 'invoke',
  operation: 'ListTasks',
  query: ({ agent }) => `?agent=${agent}`,
}
const found = { scope: 'agents:read', about: 'agent', right: 'discover', isFilter: true } as const
const managed = { scope: 'agents:write', about: 'agent', right: 'manage' } as const
const ofChannel = { scope: 'agents:write', about: 'channel', isTenantWide: true } as const
const ofRule: Asked = { scope: 'agents:write', about: 'rule' }
const ofAlert: Asked = { scope: 'agents:write', about: 'alert' }
const asAdmin = { scope: 'admin', about: 'gateway' } as const

/** A security scheme that the cards of all agents have, though none demands it. */
export const SCHEME = 'matrix'

/** The agent that the installation puts forward. */
export const ROOT: Visibility = 'public'

/** Fires once the agent's heartbeat is overdue. */
export const ruleFor = (names: Pick<Names, 'agent'>) => ({
  name: 'Matrix',
  target: { agent: names.agent },
  condition: { heartbeatMissing: true },
})

/** Every native route and what it takes, as the specification has it. The gateway's own description names the same. */
export const ROUTE_NEEDS: Readonly<Record<string, readonly Asked[]>> = {
  'GET /': [open],
  'GET /docs': [open],
  'GET /openapi.json': [open],
  'GET /healthz': [open],
  'GET /livez': [open],
  'GET /readyz': [open],
  'GET /.well-known/jwks.json': [open],
  'GET /.well-known/oauth-authorization-server': [open],
  'GET /.well-known/oauth-protected-resource': [open],
  'GET /.well-known/oauth-protected-resource/a2a/{agent}': [{ scope: 'none', about: 'agent' }],
  'GET /.well-known/agent-card.json': [{ ...card, at: ROOT }],
  'GET /.well-known/agent.json': [{ ...card, at: ROOT }],
  'GET /a2a/{agent}/.well-known/agent-card.json': [card],
  'GET /a2a/{agent}/.well-known/agent.json': [card],
  'GET /metrics': [{ scope: 'metrics:read', about: 'gateway', isTenantWide: true }],
  'GET /agents': [
    catalog,
    { ...found, how: 'by name, with facets', query: ({ name }) => `?name=${name}&facets=owner&facets=tag` },
    { ...found, how: 'by words', query: ({ name }) => `?q=${name}&facets=binding` },
  ],
  'GET /.well-known/ai-catalog.json': [catalog],
  'GET /.well-known/ard.json': [catalog],
  'GET /ard/agents': [
    catalog,
    { ...found, how: 'by name', query: ({ name }) => `?filter=displayName='${name}'` },
  ],
  'POST /ard/search': [{ ...found, body: ({ name }) => ({ query: { text: name } }) }],
  'POST /ard/explore': [
    { ...catalog, body: () => ({ resultType: { facets: [{ field: 'tags' }, { field: 'capabilities' }] } }) },
  ],
  'GET /changes': [catalog, { ...found, how: 'of an agent', query: ({ agent }) => `?agent=${agent}` }],
  'POST /agents/register': [{ scope: 'agents:write', about: 'gateway', body: nothing }],
  'POST /agents/validate': [{ scope: 'agents:write', about: 'gateway', body: nothing }],
  'GET /agents/{id}': [card],
  'DELETE /agents/{id}': [{ ...managed, destroys: true }],
  'POST /agents/{id}/approve': [{ ...managed, scope: 'admin' }],
  'POST /agents/{id}/refuse': [{ ...managed, scope: 'admin', body: () => ({ reason: 'No' }) }],
  'PATCH /agents/{id}': [{ ...managed, body: nothing }],
  'PUT /agents/{id}': [{ ...managed, body: () => ({ card: {} }) }],
  'GET /agents/{id}/health': [card],
  'GET /agents/{id}/health/history': [card, { ...card, how: 'by the day', query: () => '?span=day' }],
  'GET /agents/{id}/health/checks': [managed],
  'GET /agents/{id}/probe': [managed],
  'PUT /agents/{id}/probe': [{ ...managed, body: () => ({ text: 'ping' }) }],
  'DELETE /agents/{id}/probe': [{ ...managed, destroys: true }],
  'POST /agents/{id}/check': [managed],
  'GET /agents/{id}/versions': [managed],
  'GET /agents/{id}/versions/{number}': [managed],
  'GET /agents/{id}/versions/{number}/changes': [{ ...managed, query: () => '?since=1' }],
  'GET /agents/{id}/proposal': [managed],
  'POST /agents/{id}/proposal/accept': [managed],
  'POST /agents/{id}/proposal/reject': [managed],
  'GET /agents/{id}/grants': [managed],
  'POST /agents/{id}/grants': [
    { ...managed, body: () => ({ to: { subject: 'nobody' }, right: 'discover' }) },
  ],
  'POST /grants/explain': [
    { ...managed, body: ({ agent }) => ({ agent, principal: { subject: 'somebody' } }) },
  ],
  'DELETE /agents/{id}/grants/{grant}': [{ ...managed, destroys: true }],
  'GET /agents/{id}/credentials': [managed],
  'PUT /agents/{id}/credentials/{scheme}': [{ ...managed, body: () => ({ key: 'shown-to-agents' }) }],
  'DELETE /agents/{id}/credentials/{scheme}': [{ ...managed, destroys: true }],
  'POST /agents/{id}/heartbeat': [{ ...managed, scope: 'agents:heartbeat' }],
  'GET /agents/{id}/invoke_url': [card],
  'GET /agents/{id}/dependencies': [card],
  'GET /alerts': [
    { ...ofAlert, about: 'list' },
    { ...ofAlert, isFilter: true, how: 'about an agent', query: ({ agent }) => `?agent=${agent}` },
  ],
  'GET /alerts/{id}': [ofAlert],
  'GET /alerts/{id}/notifications': [{ ...ofAlert, isTenantWide: true }],
  'GET /alerts/rules': [{ ...ofRule, about: 'list' }],
  'POST /alerts/rules': [{ ...ofRule, about: 'gateway', body: nothing }],
  'GET /alerts/rules/{id}': [ofRule],
  'PUT /alerts/rules/{id}': [{ ...ofRule, body: ruleFor }],
  'DELETE /alerts/rules/{id}': [{ ...ofRule, destroys: true }],
  'GET /tasks': [
    listed,
    ofAgents,
    {
      ...ofTask,
      about: 'context',
      isFilter: true,
      how: 'of a context',
      query: ({ context }) => `?context_id=${context}`,
    },
  ],
  'GET /tasks/{id}': [ofTask],
  'GET /tasks/{id}/events': [
    ofTask,
    { ...ofTask, how: 'as a stream', headers: { accept: 'text/event-stream' } },
    { ...ofTask, how: 'after the first', query: () => '?after=1&limit=1' },
  ],
  'GET /contexts': [listed, ofAgents],
  'GET /contexts/{id}/history': [
    { scope: 'tasks:read', about: 'context' },
    { ...ofAgents, about: 'context', how: 'with an agent' },
  ],
  'GET /alerts/channels': [{ scope: 'agents:write', about: 'gateway', isTenantWide: true }],
  'POST /alerts/channels': [{ scope: 'agents:write', about: 'gateway', isTenantWide: true, body: nothing }],
  'GET /alerts/channels/{id}': [ofChannel],
  'PUT /alerts/channels/{id}': [{ ...ofChannel, body: nothing }],
  'DELETE /alerts/channels/{id}': [{ ...ofChannel, destroys: true }],
  'POST /alerts/channels/{id}/test': [ofChannel],
  'GET /audit': [
    { ...asAdmin, isTenantWide: true },
    { ...asAdmin, isTenantWide: true, how: 'as lines', headers: { accept: 'application/jsonl' } },
  ],
  'POST /audit/erase': [{ ...asAdmin, isTenantWide: true, body: () => ({ subject: 'key:nobody' }) }],
  'GET /keys': [asAdmin],
  'POST /keys': [{ ...asAdmin, body: nothing }],
  'GET /keys/{id}': [{ ...asAdmin, about: 'key' }],
  'POST /keys/{id}/rotate': [{ ...asAdmin, about: 'key', body: nothing, destroys: true }],
  'DELETE /keys/{id}': [{ ...asAdmin, about: 'key', destroys: true }],
}

const kindOf = (path: string): keyof Names => {
  if (path.startsWith('/tasks')) return 'task'
  if (path.startsWith('/contexts')) return 'context'
  if (path.startsWith('/alerts/channels')) return 'channel'
  if (path.startsWith('/alerts/rules')) return 'rule'
  if (path.startsWith('/alerts')) return 'alert'
  return path.startsWith('/keys') ? 'key' : 'agent'
}

export const NATIVE_NEEDS: readonly NativeNeed[] = Object.entries(ROUTE_NEEDS).flatMap(([route, ways]) => {
  const [method = '', path = ''] = route.split(' ')
  return ways.map(({ how, query = () => '', ...asked }) => ({
    ...asked,
    name: how === undefined ? route : `${route} ${how}`,
    method,
    path: (names: Names) =>
      path
        .replace('{grant}', names.grant)
        .replace('{scheme}', SCHEME)
        .replace('{number}', '1')
        .replace(/\{\w+\}/, names[kindOf(path)]) + query(names),
  }))
})
