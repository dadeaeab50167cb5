import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ApiKey } from '../access/key-store.ts'
import { type Call, DEFAULT_TENANT, type Scope } from '../access/principal.ts'
import type { Config } from '../config/config.ts'
import { secretFile } from '../config/secret-file.ts'
import { ParleyError } from '../errors.ts'
import type { Parley } from '../main.ts'

const SLUG = 'scenario'
const AGENT_PROGRAM = fileURLToPath(new URL('../../examples/scenario-agent/main.ts', import.meta.url))

/** How long the demo agent may take to register. */
const START_TIMEOUT_MS = 20_000
const STOP_TIMEOUT_MS = 3000

type DemoKey = { readonly file: string; readonly subject: string; readonly scopes: readonly Scope[] }

const USER_KEY: DemoKey = {
  file: 'demo.key',
  subject: 'demo:user',
  scopes: ['tasks:submit', 'tasks:read', 'agents:read'],
}
const AGENT_KEY: DemoKey = {
  file: 'demo-agent.key',
  subject: 'demo:agent',
  scopes: ['agents:read', 'agents:write', 'agents:heartbeat'],
}

export interface Demo extends AsyncDisposable {
  /** What to print: where to look and a line to paste. */
  readonly banner: string
}

/** Starts the demo agent as a process of its own, registered and beating, with keys that can do no more than that. */
export async function startDemo(
  parley: Parley,
  config: Config,
  env: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Demo> {
  if (!existsSync(AGENT_PROGRAM)) {
    throw new ParleyError('invalid_params', 'PARLEY_DEMO needs the examples folder of a source checkout')
  }
  for (const key of [USER_KEY, AGENT_KEY]) {
    await parley.access.ensureKey(secretFile(join(config.dataDir, key.file)).secret, {
      subject: key.subject,
      tenant: DEFAULT_TENANT,
      scopes: key.scopes,
      label: 'demo',
    })
  }
  const agent = startAgent(parley.url, join(config.dataDir, AGENT_KEY.file), env)
  try {
    await registered(agent, signal)
  } catch (error) {
    await endAgent(agent)
    throw error
  }
  return {
    banner: bannerOf(parley.url, join(config.dataDir, USER_KEY.file)),
    [Symbol.asyncDispose]: () => endAgent(agent),
  }
}

/** Where demo mode ran before and is off now, its keys and its agent must be of no more use. */
export async function forgetDemo(parley: Parley, config: Config): Promise<void> {
  if (!existsSync(join(config.dataDir, USER_KEY.file))) return
  const call: Call = {
    principal: {
      tenant: DEFAULT_TENANT,
      subject: 'key:admin',
      groups: [],
      scopes: new Set<Scope>(['admin']),
    },
    requestId: 'demo-off',
    signal: new AbortController().signal,
  }
  for await (const key of keysOf(parley, call)) {
    const isDemo = [USER_KEY.subject, AGENT_KEY.subject].includes(key.subject)
    if (isDemo && key.revokedAt === undefined) await parley.access.revokeKey(call, key.id)
  }
  try {
    const agent = await parley.registry.get(call, SLUG, 'manage')
    if (agent.owner === AGENT_KEY.subject) await parley.registry.unregister(call, SLUG)
  } catch (error) {
    if (ParleyError.from(error).code !== 'agent_not_found') throw error
  }
}

async function* keysOf({ access }: Parley, call: Call): AsyncGenerator<ApiKey> {
  for (let cursor: string | undefined; ; ) {
    const page = await access.listKeys(call, { limit: 100, ...(cursor === undefined ? {} : { cursor }) })
    yield* page.items
    cursor = page.nextCursor
    if (cursor === undefined) return
  }
}

function startAgent(url: string, keyFile: string, env: Readonly<Record<string, string>>): ChildProcess {
  const args = ['--port', '0', '--parley', url, '--key-file', keyFile, '--slug', SLUG, '--register']
  return spawn(process.execPath, [AGENT_PROGRAM, ...args], {
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
}

/** Resolves when the agent says that it is beating. Its further diagnostics are read and dropped. */
async function registered(agent: ChildProcess, signal: AbortSignal): Promise<void> {
  const { stderr } = agent
  if (stderr === null) throw new Error('the demo agent has no stderr')
  const timeout = AbortSignal.any([signal, AbortSignal.timeout(START_TIMEOUT_MS)])
  let said = ''
  const found = new Promise<void>((resolve, reject) => {
    stderr.on('data', (chunk: Buffer) => {
      said = `${said}${chunk}`.slice(-4096)
      if (said.includes('"beating"')) resolve()
    })
    agent.once('exit', (code) => reject(new Error(`the demo agent ended with ${code}: ${said}`)))
  })
  await Promise.race([found, once(timeout, 'abort').then(() => {})])
  if (timeout.aborted && !signal.aborted) throw new Error(`the demo agent did not register in time: ${said}`)
}

async function endAgent(agent: ChildProcess): Promise<void> {
  if (agent.exitCode !== null || agent.signalCode !== null) return
  const exit = once(agent, 'exit')
  agent.kill('SIGTERM')
  const hardStop = setTimeout(() => agent.kill('SIGKILL'), STOP_TIMEOUT_MS)
  await exit
  clearTimeout(hardStop)
}

function bannerOf(url: string, keyFile: string): string {
  const body = {
    jsonrpc: '2.0',
    id: 1,
    method: 'SendMessage',
    params: { message: { messageId: 'hello-1', role: 'ROLE_USER', parts: [{ text: 'echo Hello, Parley' }] } },
  }
  return `
  Parley is ready: ${url}/

  Send the demo agent a message:

  curl -s ${url}/a2a/${SLUG} -H "Authorization: Bearer $(cat '${keyFile}')" -H 'Content-Type: application/json' -d '${JSON.stringify(body)}'
`
}
