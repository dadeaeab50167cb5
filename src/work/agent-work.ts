import type { NewWork } from './work.ts'
import type { LeasedWork } from './work-queue.ts'

/** A look at an agent, at what is due of it by then. */
export const probeWork = (agentId: string, dueAt: number): NewWork => ({
  kind: 'probe',
  key: agentId,
  lane: 'probe',
  dueAt,
})

/** What is asked for is due since before there was anything, and so comes before what is due by itself. */
const ASKED_AGO_MS = 50 * 365 * 24 * 60 * 60 * 1000
const BEFORE_ANYTHING = Date.UTC(2000, 0, 1)

/** A look at all that was not seen of an agent since somebody asked for it. */
export const askedProbeWork = (agentId: string, askedAt: number): NewWork =>
  probeWork(agentId, askedAt - ASKED_AGO_MS)

/** When somebody asked for a look; `undefined` for one that is due by itself. */
export const askedAtOf = ({ dueAt }: Pick<LeasedWork, 'dueAt'>): number | undefined =>
  dueAt < BEFORE_ANYTHING ? dueAt + ASKED_AGO_MS : undefined

/** The rules that watch an agent, to be judged anew. */
export const alertWork = (agentId: string, dueAt: number): NewWork => ({
  kind: 'alert',
  key: agentId,
  lane: 'alert',
  dueAt,
})

/** The end of what an agent that was removed still has, once its tasks have ended. */
export const forgetWork = (agentId: string, dueAt: number): NewWork => ({
  kind: 'forget',
  key: agentId,
  lane: 'forget',
  dueAt,
})
