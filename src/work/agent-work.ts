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

/** A look at all there is to see of an agent, due or not, because somebody asks for it. */
export const askedProbeWork = (agentId: string, now: number): NewWork =>
  probeWork(agentId, now - ASKED_AGO_MS)

export const isAskedFor = ({ dueAt }: Pick<LeasedWork, 'dueAt'>): boolean => dueAt < BEFORE_ANYTHING

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
