import type { SealedSecrets } from '../sealed-secrets.ts'
import type { Vault } from '../vault.ts'
import { contextOf, type StoredCredential } from './credential.ts'
import type { CredentialStore } from './credential-store.ts'

const PER_PAGE = 100

/** The stored credentials for agents, for whoever replaces the master key. */
export function sealedCredentials(store: CredentialStore, vault: Vault): SealedSecrets {
  async function* all(): AsyncGenerator<StoredCredential> {
    let page = await store.list(PER_PAGE)
    while (page.length > 0) {
      yield* page
      page = await store.list(PER_PAGE, page.at(-1))
    }
  }

  return {
    kind: 'credentials for agents',
    async masterKeyIds() {
      const ids = new Set<string>()
      for await (const { sealed } of all()) ids.add(vault.keyIdOf(sealed))
      return [...ids]
    },
    async resealAll() {
      let count = 0
      for await (const credential of all()) {
        if (vault.keyIdOf(credential.sealed) === vault.keyId) continue
        const context = contextOf(credential)
        const sealed = await vault.seal(context, await vault.open(context, credential.sealed))
        const next = { ...credential, sealed, version: credential.version + 1 }
        // One that was changed meanwhile was sealed anew by that, or is gone.
        if (await store.commit({ credential: next, expectedVersion: credential.version })) count++
      }
      return count
    },
  }
}
