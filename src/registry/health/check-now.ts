import type { Call } from '../../access/principal.ts'
import { ParleyError } from '../../errors.ts'
import { askedProbeWork } from '../../work/agent-work.ts'
import type { WorkQueue } from '../../work/work-queue.ts'
import type { Agent } from '../agent.ts'
import { type FindDeps, getAgent } from '../find-agent.ts'
import type { Health } from './health.ts'

export type CheckNowDeps = FindDeps & {
  readonly work: Pick<WorkQueue, 'put'>
  readonly health: Pick<Health, 'find'>
  readonly now: () => number
}

const POLL_MS = 100
const MAX_POLLS = 150
const POLLS_PER_PUT = 30

/**
 * Has the agent looked at as soon as a worker can, and waits for that for up to 15 seconds; whether everything was seen
 * by then. However many ask, an agent is looked at by one worker at a time. Throws soon once the agent is gone or
 * disabled, and rejects with the reason of the call's signal.
 */
export async function checkNow(deps: CheckNowDeps, call: Call, ref: string): Promise<boolean> {
  let agent = await activeAgent(deps, call, ref)
  const askedAt = deps.now()
  for (let poll = 0; poll < MAX_POLLS; poll++) {
    if (poll > 0 && poll % POLLS_PER_PUT === 0) agent = await activeAgent(deps, call, agent.id)
    // Whoever changes the agent meanwhile puts the same work for another time. What was seen is not looked at again.
    if (poll % POLLS_PER_PUT === 0) await deps.work.put([askedProbeWork(agent.id, askedAt)])
    await pause(call.signal)
    const health = await deps.health.find(agent.id)
    const isSeen = (kind: 'interface' | 'task') =>
      health?.checks.some((check) => check.kind === kind && check.at >= askedAt && check.at <= deps.now()) ===
      true
    // Interfaces and card are written down together, and what the owner's probe came to after them.
    if (isSeen('interface') && (agent.probe === undefined || isSeen('task'))) return true
  }
  return false
}

/** Throws as `Registry.checkNow`. */
async function activeAgent(deps: CheckNowDeps, call: Call, ref: string): Promise<Agent> {
  const agent = await getAgent(deps, call, ref, 'manage')
  if (agent.lifecycle !== 'disabled') return agent
  throw new ParleyError('conflict', 'The agent is disabled and is not looked at: make it active first')
}

function pause(signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer)
      reject(signal.reason)
    }
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop)
      resolve()
    }, POLL_MS)
    signal.addEventListener('abort', stop, { once: true })
  })
}
