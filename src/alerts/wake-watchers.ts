import type { AgentFilter, AgentStore } from '../registry/agent-store.ts'
import type { AgentListing } from '../registry/search/listing.ts'
import { alertWork } from '../work/agent-work.ts'
import type { NewWork } from '../work/work.ts'
import type { WorkQueue } from '../work/work-queue.ts'
import type { Run, RunResult } from '../work/worker.ts'
import type { AlertStore, StoredAlert } from './alert-store.ts'
import type { AlertRule, RuleTarget } from './rule.ts'

export type WakeDeps = {
  readonly alerts: AlertStore
  readonly agents: AgentStore
  readonly queue: WorkQueue
  readonly now: () => number
}

const PREFIX = 'rule:'
/** Agents whose rules are put on the queue by one write. */
const BATCH = 500

/** A rule has changed: to judge the agents concerned. Each version has work of its own, so that none is missed. */
export const ruleWork = ({ tenant, id, version }: AlertRule, dueAt: number): NewWork =>
  alertWork(`${PREFIX}${tenant}:${id}:${version}`, dueAt)

/** Whether `alert` work is that of a rule, and not of an agent. */
export const isRuleKey = (key: string): boolean => key.startsWith(PREFIX)

/** Has the agents judged for which a rule has an alert, and those that it targets now. */
export async function wakeWatchers(deps: WakeDeps, { work, signal }: Run): Promise<RunResult> {
  const [, tenant = '', id = ''] = work.key.split(':')
  const filter = { tenant, ruleId: id, isFiring: true }
  let firing: readonly StoredAlert[] = []
  do {
    signal.throwIfAborted()
    firing = await deps.alerts.listAlerts(filter, BATCH, firing.at(-1))
    await wake(
      deps,
      firing.map((alert) => alert.agentId),
    )
  } while (firing.length === BATCH)
  const rule = await deps.alerts.findRule(id)
  if (rule !== undefined) await wakeTargets(deps, rule, signal)
  return { kind: 'done' }
}

async function wakeTargets(
  deps: WakeDeps,
  { tenant, target }: AlertRule,
  signal: AbortSignal,
): Promise<void> {
  if (target.kind === 'agent') return wake(deps, [target.agent])
  const filter = { tenant, ...termsOf(target) }
  let found: readonly AgentListing[] = []
  do {
    signal.throwIfAborted()
    const after = found.at(-1)
    found = await deps.agents.search(filter, { limit: BATCH, ...(after === undefined ? {} : { after }) })
    await wake(
      deps,
      found.map((listing) => listing.id),
    )
  } while (found.length === BATCH)
}

function termsOf(target: Exclude<RuleTarget, { readonly kind: 'agent' }>): Pick<AgentFilter, 'terms'> {
  switch (target.kind) {
    case 'tag':
      return { terms: [[`tag:${target.tag}`]] }
    case 'owner':
      return { terms: [[`owner:${target.owner}`]] }
    case 'all':
      return {}
  }
}

const wake = ({ queue, now }: WakeDeps, ids: readonly string[]): Promise<void> =>
  queue.put(ids.map((id) => alertWork(id, now())))
