import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Child, type Exit, startChild } from './child.ts'
import { at } from './json-path.ts'

const CLI = new URL('../../src/cli/cli.ts', import.meta.url).pathname

export type ParleyOptions = {
  readonly role?: 'all' | 'api' | 'worker'
  /** Another process's folder, to share it; without one a new folder is made and removed at the end. */
  readonly dataDir?: string
  readonly adminKey?: string
  readonly nodeArgs?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

/**
 * The real program in a process of its own. After a restart it listens on the same address.
 *
 * Disposing of it fails where any of its processes logged something unexpected.
 */
export type ParleyProcess = AsyncDisposable & {
  readonly url: string
  /** Addresses of its gRPC listeners, `host:port`, in the order of `PARLEY_GRPC`. */
  readonly grpc: readonly string[]
  readonly adminKey: string
  readonly dataDir: string
  /** The process that runs now. */
  child(): Child
  /** Ends the process with a signal and waits for its exit. */
  kill(signal: NodeJS.Signals): Promise<Exit>
  /** The graceful way: SIGTERM. */
  stop(): Promise<Exit>
  /** Starts it again on the same folder and address; what still runs is killed first. */
  restart(): Promise<void>
}

export async function startParley(options: ParleyOptions = {}): Promise<ParleyProcess> {
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'parley-e2e-')))
  const adminKey = options.adminKey ?? `admin-${randomBytes(24).toString('hex')}`
  const start = async (port: string) => {
    const started = startChild([...(options.nodeArgs ?? []), CLI, 'serve'], {
      PARLEY_HOST: '127.0.0.1',
      PARLEY_PORT: port,
      PARLEY_DATA_DIR: dataDir,
      PARLEY_ADMIN_KEY: adminKey,
      PARLEY_ROLE: options.role ?? 'all',
      PARLEY_ALLOW_AGENTS: '127.0.0.0/8',
      PARLEY_DEMO: '0',
      // Agents of tests see what tests send them, and nothing else.
      PARLEY_PROBE_INTERVAL_MS: '0',
      ...(options.role === 'worker' ? { PARLEY_PUBLIC_URL: 'http://gateway.test' } : {}),
      ...options.env,
    })
    try {
      return { child: started, ...(await started.line(readyRecord)) }
    } catch (reason) {
      started.kill('SIGKILL')
      throw reason
    }
  }

  let running = await start('0')
  const children = [running.child]
  const { url, grpc } = running
  const kill = (signal: NodeJS.Signals) => {
    running.child.kill(signal)
    return running.child.exited
  }
  return {
    url,
    grpc,
    adminKey,
    dataDir,
    child: () => running.child,
    kill,
    stop: () => kill('SIGTERM'),
    restart: async () => {
      await kill('SIGKILL')
      running = await start(url === '' ? '0' : new URL(url).port)
      children.push(running.child)
    },
    [Symbol.asyncDispose]: async () => {
      await kill('SIGKILL')
      if (options.dataDir === undefined) await rm(dataDir, { recursive: true, force: true })
      const surprises = children.flatMap(({ lines }) => lines).filter(isSurprise)
      assert.deepEqual(surprises, [], 'nothing unexpected may have happened inside')
    },
  }
}

/** A record of what must never happen, whatever callers and agents do. */
const isSurprise = (line: string) => /"event":"unexpected"|"level":"fatal"|UnhandledPromise/.test(line)

type ReadyRecord = { readonly url: string; readonly grpc: readonly string[] }

/** What the ready record says, or nothing for any other line. A worker may have no url. */
function readyRecord(line: string): ReadyRecord | undefined {
  if (!line.startsWith('{')) return undefined
  try {
    const record: unknown = JSON.parse(line)
    if (at(record, 'event') !== 'ready') return undefined
    const url = at(record, 'url')
    const grpc = at(record, 'grpc')
    return {
      url: typeof url === 'string' ? url.replace(/\/$/, '') : '',
      grpc: Array.isArray(grpc) ? grpc.map(String) : [],
    }
  } catch {
    return undefined
  }
}
