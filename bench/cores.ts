import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** Which core a process is kept on: servers on one, whatever drives them on the other. */
export type Core = 'server' | 'load'

const NUMBERS: Readonly<Record<Core, string>> = { server: '0', load: '1' }

export interface Cores {
  readonly isPinned: boolean
  /** The command that runs `command` on a core. */
  on(core: Core, command: readonly [string, ...string[]]): readonly [string, ...string[]]
  /** How long a core has been in use since the machine started, by whomever; NaN where nothing is pinned. */
  usedMs(core: Core): number
}

/** Pins this process to the load core and others as they start, where `taskset` exists and both cores may be used. */
export function pinCores(): Cores {
  const works = Object.values(NUMBERS).every((number) => run(['-c', number, 'true']))
  const isPinned = works && run(['-a', '-c', '-p', NUMBERS.load, String(process.pid)])
  return {
    isPinned,
    on: (core, command) => (isPinned ? ['taskset', '-c', NUMBERS[core], ...command] : command),
    usedMs: (core) => (isPinned ? usedMsOf(NUMBERS[core]) : Number.NaN),
  }
}

const run = (args: readonly string[]): boolean => spawnSync('taskset', args, { stdio: 'ignore' }).status === 0

/** User, nice, system and stolen time of a core, in ticks of 10 ms. */
function usedMsOf(number: string): number {
  const line = readFileSync('/proc/stat', 'utf8').match(new RegExp(`^cpu${number} (.*)$`, 'm'))?.[1] ?? ''
  const [user = Number.NaN, nice = 0, system = 0, , , , , stolen = 0] = line.split(' ').map(Number)
  return (user + nice + system + stolen) * 10
}
