import type { KeyRing, SigningKeyStore, SigningUse } from '../../access/service-identity/signing-key-store.ts'
import type { AuditRows } from './audit-store.ts'
import { frozenCopy } from './frozen-copy.ts'

export function createMemorySigningKeyStore(auditRows: AuditRows): SigningKeyStore {
  const rings = new Map<SigningUse, KeyRing>()
  return {
    async commit({ ring, expectedVersion, audit }) {
      if ((rings.get(ring.use)?.version ?? 0) !== expectedVersion) return false
      auditRows.append(audit)
      rings.set(ring.use, frozenCopy(ring))
      return true
    },
    async find(use) {
      return rings.get(use)
    },
  }
}
