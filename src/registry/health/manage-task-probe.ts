import { auditOf } from '../../access/audit/audit-record.ts'
import type { Call } from '../../access/principal.ts'
import { ParleyError } from '../../errors.ts'
import type { Agent } from '../agent.ts'
import { type AgentCondition, type ChangeDeps, changeAgent } from '../change-agent.ts'
import { getAgent } from '../find-agent.ts'
import type { Registry } from '../registry.ts'
import type { TaskProbe } from './task-probe.ts'

type Manages = Pick<Registry, 'getProbe' | 'setProbe' | 'deleteProbe'>

/** What agents are asked to show that they work, for those who may manage them. */
export function createTaskProbes(deps: ChangeDeps): Manages {
  const { now } = deps

  const change = (
    call: Call,
    ref: string,
    decide: (agent: Agent) => Agent | undefined,
    condition?: AgentCondition,
  ) =>
    changeAgent(
      deps,
      call,
      ref,
      (agent) => {
        const next = decide(agent)
        if (next === undefined) return undefined
        const { probe } = next
        const details =
          probe === undefined ? { probe: 'none' } : { probe: 'set', everyMs: String(probe.everyMs) }
        const audit = [auditOf(call, 'agent.update', { kind: 'agent', id: agent.id }, now(), { details })]
        return { next: { ...next, updatedAt: Math.max(now(), agent.updatedAt) }, audit }
      },
      condition,
    )

  return {
    async getProbe(call, ref) {
      const { probe } = await getAgent(deps, call, ref, 'manage')
      if (probe === undefined) throw noProbe()
      return probe
    },
    async setProbe(call, ref, probe, condition) {
      const { before } = await change(
        call,
        ref,
        (agent) => (isSame(agent.probe, probe) ? undefined : { ...agent, probe }),
        condition,
      )
      return { created: before.probe === undefined }
    },
    async deleteProbe(call, ref) {
      await change(call, ref, ({ probe, ...agent }) => {
        if (probe === undefined) throw noProbe()
        return agent
      })
    },
  }
}

const isSame = (one: TaskProbe | undefined, other: TaskProbe): boolean =>
  one?.text === other.text && one.expect === other.expect && one.everyMs === other.everyMs

const noProbe = (): ParleyError => new ParleyError('not_found', 'The agent has no probe')
