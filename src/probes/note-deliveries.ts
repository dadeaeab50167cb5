import type { AgentFailure } from '../delivery/agent-client.ts'
import type { DeliveryResult } from '../delivery/delivery.ts'
import type { ErrorCode } from '../errors.ts'
import type { Agent } from '../registry/agent.ts'
import type { Check } from '../registry/health/agent-health.ts'
import type { Health } from '../registry/health/health.ts'
import type { Events } from '../telemetry/events.ts'
import { probeWork } from '../work/agent-work.ts'
import type { WorkQueue } from '../work/work-queue.ts'

export type DeliveryNotesDeps = {
  readonly health: Pick<Health, 'record'>
  readonly queue: Pick<WorkQueue, 'put'>
  /** What a failed call says of its agent. */
  readonly judge: (failure: AgentFailure) => Pick<Check, 'outcome' | 'message'>
  readonly now: () => number
  readonly events: Pick<Events, 'unexpected' | 'agentChecked'>
}

/**
 * What deliveries show of agents, written down in few words: at once when an agent begins to fail or to work again,
 * else every ten seconds at most. Disposing writes down the rest.
 */
export interface DeliveryNotes extends AsyncDisposable {
  note(result: DeliveryResult): void
}

/** While an agent goes on as before. */
const PAUSE_MS = 10_000
/** For one that fails now and then. */
const TURN_PAUSE_MS = 1000

/** Of agents that nothing is to be written down of, no more than this are remembered. */
const MAX_AGENTS = 10_000

/** Refusals that are about what the client sent. */
const CLIENTS_FAULT: ReadonlySet<ErrorCode | undefined> = new Set<ErrorCode>([
  'task_not_found',
  'not_found',
  'task_not_cancelable',
  'unsupported_operation',
  'content_type_not_supported',
  'extension_support_required',
  'push_notification_not_supported',
  'invalid_request',
  'invalid_params',
])

type Noted = {
  agent: Agent
  isOk: boolean | undefined
  /** The last that went well and the last that failed, as far as they are not written down. */
  waiting: Check[]
  writtenAt: number
  dueAt: number
  timer: NodeJS.Timeout | undefined
  written: Promise<void>
}

export function createDeliveryNotes(deps: DeliveryNotesDeps): DeliveryNotes {
  const { health, queue, now, events } = deps
  const noted = new Map<string, Noted>()

  const entryOf = (agent: Agent): Noted => {
    const known = noted.get(agent.id)
    if (known !== undefined) return known
    const entry: Noted = {
      agent,
      isOk: undefined,
      waiting: [],
      writtenAt: Number.NEGATIVE_INFINITY,
      dueAt: Number.POSITIVE_INFINITY,
      timer: undefined,
      written: Promise.resolve(),
    }
    noted.set(agent.id, entry)
    return entry
  }

  function write(entry: Noted): void {
    clearTimeout(entry.timer)
    const { agent, waiting } = entry
    entry.waiting = []
    entry.writtenAt = now()
    entry.dueAt = Number.POSITIVE_INFINITY
    if (waiting.length > 0) entry.written = entry.written.then(() => record(agent, waiting))
    const [oldest] = noted
    if (noted.size > MAX_AGENTS && oldest?.[1].waiting.length === 0) noted.delete(oldest[0])
  }

  async function record(agent: Agent, checks: readonly Check[]): Promise<void> {
    for (const check of checks) events.agentChecked({ agentId: agent.id, ...check })
    try {
      const after = await health.record(agent, checks)
      // Whether it fails at everything is better known soon.
      const isUncertain = after !== undefined && after.streak !== 0 && checks.at(-1)?.outcome !== 'ok'
      if (isUncertain) await queue.put([probeWork(agent.id, now())])
    } catch (cause) {
      events.unexpected({ where: 'noting a delivery', cause })
    }
  }

  return {
    note(result) {
      const check = checkOf(deps, result)
      if (check === undefined) return
      const entry = entryOf(result.agent)
      const isOk = check.outcome === 'ok'
      const pauseMs = entry.isOk === isOk ? PAUSE_MS : TURN_PAUSE_MS
      entry.agent = result.agent
      entry.isOk = isOk
      entry.waiting = [...entry.waiting.filter(({ outcome }) => (outcome === 'ok') !== isOk), check]
      const dueAt = entry.writtenAt + pauseMs
      if (now() >= dueAt) {
        write(entry)
      } else if (dueAt < entry.dueAt) {
        clearTimeout(entry.timer)
        entry.dueAt = dueAt
        entry.timer = setTimeout(write, dueAt - now(), entry)
      }
    },
    async [Symbol.asyncDispose]() {
      const all = [...noted.values()]
      for (const entry of all) write(entry)
      await Promise.all(all.map(({ written }) => written))
    },
  }
}

/** What a delivery shows of its agent; `undefined` when that is nothing. */
function checkOf(
  { judge, now }: DeliveryNotesDeps,
  { url, failure, latencyMs }: DeliveryResult,
): Check | undefined {
  const seen = { kind: 'delivery', url, at: now() } as const
  if (failure === undefined) {
    return { ...seen, outcome: 'ok', ...(latencyMs === undefined ? {} : { latencyMs }) }
  }
  // Who is let in is the agent's affair: one client that is not says nothing to others, unless it is we who lack a credential.
  const isLetIn = failure.denied !== 'forbidden' || failure.unmet !== undefined
  if (CLIENTS_FAULT.has(failure.code) || !isLetIn) return undefined
  const judgement = judge(failure)
  return judgement.outcome === 'forbidden' ? undefined : { ...seen, ...judgement }
}
