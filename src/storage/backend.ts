import type { AuditStore } from '../access/audit/audit-store.ts'
import type { CredentialStore } from '../access/credentials/credential-store.ts'
import type { KeyStore } from '../access/key-store.ts'
import type { SigningKeyStore } from '../access/service-identity/signing-key-store.ts'
import type { AlertStore } from '../alerts/alert-store.ts'
import type { ChannelStore } from '../alerts/channel-store.ts'
import type { AgentStore } from '../registry/agent-store.ts'
import type { ChangeStore } from '../registry/changes/change-store.ts'
import type { HealthStore } from '../registry/health/health-store.ts'
import type { Hint } from '../tasks/news.ts'
import type { TaskStore } from '../tasks/task-store.ts'
import type { WorkQueue } from '../work/work-queue.ts'

export type BackendCapabilities = {
  /** Lists and counts may lag behind commits. */
  readonly listsAreEventual: boolean
  /** What was committed is there after the process dies. */
  readonly survivesRestart: boolean
  /** Several processes may open it at once. */
  readonly sharedByProcesses: boolean
}

/**
 * Storage and queue, chosen whole: appending an event and enqueuing work must be one atomic write.
 * Disposing waits for commits under way.
 */
export interface Backend extends AsyncDisposable {
  readonly capabilities: BackendCapabilities
  readonly tasks: TaskStore
  readonly work: WorkQueue
  readonly agents: AgentStore
  readonly changes: ChangeStore
  readonly health: HealthStore
  readonly keys: KeyStore
  readonly signingKeys: SigningKeyStore
  readonly alerts: AlertStore
  readonly channels: ChannelStore
  readonly audit: AuditStore
  readonly credentials: CredentialStore
  /** Hints from now on, of this and (as far as the backend can) other processes, until `signal` aborts. */
  hints(signal: AbortSignal): AsyncIterable<Hint>
  /** Resolves when a write could be made now; rejects with the reason otherwise. */
  ready(): Promise<void>
}
