import type { ApiKey, KeyStore } from '../../access/key-store.ts'
import { compareText } from './compare-text.ts'
import { frozenCopy } from './frozen-copy.ts'

export function createMemoryKeyStore(): KeyStore {
  const keys = new Map<string, ApiKey>()
  const idsByHash = new Map<string, string>()
  return {
    async commit({ key, expectedVersion }) {
      const stored = keys.get(key.id)
      if ((stored?.version ?? 0) !== expectedVersion) return false
      if ((idsByHash.get(key.hash) ?? key.id) !== key.id) return false
      if (stored !== undefined) idsByHash.delete(stored.hash)
      keys.set(key.id, frozenCopy(key))
      idsByHash.set(key.hash, key.id)
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
  }
}
