import type { Hint } from '../tasks/news.ts'
import type { Events } from '../telemetry/events.ts'
import type { LeasedWork } from '../work/work-queue.ts'
import { LEASE, type LocalWorker, startWorker, type WorkOutcome } from '../work/worker.ts'
import type { DeliveryDeps } from './delivery.ts'
import { runCancel } from './run-cancel.ts'
import { runDeadline } from './run-deadline.ts'
import { runForget } from './run-forget.ts'
import { runSend } from './run-send.ts'

export type WorkersOptions = {
  /** Deliveries at once in this process, and of these to one agent. */
  readonly concurrency: number
  readonly agentConcurrency: number
}

export interface Workers extends AsyncDisposable {
  readonly local: LocalWorker
}

/** Cancels and deadlines have room of their own, so that a cancel never waits behind the work it is to end. */
const SIDE_CONCURRENCY = 32

const SIDE_RUNS = { cancel: runCancel, deadline: runDeadline, forget: runForget } as const

/** Starts this process's workers; hints wake them without a polling delay. Disposing hands running work back. */
export function startWorkers(
  deps: DeliveryDeps,
  hints: AsyncIterable<Hint>,
  options: WorkersOptions,
): Workers {
  const began = deliveryEvents(deps.events)
  const sends = startWorker(deps, {
    ...LEASE,
    kinds: ['send'],
    concurrency: options.concurrency,
    perLane: options.agentConcurrency,
    run: (run) => runSend(deps, run),
    began,
  })
  const side = startWorker(deps, {
    ...LEASE,
    kinds: ['cancel', 'deadline', 'forget'],
    concurrency: SIDE_CONCURRENCY,
    perLane: SIDE_CONCURRENCY / 2,
    run: (run) =>
      SIDE_RUNS[run.work.kind === 'cancel' || run.work.kind === 'forget' ? run.work.kind : 'deadline'](
        deps,
        run,
      ),
    began: (work) => (work.kind === 'forget' ? () => {} : began(work)),
  })
  void (async () => {
    for await (const { kind } of hints) {
      if (kind === 'task') continue
      sends.wake()
      side.wake()
    }
  })().catch((cause: unknown) => deps.events.unexpected({ where: 'hints for workers', cause }))
  return {
    local: sends,
    async [Symbol.asyncDispose]() {
      await Promise.all([sends[Symbol.asyncDispose](), side[Symbol.asyncDispose]()])
    },
  }
}

/** Tells of each delivery as it begins and ends. */
export const deliveryEvents =
  (events: Pick<Events, 'deliveryStarted' | 'deliveryEnded'>) => (work: LeasedWork) => {
    const facts = { taskId: work.key, agentId: work.lane, kind: work.kind, attempt: work.attempt }
    events.deliveryStarted(facts)
    return (outcome: WorkOutcome) => events.deliveryEnded({ ...facts, outcome })
  }
