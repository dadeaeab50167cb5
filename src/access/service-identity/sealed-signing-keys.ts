import type { SealedSecrets } from '../sealed-secrets.ts'
import type { Vault } from '../vault.ts'
import { changeRing } from './change-ring.ts'
import { resealed } from './private-keys.ts'
import { type KeyRing, SIGNING_USES, type SigningKeyStore } from './signing-key-store.ts'

/** The stored signing keys, for whoever replaces the master key. */
export function sealedSigningKeys(store: SigningKeyStore, vault: Vault): SealedSecrets {
  const oldIn = (ring: KeyRing | undefined): number =>
    ring?.keys.filter(({ sealed }) => vault.keyIdOf(sealed) !== vault.keyId).length ?? 0

  return {
    kind: 'signing keys',
    async masterKeyIds() {
      const rings = await Promise.all(SIGNING_USES.map((use) => store.find(use)))
      const keys = rings.flatMap((ring) => ring?.keys ?? [])
      return [...new Set(keys.map(({ sealed }) => vault.keyIdOf(sealed)))]
    },
    async resealAll() {
      let count = 0
      for (const use of SIGNING_USES) {
        const { before, after } = await changeRing(store, use, async (ring) =>
          ring === undefined || oldIn(ring) === 0 ? ring : anew(ring, vault),
        )
        if (before !== after) count += oldIn(before)
      }
      return count
    },
  }
}

async function anew({ use, version, keys: [first, ...others] }: KeyRing, vault: Vault): Promise<KeyRing> {
  const again = await Promise.all(others.map((key) => resealed(vault, use, key)))
  return { use, version: version + 1, keys: [await resealed(vault, use, first), ...again] }
}
