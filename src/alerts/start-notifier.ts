import { LEASE, startWorker } from '../work/worker.ts'
import { type NotifyDeps, notifyChannel } from './notify-channel.ts'

/**
 * Channels that one process tells something, at once: more than a tenant has, so that its silent ones hold up no other
 * tenant's.
 */
const CONCURRENCY = 128

/**
 * Starts telling channels of alerts in this process; each of them one thing at a time. Nobody wakes it: the queue is
 * looked at every second.
 */
export const startNotifier = (deps: NotifyDeps & { readonly newId: () => string }): AsyncDisposable =>
  startWorker(deps, {
    ...LEASE,
    kinds: ['notify'],
    concurrency: CONCURRENCY,
    perLane: 1,
    run: (run) => notifyChannel(deps, run),
  })
