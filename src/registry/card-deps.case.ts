import type { RegistryDeps } from './create-registry.ts'
import { createCardSigner } from './signatures/card-signer.ts'
import { newSigningKey } from './signatures/signing-key.case.ts'

/** For tests that care about no signature: cards are signed with some key, and no publisher's key is trusted. */
export const cardDeps: Pick<RegistryDeps, 'cardSigner' | 'trustedKeys'> = {
  cardSigner: await createCardSigner(newSigningKey('any').privateKey),
  trustedKeys: { find: async () => [] },
}
