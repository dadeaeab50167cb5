import { LEASE, startWorker, type WorkerDeps } from '../work/worker.ts'
import { type RunAlertDeps, runAlert } from './run-alert.ts'

/** Agents whose rules one process judges, at once. */
const CONCURRENCY = 16

/**
 * Starts judging rules in this process. However many processes do, an agent's are judged by one of them at a time.
 * Nobody wakes it: the queue is looked at every second.
 */
export const startAlerts = (deps: RunAlertDeps & WorkerDeps): AsyncDisposable =>
  startWorker(deps, {
    ...LEASE,
    kinds: ['alert'],
    concurrency: CONCURRENCY,
    perLane: CONCURRENCY,
    run(run) {
      // Whatever it is interrupted in is written whole or not at all.
      run.setResumable(true)
      return runAlert(deps, run)
    },
  })
