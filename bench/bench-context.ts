import type { Cores } from './cores.ts'
import type { StartProgram } from './processes.ts'
import type { Outcome } from './report.ts'

/** What every measurement is given. */
export type BenchContext = {
  /** Shorter runs, for a first impression. */
  readonly quick: boolean
  /** A folder on disk, removed at the end. */
  readonly dir: string
  /** Where the gateway's CPU profiles go, if they are wanted. */
  readonly profileDir?: string
  readonly cores: Cores
  readonly start: StartProgram
  readonly signal: AbortSignal
}

/** One row of the table, or several that share their servers. */
export type Measurement = (bench: BenchContext) => Promise<Outcome>
