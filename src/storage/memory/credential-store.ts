import type { StoredCredential } from '../../access/credentials/credential.ts'
import type { CredentialRef, CredentialStore } from '../../access/credentials/credential-store.ts'
import type { AuditRows } from './audit-store.ts'
import { compareText } from './compare-text.ts'
import { frozenCopy } from './frozen-copy.ts'

/** Credentials by agent and scheme. The agent store adds an entry with each agent and takes it away with it. */
export type CredentialRows = Map<string, Map<string, StoredCredential>>

export function createMemoryCredentialStore(auditRows: AuditRows, rows: CredentialRows): CredentialStore {
  return {
    async commit({ credential, expectedVersion, removed, audit }) {
      const { agentId, scheme } = credential
      const ofAgent = rows.get(agentId)
      if (ofAgent === undefined || (ofAgent.get(scheme)?.version ?? 0) !== expectedVersion) return false
      auditRows.append(audit)
      if (removed === true) ofAgent.delete(scheme)
      else ofAgent.set(scheme, frozenCopy(credential))
      return true
    },
    async listOf(agentId) {
      return [...(rows.get(agentId)?.values() ?? [])].sort(inOrder)
    },
    async list(limit, after) {
      return [...rows.values()]
        .flatMap((ofAgent) => [...ofAgent.values()])
        .filter((credential) => after === undefined || inOrder(credential, after) > 0)
        .sort(inOrder)
        .slice(0, limit)
    },
  }
}

const inOrder = (a: CredentialRef, b: CredentialRef): number =>
  compareText(a.agentId, b.agentId) || compareText(a.scheme, b.scheme)
