import { LEASE, startWorker, type Worker } from '../work/worker.ts'
import { type ProbeDeps, runProbe } from './run-probe.ts'

/** Agents that one process looks at, at once. */
const CONCURRENCY = 32

/**
 * Starts looking after agents in this process. However many processes do, each agent is looked at by one of them at a
 * time. The queue is looked at every second, so that nobody must wake it; who waits for a look may.
 */
export const startProbes = (deps: ProbeDeps): AsyncDisposable & Pick<Worker, 'wake'> =>
  startWorker(deps, {
    ...LEASE,
    kinds: ['probe'],
    concurrency: CONCURRENCY,
    perLane: CONCURRENCY,
    run: (run) => runProbe(deps, run),
  })
