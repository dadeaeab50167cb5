import { newUuid } from '../../a2a/ids.ts'
import type { KeyRing, SigningKey } from '../../access/service-identity/signing-key-store.ts'
import { T0 } from './sample-task.ts'

export const sampleKey = (): SigningKey => ({
  id: newUuid(),
  publicKey: { kty: 'EC', crv: 'P-256', x: newUuid(), y: newUuid() },
  sealed: `v1.${newUuid()}`,
  signsFrom: T0,
})

export const sampleRing = (changes: Partial<KeyRing> = {}): KeyRing => ({
  use: 'service',
  version: 1,
  keys: [sampleKey()],
  ...changes,
})
