import { openSigningKeys } from '../access/service-identity/open-signing-keys.case.ts'
import type { RegistryDeps } from './create-registry.ts'

const { keys } = openSigningKeys()

/** For tests that care about no signature: cards are signed with some key, and no publisher's key is trusted. */
export const cardDeps: Pick<RegistryDeps, 'cardSigner' | 'trustedKeys'> = {
  cardSigner: () => keys.signer('card'),
  trustedKeys: { find: async () => [] },
}
