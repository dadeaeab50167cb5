import { spawnSync } from 'node:child_process'

/** Which core a process is kept on: servers on one, whatever drives them on the other. */
export type Core = 'server' | 'load'

const NUMBERS: Readonly<Record<Core, string>> = { server: '0', load: '1' }

export interface Cores {
  readonly isPinned: boolean
  /** The command that runs `command` on a core. */
  on(core: Core, command: readonly [string, ...string[]]): readonly [string, ...string[]]
}

/** Pins this process to the load core and others as they start, where `taskset` exists and both cores may be used. */
export function pinCores(): Cores {
  const works = Object.values(NUMBERS).every((number) => run(['-c', number, 'true']))
  const isPinned = works && run(['-a', '-c', '-p', NUMBERS.load, String(process.pid)])
  return {
    isPinned,
    on: (core, command) => (isPinned ? ['taskset', '-c', NUMBERS[core], ...command] : command),
  }
}

const run = (args: readonly string[]): boolean => spawnSync('taskset', args, { stdio: 'ignore' }).status === 0
