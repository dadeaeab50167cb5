/**
 * Getting work to agents.
 *
 * Owns workers, leases and the dialogue with an agent: send, resume, cancel, and the deadlines of tasks. What agents
 * say is validated by `upstream` before it comes here, translated to our ids here, and written through `writeTask`
 * under the lease's fence: a worker that lost its lease writes nothing. Nobody calls this room; it takes its work
 * from the queue.
 */
import type { NewId } from '../a2a/ids.ts'
import type { Access } from '../access/access.ts'
import type { Agent } from '../registry/agent.ts'
import type { Registry } from '../registry/registry.ts'
import type { News } from '../tasks/news.ts'
import type { WriteDeps } from '../tasks/write-task.ts'
import type { WorkQueue } from '../work/work-queue.ts'
import type { AgentClient, AgentFailure } from './agent-client.ts'

/** What the steps of a delivery are made of. */
export type DeliveryDeps = WriteDeps & {
  readonly queue: WorkQueue
  readonly registry: Pick<Registry, 'findForDelivery' | 'forget'>
  readonly access: Pick<Access, 'reassess' | 'decide'>
  readonly client: AgentClient
  readonly news: News
  readonly newId: NewId
  /** Told what each call about a client's message shows of its agent. */
  readonly onResult?: (result: DeliveryResult) => void
}

/** The agent answered, whatever it said, after `latencyMs` where that says something; or it failed to. */
export type DeliveryResult = {
  readonly agent: Agent
  /** Of the interface that was called. */
  readonly url: string
  readonly latencyMs?: number
  readonly failure?: AgentFailure
}
