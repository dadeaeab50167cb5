import type { ApiKey, KeyChange, KeyStore } from '../../access/key-store.ts'
import type { AuditRows } from './audit-store.ts'
import { compareText } from './compare-text.ts'
import { frozenCopy } from './frozen-copy.ts'

export function createMemoryKeyStore(auditRows: AuditRows): KeyStore {
  const keys = new Map<string, ApiKey>()
  const idsByHash = new Map<string, string>()
  const isAccepted = ({ key, expectedVersion }: KeyChange): boolean =>
    (keys.get(key.id)?.version ?? 0) === expectedVersion && (idsByHash.get(key.hash) ?? key.id) === key.id

  function put(key: ApiKey): void {
    const stored = keys.get(key.id)
    if (stored !== undefined) idsByHash.delete(stored.hash)
    keys.set(key.id, frozenCopy(usedAt(key, stored?.lastUsedAt)))
    idsByHash.set(key.hash, key.id)
  }

  return {
    async commit({ changes, audit }) {
      if (!changes.every(isAccepted)) return false
      auditRows.append(audit)
      for (const { key } of changes) put(key)
      return true
    },
    async findByHash(hash) {
      const id = idsByHash.get(hash)
      return id === undefined ? undefined : keys.get(id)
    },
    async find(id) {
      return keys.get(id)
    },
    async list(tenant, limit, afterId) {
      return [...keys.values()]
        .filter((key) => key.tenant === tenant && (afterId === undefined || compareText(key.id, afterId) > 0))
        .sort((a, b) => compareText(a.id, b.id))
        .slice(0, limit)
    },
    async markUsed(id, at) {
      const stored = keys.get(id)
      if (stored !== undefined) keys.set(id, Object.freeze(usedAt(stored, at)))
    },
  }
}

const usedAt = (key: ApiKey, at: number | undefined): ApiKey =>
  at === undefined || at <= (key.lastUsedAt ?? -1) ? key : { ...key, lastUsedAt: at }
