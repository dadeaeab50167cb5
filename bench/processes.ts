import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Core, Cores } from './cores.ts'

export type ProgramOptions = {
  readonly args: readonly string[]
  readonly core: Core
  readonly env?: Readonly<Record<string, string>>
}

/** A Node program in a process of its own, with nothing of our environment. Disposing ends it. */
export type Program = AsyncDisposable & {
  readonly pid: number
  /** The first line it prints for which `pick` returns something. Rejects when it ends before. */
  readonly line: <T>(pick: (line: string) => T | undefined) => Promise<T>
  /** Processor time it has used so far, or NaN where the system does not tell. */
  readonly cpuMs: () => number
  /** A field of its `/proc` status in KiB, such as `VmHWM`, or NaN. */
  readonly statusKb: (field: string) => number
  /** Asks it to stop, and waits for that. */
  readonly stop: () => Promise<void>
}

export type StartProgram = (options: ProgramOptions) => Program

const STOP_TIMEOUT_MS = 10_000
const KEPT_LINES = 20

/** `signal` ends every program at once. Whatever still runs when this process exits is killed with it. */
export const createProgramStarter =
  (cores: Cores, signal: AbortSignal): StartProgram =>
  ({ args, core, env = {} }) => {
    signal.throwIfAborted()
    const [command, ...rest] = cores.on(core, [process.execPath, ...args])
    const child = spawn(command, rest, {
      env: { PATH: process.env.PATH ?? '', ...env },
      // Our own programs end when their standard input does, so a killed benchmark leaves none behind.
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    const { pid } = child
    if (pid === undefined) throw new Error(`cannot start ${command}`)
    const kill = () => child.kill('SIGKILL')
    process.once('exit', kill)
    signal.addEventListener('abort', kill, { once: true })

    const said: string[] = []
    const listeners = new Set<(line: string) => void>()
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        said.push(line)
        if (said.length > KEPT_LINES) said.shift()
        for (const listener of listeners) listener(line)
      })
    }
    const exited = once(child, 'exit').then(() => {
      process.off('exit', kill)
      signal.removeEventListener('abort', kill)
    })
    const stop = async () => {
      child.kill('SIGTERM')
      const timer = setTimeout(kill, STOP_TIMEOUT_MS)
      await exited
      clearTimeout(timer)
    }
    return {
      pid,
      line: (pick) =>
        new Promise((resolve, reject) => {
          const look = (line: string) => {
            const picked = pick(line)
            if (picked === undefined) return
            listeners.delete(look)
            resolve(picked)
          }
          listeners.add(look)
          said.forEach(look)
          void exited.then(() => reject(new Error(`${args.join(' ')} ended early:\n${said.join('\n')}`)))
        }),
      cpuMs: () => cpuMsOf(pid),
      statusKb: (field) => statusKbOf(pid, field),
      stop,
      [Symbol.asyncDispose]: stop,
    }
  }

/** User and system time are fields 14 and 15, in ticks of 10 ms; the second field may hold spaces. */
function cpuMsOf(pid: number): number {
  const fields = readProc(pid, 'stat').replace(/^.*\)/, '').trim().split(' ')
  return (Number(fields[11] ?? Number.NaN) + Number(fields[12] ?? Number.NaN)) * 10
}

function statusKbOf(pid: number, field: string): number {
  return Number(readProc(pid, 'status').match(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm'))?.[1] ?? Number.NaN)
}

/** How many files and sockets a process may have open, or NaN where the system does not tell. */
export function maxOpenFilesOf(pid: number): number {
  const limit = readProc(pid, 'limits').match(/^Max open files\s+(\S+)/m)?.[1]
  return limit === 'unlimited' ? Number.POSITIVE_INFINITY : Number(limit ?? Number.NaN)
}

function readProc(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8')
  } catch {
    return ''
  }
}
