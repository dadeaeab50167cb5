import type { AgentInterface } from '../a2a/agent-card.ts'
import { newUuid } from '../a2a/ids.ts'
import type { Agent } from '../registry/agent.ts'
import type { AgentHealth, CheckOutcome } from '../registry/health/agent-health.ts'
import { as, cardText, type OpenRegistry, openRegistry } from '../registry/open-registry.case.ts'
import type { Registration } from '../registry/registry.ts'
import { silentEvents } from '../telemetry/events.ts'
import type { Prober } from './prober.ts'
import { type ProbeDeps, runProbe } from './run-probe.ts'

export const alice = as('key:alice')

export type OpenProbes = OpenRegistry & {
  readonly deps: ProbeDeps
  /** What was asked of agents since the last time this was read, in words: `interface <url>` or `task <text>`. */
  readonly asked: () => readonly string[]
  /** How agents answer from now on. */
  readonly answer: (outcome: CheckOutcome | Promise<CheckOutcome>) => void
  readonly register: (registration?: Partial<Registration>) => Promise<Agent>
  /** Moves the clock and does what is due by then. */
  readonly pass: (ms: number) => Promise<void>
  /** When the next agent is to be looked at, in milliseconds from now. */
  readonly dueIn: () => Promise<number | undefined>
  readonly healthOf: (agent: Agent) => Promise<AgentHealth | undefined>
}

/** Agents on the memory backend that are looked at by a prober that knows them. */
export async function openProbes(changes: Partial<ProbeDeps> = {}): Promise<OpenProbes> {
  const room = await openRegistry()
  const { registry, health, work: queue, clock } = room
  const now = () => clock.now
  let asked: string[] = []
  let outcome: CheckOutcome | Promise<CheckOutcome> = 'ok'
  const prober: Prober = {
    async checkInterface({ via: { url } }) {
      asked.push(`interface ${url}`)
      return { kind: 'interface', url, outcome: await outcome, at: now() }
    },
    async sendProbe({ via: { url } }, _agent, { text }) {
      asked.push(`task ${text}`)
      return { kind: 'task', url, outcome: await outcome, at: now() }
    },
  }
  const deps: ProbeDeps = {
    queue,
    registry,
    health,
    prober,
    now,
    newId: newUuid,
    random: () => 0.5,
    events: silentEvents,
    intervalMs: 60_000,
    ...changes,
  }

  const runOne = async (): Promise<boolean> => {
    const leased = await queue.lease({
      kinds: ['probe'],
      limit: 1,
      now: clock.now,
      leaseMs: 30_000,
      busyLanes: [],
    })
    const [work] = leased
    if (work === undefined) return false
    const { signal } = new AbortController()
    const result = await runProbe(deps, { work, reserved: false, signal, setResumable() {} })
    if (result.kind !== 'done') await queue.postpone(work, result.dueAt)
    return true
  }

  return {
    ...room,
    deps,
    asked() {
      const all = asked
      asked = []
      return all
    },
    answer(next) {
      outcome = next
    },
    register: async (registration = {}) =>
      (await registry.register(alice, { card: cardText(), cardPointer: '', ...registration })).agent,
    async pass(ms) {
      clock.now += ms
      while (await runOne());
    },
    async dueIn() {
      const at = await queue.nextDueAt(['probe'], clock.now)
      return at === undefined ? undefined : at - clock.now
    },
    healthOf: ({ id }) => health.find(id),
  }
}

export const jsonRpcAt = (url: string, version = '1.0'): AgentInterface => ({
  url,
  protocolBinding: 'JSONRPC',
  protocolVersion: version,
})
