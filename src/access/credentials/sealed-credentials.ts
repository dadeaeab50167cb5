import { type SealedSecrets, sealedSecrets } from '../sealed-secrets.ts'
import type { Vault } from '../vault.ts'
import { contextOf, type StoredCredential } from './credential.ts'
import type { CredentialStore } from './credential-store.ts'

const PER_PAGE = 100

/** The stored credentials for agents, for whoever replaces the master key. */
export const sealedCredentials = (store: CredentialStore, vault: Vault): SealedSecrets =>
  sealedSecrets<StoredCredential>(vault, {
    kind: 'credentials for agents',
    page: (last) => store.list(PER_PAGE, last),
    async reseal(credential) {
      const context = contextOf(credential)
      const sealed = await vault.seal(context, await vault.open(context, credential.sealed))
      const next = { ...credential, sealed, version: credential.version + 1 }
      return store.commit({ credential: next, expectedVersion: credential.version })
    },
  })
