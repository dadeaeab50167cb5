import type { CardProbe } from '../probes/run-probe.ts'
import { cardCheckDueAt } from '../registry/drift/card-check-due.ts'
import { type CardCheckDeps, createCardCheck } from '../registry/drift/check-card.ts'
import { judgeCardFailure } from '../upstream/judge-card-failure.ts'

export type FollowCardsDeps = Omit<CardCheckDeps, 'failureOf'> & {
  /** How often, in milliseconds; 0 for never. */
  readonly everyMs: number
  /** Settles once our own addresses are known, which no card may lead to. */
  readonly listening: Promise<unknown>
}

/** Follows the cards that were registered by URL. */
export function followCards({ everyMs, listening, ...deps }: FollowCardsDeps): CardProbe {
  const check = createCardCheck({ ...deps, failureOf: judgeCardFailure })
  return {
    dueAt: (agent, health) => cardCheckDueAt(agent, health, everyMs),
    async check(agent, signal) {
      await listening
      return check(agent, signal)
    },
  }
}
