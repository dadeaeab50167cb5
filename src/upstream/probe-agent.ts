import { type AgentCallOptions, type AgentClient, AgentFailure } from '../delivery/agent-client.ts'
import type { Prober } from '../probes/prober.ts'
import type { Agent } from '../registry/agent.ts'
import { type Judgement, judged, judgeFailure } from './judge-failure.ts'
import { sendTaskProbe } from './send-task-probe.ts'
import { orAbort } from './within.ts'

export type ProberDeps = {
  readonly client: Pick<AgentClient, 'send' | 'getTask' | 'cancelTask'>
  readonly now: () => number
  readonly monotonicMs: () => number
  readonly newId: () => string
  /** How long one look at an interface may take. */
  readonly timeoutMs: number
}

/** As whom agents are asked by Parley itself. */
const SUBJECT = 'parley-probe'

/** How long an agent may take for what its owner asks of it. */
const TASK_TIMEOUT_MS = 60_000

export function createProber(deps: ProberDeps): Prober {
  const look = async (
    agent: Agent,
    timeoutMs: number,
    signal: AbortSignal,
    ask: (options: AgentCallOptions) => Promise<Judgement>,
  ) => {
    const at = deps.now()
    const began = deps.monotonicMs()
    const judgement = await within(timeoutMs, signal, (bounded) =>
      ask({ signal: bounded, onBehalfOf: { tenant: agent.tenant, subject: SUBJECT } }),
    )
    const latencyMs = Math.max(0, Math.round(deps.monotonicMs() - began))
    return { at, ...judgement, ...(judgement.outcome === 'ok' ? { latencyMs } : {}) }
  }

  return {
    async checkInterface(target, agent, signal) {
      const { via } = target
      const seen = await look(agent, deps.timeoutMs, signal, async (options) => {
        try {
          await orAbort(deps.client.getTask(target, deps.newId(), options), options.signal)
          return judged('bad-shape', 'The agent answered with a task that there is not')
        } catch (error) {
          if (!(error instanceof AgentFailure)) throw error
          if (isTaskNotFound(error, via)) return { outcome: 'ok' }
          return error.code === 'task_not_found'
            ? judged('bad-shape', 'The agent finds nothing, and does not say that this is about a task')
            : judgeFailure(error)
        }
      })
      return { kind: 'interface', url: via.url, ...seen }
    },
    async sendProbe(target, agent, probe, signal) {
      const seen = await look(agent, TASK_TIMEOUT_MS, signal, (options) =>
        sendTaskProbe(deps, target, probe, options),
      )
      return { kind: 'task', url: target.via.url, ...seen }
    },
  }
}

async function within(
  timeoutMs: number,
  signal: AbortSignal,
  ask: (signal: AbortSignal) => Promise<Judgement>,
): Promise<Judgement> {
  const tooLate = AbortSignal.timeout(timeoutMs)
  try {
    return await ask(AbortSignal.any([signal, tooLate]))
  } catch (error) {
    signal.throwIfAborted()
    if (error === tooLate.reason) {
      return judged('timeout', `The agent did not answer within ${timeoutMs / 1000} seconds`)
    }
    throw error
  }
}

/**
 * REST of 0.3 gives errors no form, and a proxy in the agent's place says that something is not found as well: only
 * words about a task are the agent's.
 */
function isTaskNotFound(
  failure: AgentFailure,
  { protocolBinding, protocolVersion }: { protocolBinding: string; protocolVersion: string },
): boolean {
  if (failure.kind !== 'refused') return false
  if (protocolBinding !== 'HTTP+JSON') return failure.code === 'task_not_found'
  if (protocolVersion.startsWith('0.')) {
    return (
      failure.code === 'task_not_found' &&
      failure.cause instanceof Error &&
      /task/i.test(failure.cause.message)
    )
  }
  return failure.code === 'task_not_found' || failure.code === 'not_found'
}
