import type { AuditRecord } from '../access/audit/audit-record.ts'
import type { Call } from '../access/principal.ts'
import { untilCommitted } from '../access/until-committed.ts'
import { ParleyError } from '../errors.ts'
import type { Events } from '../telemetry/events.ts'
import { alertWork, forgetWork, probeWork } from '../work/agent-work.ts'
import type { NewWork } from '../work/work.ts'
import { commitAgent, type PointersTo } from './address-taken.ts'
import type { Agent } from './agent.ts'
import type { CardVersion } from './card-version.ts'
import { agentChange } from './changes/agent-change.ts'
import { type FindDeps, getAgent } from './find-agent.ts'
import type { PublicAddresses } from './public-addresses.ts'

export type ChangeDeps = FindDeps & {
  readonly addresses: () => PublicAddresses
  readonly now: () => number
  readonly events: Events
  /** Whether new agents wait for an admin; `open` when absent. */
  readonly registration?: 'open' | 'approve'
}

/** What is to become of an agent; its version is counted on. */
type Change = {
  readonly next: Agent
  readonly removed?: true
  readonly cardVersion?: CardVersion
  readonly proposal?: 'none'
  /** It is nothing to those who see the agent: the feed is not told. */
  readonly isUnseen?: true
  readonly audit?: readonly AuditRecord[]
  /** Where it is said what gives the agent its addresses; needed where that may be new. */
  readonly pointersTo?: PointersTo
}

/** Whether an agent is still as the caller knows it. */
export type AgentCondition = (agent: Agent) => boolean

/** Throws `precondition_failed` unless the condition, if there is one, holds. */
export function assertHolds(condition: AgentCondition | undefined, agent: Agent): void {
  if (condition === undefined || condition(agent)) return
  throw new ParleyError(
    'precondition_failed',
    'The agent was changed since you read it: read it again, and send your change with its new ETag in If-Match',
  )
}

/**
 * Changes an agent that the caller may manage, and decides anew when others changed it meanwhile; `after` is `before` when
 * `decide` finds nothing to change. Throws as `Registry.get` does, `precondition_failed` when `condition` does not hold (any
 * more), as `commitAgent` does, and `unavailable` when others go on and on.
 */
export async function changeAgent(
  deps: FindDeps & Pick<ChangeDeps, 'addresses' | 'now'>,
  call: Call,
  ref: string,
  decide: (agent: Agent) => Change | undefined,
  condition?: AgentCondition,
): Promise<{ readonly before: Agent; readonly after: Agent }> {
  return untilCommitted('The agent', async () => {
    const before = await getAgent(deps, call, ref, 'manage')
    assertHolds(condition, before)
    const change = decide(before)
    if (change === undefined) return { before, after: before }
    const { next, isUnseen, pointersTo = () => [''], ...more } = change
    const after = { ...next, version: before.version + 1 }
    const changes = isUnseen === true ? [] : [agentChange({ before, after, ...more }, deps.now())]
    const commit = {
      agent: after,
      expectedVersion: before.version,
      changes,
      work: worksOf(change, after, deps.now()),
      ...more,
    }
    const result = await commitAgent(deps, call, commit, before, pointersTo)
    return result.kind === 'committed' ? { before, after } : undefined
  })
}

/** What follows from a change of an agent. A look at one that is gone is none; its rules end with it. */
const worksOf = (change: Change, { id }: Agent, at: number): readonly NewWork[] => [
  alertWork(id, at),
  change.removed ? forgetWork(id, at) : probeWork(id, at),
]
