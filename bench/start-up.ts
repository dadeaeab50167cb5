import { join } from 'node:path'
import type { Measurement } from './bench-context.ts'
import { at } from './json-path.ts'
import { median, quantile } from './measure.ts'
import { CLI, newAdminKey, settings } from './parley.ts'
import { shown } from './report.ts'

const STARTS = 5

/** From spawning the process to its ready record, on an empty store. */
export const startUp: Measurement = async (bench) => {
  const times: number[] = []
  for (let start = 0; start < STARTS; start++) {
    const dataDir = join(bench.dir, `start-up-${start}`)
    const startedAt = performance.now()
    await using program = bench.start({
      args: [CLI, 'serve'],
      core: 'server',
      env: {
        ...settings({ role: 'all', dataDir, port: 0, adminKey: newAdminKey() }),
        PARLEY_LOG_LEVEL: 'info',
      },
    })
    await program.line(isReady)
    times.push(performance.now() - startedAt)
  }
  return {
    findings: [
      {
        id: 'start-up',
        what: 'process spawn to ready, empty store',
        value: median(times),
        unit: 'ms',
        bar: { sense: 'at most', value: 600, stretch: 350 },
      },
    ],
    notes: [`${STARTS} starts: ${shown(quantile(times, 0))} to ${shown(quantile(times, 1))} ms`],
  }
}

const isReady = (line: string): true | undefined =>
  line.startsWith('{') && at(JSON.parse(line), 'event') === 'ready' ? true : undefined
