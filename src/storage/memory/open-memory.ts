import { type NewId, newUuid } from '../../a2a/ids.ts'
import type { Backend } from '../backend.ts'
import { createHintFeed } from '../hint-feed.ts'
import { createMemoryAgentStore } from './agent-store.ts'
import { createMemoryAlertStore } from './alert-store.ts'
import { createMemoryAudit } from './audit-store.ts'
import { createMemoryChanges } from './change-store.ts'
import { createMemoryChannelStore, type NotificationRows } from './channel-store.ts'
import { type CredentialRows, createMemoryCredentialStore } from './credential-store.ts'
import { createMemoryHealthStore, type HealthRows } from './health-store.ts'
import { createMemoryKeyStore } from './key-store.ts'
import { createMemorySigningKeyStore } from './signing-key-store.ts'
import { createMemoryTaskStore } from './task-store.ts'
import { createMemoryWork } from './work-queue.ts'

export type MemoryOptions = {
  /** Makes lease tokens, the name of the audit log's writer and the salts in it. */
  readonly newId?: NewId
}

/** A backend for one process that forgets everything with it: the reference that the others are held to. */
export async function openMemory({ newId = newUuid }: MemoryOptions = {}): Promise<Backend> {
  const feed = createHintFeed()
  const tellOfWork = () => feed.publish([{ kind: 'work' }])
  const work = createMemoryWork(newId, tellOfWork)
  const audit = createMemoryAudit(newId)
  const changes = createMemoryChanges(feed)
  const credentials: CredentialRows = new Map()
  const health: HealthRows = new Map()
  const notifications: NotificationRows = new Map()
  return {
    capabilities: { listsAreEventual: false, survivesRestart: false, sharedByProcesses: false },
    tasks: createMemoryTaskStore(work.rows, audit.rows, feed),
    work: work.queue,
    agents: createMemoryAgentStore({
      audit: audit.rows,
      changes: changes.rows,
      credentials,
      health,
      work: work.rows,
      tell: tellOfWork,
    }),
    changes: changes.store,
    health: createMemoryHealthStore({
      rows: health,
      changes: changes.rows,
      work: work.rows,
      tell: tellOfWork,
    }),
    credentials: createMemoryCredentialStore(audit.rows, credentials),
    keys: createMemoryKeyStore(audit.rows),
    alerts: createMemoryAlertStore(audit.rows, work.rows, notifications, tellOfWork),
    channels: createMemoryChannelStore(audit.rows, notifications),
    audit: audit.store,
    signingKeys: createMemorySigningKeyStore(audit.rows),
    hints: (signal) => feed.subscribe(signal),
    async ready() {},
    async [Symbol.asyncDispose]() {},
  }
}
