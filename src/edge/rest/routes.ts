import type { Dialect } from '../../a2a/dialect.ts'
import type { Operation } from '../../a2a/operation.ts'
import { V0_3_REST } from '../../a2a/v0_3/proto/dialect.ts'
import { V1_0 } from '../../a2a/v1-0.ts'
import { ParleyError } from '../../errors.ts'
import { methodNotAllowed } from '../http/problem.ts'

/** How one operation is asked for over HTTP, below the address of an agent. */
export type RestRoute = {
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** Names in braces stand for one segment each. */
  readonly path: string
  readonly operation: Operation
  /** Query parameters that are members of the request. */
  readonly query?: readonly string[]
  /** The member that a body is, where it is not the request itself. */
  readonly bodyAs?: string
  /** Members of the request from the names in the path; without it, the names are the members. */
  readonly members?: (names: Names) => Names
}

export type Names = Readonly<Record<string, string>>

const LIST_QUERY = [
  'contextId',
  'status',
  'pageSize',
  'pageToken',
  'historyLength',
  'statusTimestampAfter',
  'includeArtifacts',
]
const TASK_CONFIGS = '/tasks/{taskId}/pushNotificationConfigs'

/** A2A 1.0 §5.3, §11.3. Text and protocol definition disagree about the method of `:subscribe`, so it takes both. */
const ROUTES_1_0: readonly RestRoute[] = [
  { method: 'POST', path: '/message:send', operation: 'SendMessage' },
  { method: 'POST', path: '/message:stream', operation: 'SendStreamingMessage' },
  { method: 'GET', path: '/tasks', operation: 'ListTasks', query: LIST_QUERY },
  { method: 'POST', path: '/tasks/{id}:cancel', operation: 'CancelTask' },
  { method: 'POST', path: '/tasks/{id}:subscribe', operation: 'SubscribeToTask' },
  { method: 'GET', path: '/tasks/{id}:subscribe', operation: 'SubscribeToTask' },
  { method: 'GET', path: '/tasks/{id}', operation: 'GetTask', query: ['historyLength'] },
  { method: 'POST', path: TASK_CONFIGS, operation: 'CreateTaskPushNotificationConfig' },
  {
    method: 'GET',
    path: TASK_CONFIGS,
    operation: 'ListTaskPushNotificationConfigs',
    query: ['pageSize', 'pageToken'],
  },
  { method: 'GET', path: `${TASK_CONFIGS}/{id}`, operation: 'GetTaskPushNotificationConfig' },
  { method: 'DELETE', path: `${TASK_CONFIGS}/{id}`, operation: 'DeleteTaskPushNotificationConfig' },
  { method: 'GET', path: '/extendedAgentCard', operation: 'GetExtendedAgentCard' },
]

const taskName = ({ id }: Names): Names => ({ name: `tasks/${id}` })
const taskParent = ({ id }: Names): Names => ({ parent: `tasks/${id}` })
const configName = ({ id, config }: Names): Names => ({
  name: `tasks/${id}/pushNotificationConfigs/${config}`,
})
const CONFIGS_0_3 = '/tasks/{id}/pushNotificationConfigs'

/** A2A 0.3 §3.5.3, whose requests name tasks as resources. Servers of 0.3 differ in the method of `:subscribe`. */
const ROUTES_0_3: readonly RestRoute[] = [
  { method: 'POST', path: '/message:send', operation: 'SendMessage' },
  { method: 'POST', path: '/message:stream', operation: 'SendStreamingMessage' },
  { method: 'POST', path: '/tasks/{id}:cancel', operation: 'CancelTask', members: taskName },
  { method: 'POST', path: '/tasks/{id}:subscribe', operation: 'SubscribeToTask', members: taskName },
  { method: 'GET', path: '/tasks/{id}:subscribe', operation: 'SubscribeToTask', members: taskName },
  {
    method: 'GET',
    path: '/tasks/{id}',
    operation: 'GetTask',
    query: ['historyLength', 'history_length'],
    members: taskName,
  },
  {
    method: 'POST',
    path: CONFIGS_0_3,
    operation: 'CreateTaskPushNotificationConfig',
    bodyAs: 'config',
    members: taskParent,
  },
  { method: 'GET', path: CONFIGS_0_3, operation: 'ListTaskPushNotificationConfigs', members: taskParent },
  {
    method: 'GET',
    path: `${CONFIGS_0_3}/{config}`,
    operation: 'GetTaskPushNotificationConfig',
    members: configName,
  },
  {
    method: 'DELETE',
    path: `${CONFIGS_0_3}/{config}`,
    operation: 'DeleteTaskPushNotificationConfig',
    members: configName,
  },
  { method: 'GET', path: '/card', operation: 'GetExtendedAgentCard' },
]

export type FoundRoute = {
  readonly route: RestRoute
  readonly dialect: Dialect
  readonly names: Names
  /** The routing hint before the path (A2A 1.0 §5.3); it authorises nothing. */
  readonly tenant?: string
}

type Pattern = { readonly route: RestRoute; readonly pattern: RegExp }

const patternsOf = (routes: readonly RestRoute[]): readonly Pattern[] =>
  routes.map((route) => ({
    route,
    pattern: new RegExp(`^${route.path.replace(/\{(\w+)\}/g, '(?<$1>[^/]+)')}$`),
  }))

const PATTERNS_1_0 = patternsOf(ROUTES_1_0)
const PATTERNS_0_3 = patternsOf(ROUTES_0_3)

/** What 0.3 puts before every path. Nobody's tenant can be called so. */
const PREFIX_0_3 = '/v1'

export const isOf0_3 = (path: string): boolean => path === PREFIX_0_3 || path.startsWith(`${PREFIX_0_3}/`)

/**
 * The route of a path as it was sent, percent-encoded. Throws `not_found`, `method_not_allowed` naming the methods that would
 * do, or `invalid_params` for a segment that cannot be decoded.
 */
export function getRoute(method: string, path: string): FoundRoute {
  if (isOf0_3(path)) {
    return { ...match(PATTERNS_0_3, method, path.slice(PREFIX_0_3.length)), dialect: V0_3_REST }
  }
  if (PATTERNS_1_0.some(({ pattern }) => pattern.test(path))) {
    return { ...match(PATTERNS_1_0, method, path), dialect: V1_0 }
  }
  const [, tenant = '', rest = ''] = /^\/([^/]+)(\/.*)$/.exec(path) ?? []
  return { ...match(PATTERNS_1_0, method, rest), dialect: V1_0, tenant: decodeSegment(tenant) }
}

function match(patterns: readonly Pattern[], method: string, path: string): Omit<FoundRoute, 'dialect'> {
  const there = patterns.filter(({ pattern }) => pattern.test(path))
  const found = there.find(({ route }) => route.method === method)
  if (found !== undefined) {
    const names = Object.entries(found.pattern.exec(path)?.groups ?? {})
    return {
      route: found.route,
      names: Object.fromEntries(names.map(([name, segment]) => [name, decodeSegment(segment)])),
    }
  }
  if (there.length === 0) throw new ParleyError('not_found', 'There is nothing at this path')
  throw methodNotAllowed(there.map(({ route }) => route.method).join(', '))
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch (cause) {
    throw new ParleyError('invalid_params', 'The path is not properly percent-encoded', { cause })
  }
}
