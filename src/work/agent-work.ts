import type { NewWork } from './work.ts'

/** A look at an agent. */
export const probeWork = (agentId: string, dueAt: number): NewWork => ({
  kind: 'probe',
  key: agentId,
  lane: 'probe',
  dueAt,
})

/** The rules that watch an agent, to be judged anew. */
export const alertWork = (agentId: string, dueAt: number): NewWork => ({
  kind: 'alert',
  key: agentId,
  lane: 'alert',
  dueAt,
})
