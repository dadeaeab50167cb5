import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

export type Exit = { readonly code: number | null; readonly signal: NodeJS.Signals | null }

/** A program of ours, running as a child process whose output is kept for the failure message. */
export type Child = {
  readonly pid: number
  readonly lines: readonly string[]
  readonly exited: Promise<Exit>
  kill(signal: NodeJS.Signals): void
  /** Closes our end of its output, as a log collector that dies does. */
  stopListening(): void
  /** Resolves with the first line, past or future, for which `pick` returns something. */
  line<T>(pick: (line: string) => T | undefined, timeoutMs?: number): Promise<T>
}

/** Where compiled sources are kept, if they are: programs of ours need not be compiled for each start. */
const { NODE_COMPILE_CACHE } = process.env

/** Starts a TypeScript program on the Node that runs this test, with nothing of our own environment. */
export const startChild = (args: readonly string[], env: Readonly<Record<string, string>>): Child =>
  startProgram(process.execPath, args, { ...(NODE_COMPILE_CACHE && { NODE_COMPILE_CACHE }), ...env })

/** Starts any program, likewise. */
export function startProgram(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Child {
  const child = spawn(program, [...args], {
    env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  if (child.pid === undefined) throw new Error(`cannot start ${args.join(' ')}`)
  const killWithUs = () => child.kill('SIGKILL')
  process.once('exit', killWithUs)

  const lines: string[] = []
  const listeners = new Set<() => void>()
  const notify = () => {
    for (const listener of listeners) listener()
  }
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line)
      notify()
    })
  }
  let exit: Exit | undefined
  const exited = new Promise<Exit>((resolve) => {
    child.once('exit', (code, signal) => {
      exit = { code, signal }
      process.off('exit', killWithUs)
      resolve(exit)
      notify()
    })
  })

  return {
    pid: child.pid,
    lines,
    exited,
    kill: (signal) => void child.kill(signal),
    stopListening: () => {
      child.stdout.destroy()
      child.stderr.destroy()
    },
    line: <T>(pick: (line: string) => T | undefined, timeoutMs = 20_000) =>
      new Promise<T>((resolve, reject) => {
        let next = 0
        const settle = () => {
          clearTimeout(timer)
          listeners.delete(look)
        }
        const fail = (why: string) => {
          settle()
          reject(new Error(`${why}: ${args.join(' ')}\n${lines.slice(-40).join('\n')}`))
        }
        const look = () => {
          for (; next < lines.length; next++) {
            const picked = pick(lines[next] ?? '')
            if (picked === undefined) continue
            settle()
            resolve(picked)
            return
          }
          if (exit !== undefined) fail(`exited with ${exit.code ?? exit.signal}`)
        }
        const timer = setTimeout(() => fail(`no such line within ${timeoutMs} ms`), timeoutMs)
        listeners.add(look)
        look()
      }),
  }
}
