import { randomBytes } from 'node:crypto'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { cardOf } from './a2a-calls.ts'
import type { BenchContext } from './bench-context.ts'
import { textAt } from './json-path.ts'
import type { Program } from './processes.ts'

export const CLI = fileURLToPath(new URL('../dist/cli/cli.js', import.meta.url))

const READY_TIMEOUT_MS = 15_000

export type ParleyOptions = {
  readonly role: 'all' | 'api'
  readonly dataDir: string
  /** Needed again to open the same folder. */
  readonly adminKey?: string
  /** Names its CPU profile, where profiles are wanted. */
  readonly profile?: string
  /** Settings beyond those that every measurement has. */
  readonly env?: Readonly<Record<string, string>>
}

/** The built gateway, storing in SQLite with every commit synced. */
export type Parley = AsyncDisposable & {
  readonly url: string
  readonly adminKey: string
  readonly program: Program
  /** Registers an agent and returns where to call it. */
  readonly register: (slug: string, agentUrl: string, streaming: boolean) => Promise<string>
  /** A key that may submit and read tasks. */
  readonly newKey: (subject?: string) => Promise<string>
}

export const settings = (options: ParleyOptions & { readonly port: number; readonly adminKey: string }) => ({
  PARLEY_HOST: '127.0.0.1',
  PARLEY_PORT: String(options.port),
  PARLEY_DATA_DIR: options.dataDir,
  PARLEY_ADMIN_KEY: options.adminKey,
  // What is measured is what clients do; agents that are seeded are nowhere.
  PARLEY_PROBE_INTERVAL_MS: '0',
  PARLEY_ROLE: options.role,
  PARLEY_ALLOW_AGENTS: '127.0.0.0/8',
  PARLEY_LOG_LEVEL: 'warn',
})

export async function startParley(bench: BenchContext, options: ParleyOptions): Promise<Parley> {
  const port = await freePort()
  const { adminKey = newAdminKey(), profile } = options
  const profiling =
    bench.profileDir === undefined || profile === undefined
      ? []
      : ['--cpu-prof', `--cpu-prof-dir=${bench.profileDir}`, `--cpu-prof-name=${profile}.cpuprofile`]
  const program = bench.start({
    args: [...profiling, CLI, 'serve'],
    core: 'server',
    env: { ...settings({ ...options, port, adminKey }), ...options.env },
  })
  const url = `http://127.0.0.1:${port}`
  await ready(url, program, bench.signal)
  const post = (path: string, body: unknown) => postAs(adminKey, `${url}${path}`, body)
  return {
    url,
    adminKey,
    program,
    async register(slug, agentUrl, streaming) {
      await post('/agents/register', { card: cardOf(agentUrl, streaming), slug })
      return `${url}/a2a/${slug}`
    },
    newKey: async (subject = 'bench') =>
      textAt(
        await post('/keys', { subject, scopes: ['tasks:submit', 'tasks:read'], label: 'bench' }),
        'secret',
      ),
    [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
  }
}

export const newAdminKey = (): string => `bench_${randomBytes(24).toString('hex')}`

async function ready(url: string, program: Program, signal: AbortSignal): Promise<void> {
  const wait = AbortSignal.any([signal, AbortSignal.timeout(READY_TIMEOUT_MS)])
  const ended = program.line(() => undefined)
  const answers = async () => {
    while (!(await isReady(url))) await sleep(10, undefined, { signal: wait })
  }
  await Promise.race([answers(), ended])
}

const isReady = (url: string): Promise<boolean> =>
  fetch(`${url}/readyz`).then(
    async (response) => {
      await response.body?.cancel()
      return response.ok
    },
    () => false,
  )

async function postAs(key: string, url: string, body: unknown): Promise<unknown> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
    body: JSON.stringify(body),
  })
  if (response.ok) return response.json()
  throw new Error(`${url} answered ${response.status}: ${await response.text()}`)
}

/** A port nobody listens on. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}
