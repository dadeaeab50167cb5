import { generateKeyPairSync } from 'node:crypto'
import type { RegistryDeps } from './create-registry.ts'
import { createCardSigner } from './signatures/card-signer.ts'

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })

/** For tests that care about no signature: cards are signed with some key, and no publisher's key is trusted. */
export const cardDeps: Pick<RegistryDeps, 'cardSigner' | 'trustedKeys'> = {
  cardSigner: await createCardSigner(privateKey.export({ format: 'jwk' })),
  trustedKeys: { find: async () => [] },
}
