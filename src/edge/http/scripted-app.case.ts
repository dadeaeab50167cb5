import type { Hono } from 'hono'
import { agentId } from '../../a2a/ids.ts'
import { textOf } from '../../a2a/json-text.ts'
import type { Access } from '../../access/access.ts'
import type { Audit } from '../../access/audit/audit.ts'
import { ANONYMOUS, type Call, type Principal, SCOPES, type Scope } from '../../access/principal.ts'
import type { Channel } from '../../alerts/channel.ts'
import type { Channels } from '../../alerts/channels.ts'
import { ParleyError } from '../../errors.ts'
import type { Agent } from '../../registry/agent.ts'
import type { Registry } from '../../registry/registry.ts'
import type { StreamFrame, Tasks } from '../../tasks/tasks.ts'
import { type CallFacts, silentEvents } from '../../telemetry/events.ts'
import { type AppDeps, DEFAULT_EDGE_SETTINGS, type EdgeSettings } from '../app-deps.ts'
import { createCallLimits, type LimitSettings } from '../call-limits.ts'
import type { DirectRoute } from './direct-route.ts'
import { createEdge } from './edge.ts'

/** Rooms that do what a test says, and remember what they were asked. */
export type Scripted = { readonly calls: CallFacts[]; readonly shutdown: AbortController }

/** An application over them. */
export type ScriptedApp = Scripted & { readonly app: Hono; readonly direct: DirectRoute }

export type Script = {
  readonly tasks?: Partial<Tasks>
  readonly registry?: Partial<Registry>
  readonly access?: Partial<Access>
  readonly settings?: Partial<EdgeSettings>
  readonly limits?: Partial<LimitSettings>
  readonly deps?: Partial<AppDeps>
}

/** `Bearer <name>` is a key; `all` holds every scope but `admin`, `root` is `admin`, others hold the scope they name. */
export const bearer = (name: string): { authorization: string } => ({ authorization: `Bearer ${name}` })

export const CARD = {
  name: 'Echo',
  description: 'Says it again',
  version: '1',
  supportedInterfaces: [{ url: 'https://agent.test', protocolBinding: 'JSONRPC', protocolVersion: '1.0' }],
  capabilities: {},
  defaultInputModes: ['text/plain'],
  defaultOutputModes: ['text/plain'],
  skills: [],
}

export const agent = (changes: Partial<Agent> = {}): Agent => ({
  id: agentId('agent-1'),
  slug: 'echo',
  tenant: 'default',
  owner: 'key:all',
  visibility: 'tenant',
  redelivery: 'at-most-once',
  version: 1,
  createdAt: 0,
  updatedAt: 0,
  lifecycle: 'active',
  originalCard: textOf(CARD),
  card: textOf(CARD),
  ...changes,
})

export const TASK = '{"id":"task-1","contextId":"c","status":{"state":"TASK_STATE_SUBMITTED"}}'

export function scriptedApp(script: Script = {}): ScriptedApp {
  const { deps, ...scripted } = scriptedDeps(script)
  return { ...createEdge(deps), ...scripted }
}

export function scriptedDeps(script: Script = {}): Scripted & { readonly deps: AppDeps } {
  const calls: CallFacts[] = []
  const shutdown = new AbortController()
  let ids = 0
  const monotonicMs = script.deps?.monotonicMs ?? (() => 0)
  const deps: AppDeps = {
    access: { ...access, ...script.access },
    registry: { ...registry, ...script.registry },
    changes: {
      read: async () => ({ items: [], cursor: 'here', more: false }),
      follow: async () => (async function* () {})(),
    },
    tasks: { ...tasks, ...script.tasks },
    channels,
    alerts,
    publicKeys: async () => '{"keys":[]}',
    audit,
    denials: { note() {}, async flush() {} },
    events: { ...silentEvents, callFinished: (facts) => calls.push(facts) },
    scrape: async () => '# metrics\n',
    isReady: async () => true,
    shutdown: shutdown.signal,
    now: () => 1000,
    monotonicMs,
    newId: () => `request-${++ids}`,
    addresses: () => ({ http: 'http://parley.test', grpc: [] }),
    version: '0.0.0',
    limits: createCallLimits({ maxStreams: 100, ...script.limits }, monotonicMs),
    settings: { ...DEFAULT_EDGE_SETTINGS, anonymous: true, ...script.settings },
    ...script.deps,
  }
  return { deps, calls, shutdown }
}

/** A POST of JSON with a credential that may do everything but `admin`. */
export const post = (body: unknown, headers: Record<string, string> = {}): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json', ...bearer('all'), ...headers },
  body: typeof body === 'string' ? body : JSON.stringify(body),
})

/** Activate every extension that a send asks for. */
export const activatingTasks: Partial<Tasks> = {
  async sendMessage(_call, _agent, _request, options) {
    options.onActivated?.(options.extensions ?? [])
    return `{"task":${TASK}}`
  },
}

/** A stream of the given frames, then whatever `then` does. */
export async function* frames(
  list: readonly StreamFrame[],
  then: () => Promise<void> = async () => {},
): AsyncGenerator<StreamFrame> {
  yield* list
  await then()
}

const alerts: AppDeps['alerts'] = {
  createRule: () => unscripted(),
  getRule: () => unscripted(),
  listRules: async () => ({ items: [], total: 0, totalCapped: false }),
  updateRule: () => unscripted(),
  deleteRule: () => unscripted(),
  getAlert: () => unscripted(),
  listAlerts: async () => ({ items: [], total: 0, totalCapped: false }),
}

const unscripted = () => {
  throw new Error('not scripted')
}

const scopesOf = (name: string): readonly Scope[] => {
  if (name === 'root' || name === 'limited') return ['admin']
  return name === 'all'
    ? SCOPES.filter((scope) => scope !== 'admin')
    : SCOPES.filter((scope) => scope === name)
}

const access: Access = {
  async authenticate(credential): Promise<Principal | undefined> {
    const scopes = scopesOf(credential)
    if (scopes.length === 0) return undefined
    const principal = {
      tenant: 'default',
      subject: `key:${credential}`,
      groups: [],
      scopes: new Set(scopes),
    }
    return credential === 'limited' ? { ...principal, agents: new Set(['agent-1']) } : principal
  },
  authenticateCertificate: () => undefined,
  decide: () => ({ allow: true, obligations: [] }),
  reassess: unscripted,
  createKey: unscripted,
  rotateKey: unscripted,
  getKey: unscripted,
  listKeys: async () => ({ items: [], total: 0, totalCapped: false }),
  revokeKey: async () => {},
  ensureKey: unscripted,
}

/** One agent, which anonymous callers do not see. */
async function getAgent(call: Call, ref: string): Promise<Agent> {
  const known = ref === 'echo' || ref === 'agent-1'
  if (known && call.principal !== ANONYMOUS) return agent()
  throw new ParleyError('agent_not_found', 'Agent not found')
}

const registry: Registry = {
  register: async () => ({ agent: agent(), created: true }),
  listCardVersions: async () => [],
  listDependencies: async () => [],
  getProbe: async () => ({ text: 'ping', everyMs: 900_000 }),
  setProbe: async () => ({ created: true }),
  deleteProbe: async () => {},
  checkNow: async () => true,
  getCardVersion: unscripted,
  compareCardVersions: unscripted,
  findProposal: unscripted,
  acceptProposal: unscripted,
  rejectProposal: unscripted,
  validate: async (_call, card) => ({ card, version: '1.0', violations: [], warnings: [], signatures: [] }),
  search: async () => ({ items: [agent()], total: 1, totalCapped: false }),
  get: getAgent,
  approve: async (call, ref) => getAgent(call, ref),
  refuse: async (call, ref) => getAgent(call, ref),
  replace: async (call, ref) => getAgent(call, ref),
  update: async (call, ref) => getAgent(call, ref),
  unregister: async () => {},
  listGrants: async () => [],
  createGrant: unscripted,
  deleteGrant: async () => {},
  explain: unscripted,
  storeCredential: unscripted,
  listCredentials: async () => ({ demands: [], satisfied: true, credentials: [] }),
  deleteCredential: async () => {},
  heartbeat: async (call, ref) => ({
    agent: await getAgent(call, ref),
    lastHeartbeatAt: 1000,
    health: { state: 'up' },
  }),
  getHealth: async () => ({
    id: agentId('agent-1'),
    current: { state: 'up' },
    uptime: { '24h': 1, '7d': null, '30d': null },
    checks: [],
  }),
  listHealth: async () => ({ items: [], total: 0, totalCapped: false }),
  listChecks: async () => ({ items: [], total: 0, totalCapped: false }),
  healthOf: async (agents) => agents.map(() => ({ state: 'up' })),
  find: async () => agent(),
  findForDelivery: async () => agent(),
  forget: async () => {},
  publishedCard: async ({ card, updatedAt }, form) => ({
    text: card,
    digest: form,
    modifiedAt: updatedAt,
  }),
  async extendedCard(call, ref) {
    await getAgent(call, ref)
    throw new ParleyError('unsupported_operation', 'There is no extended card')
  },
}

const audit: Audit = {
  list: async () => ({ items: [], total: 0, totalCapped: false }),
  async export() {
    return (async function* () {
      yield ['{}']
    })()
  },
  async erase() {},
}

const channel: Channel = {
  id: 'channel-1',
  tenant: 'default',
  name: 'Night shift',
  kind: 'webhook',
  owner: 'key:all',
  createdBy: 'key:all',
  createdAt: 0,
  host: 'hooks.example',
  isSigned: true,
}

const channels: Channels = {
  create: async () => channel,
  list: async () => [channel],
  get: async () => channel,
  replace: async () => channel,
  async delete() {},
  async test() {},
  listNotifications: async () => [],
}

const tasks: Tasks = {
  async sendMessage(call, ref) {
    await getAgent(call, ref)
    return `{"task":${TASK}}`
  },
  sendStreamingMessage: async () => frames([{ seq: 1, event: `{"task":${TASK}}` }]),
  getTask: async () => TASK,
  listTasks: async () => '{"tasks":[],"nextPageToken":"","pageSize":50,"totalSize":0}',
  cancelTask: async () => TASK,
  subscribeToTask: async () => frames([{ seq: 1, event: `{"task":${TASK}}` }]),
  list: async () => ({ items: [TASK], total: 1, totalCapped: false }),
  get: async () => TASK,
  assertVisible: async () => {},
  listEvents: async () => ({ items: ['{"seq":1}'], total: 2, totalCapped: false, nextCursor: '1' }),
  followEvents: async () => events(),
  listContexts: async () => ({ items: [], total: 0, totalCapped: false }),
  listHistory: async () => ({ items: [], total: 0, totalCapped: false }),
}

async function* events(): AsyncGenerator<{ readonly seq: number; readonly event: string }> {
  yield { seq: 2, event: '{"seq":2}' }
}
