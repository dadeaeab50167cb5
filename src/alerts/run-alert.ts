import type { Run, RunResult } from '../work/worker.ts'
import { isRuleKey, type WakeDeps, wakeWatchers } from './wake-watchers.ts'
import { type WatchDeps, watchAgent } from './watch-agent.ts'

export type RunAlertDeps = WatchDeps & WakeDeps

/** Work of kind `alert`: an agent's rules, or the agents of a rule. */
export async function runAlert(deps: RunAlertDeps, run: Run): Promise<RunResult> {
  const result = await (isRuleKey(run.work.key) ? wakeWatchers(deps, run) : watchAgent(deps, run))
  if (result.kind === 'done') await deps.queue.finish(run.work)
  return result
}
