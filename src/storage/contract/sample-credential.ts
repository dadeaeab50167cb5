import type { StoredCredential } from '../../access/credentials/credential.ts'
import { T0 } from './sample-task.ts'

export const sampleCredential = (changes: Partial<StoredCredential> = {}): StoredCredential => ({
  agentId: 'agent-1',
  scheme: 'key',
  tenant: 'default',
  declared: { kind: 'apiKey', location: 'header', name: 'X-Key' },
  origins: ['https://agent.example'],
  storedAt: T0,
  storedBy: 'key:alice',
  sealed: 'v1.sealed',
  version: 1,
  ...changes,
})
