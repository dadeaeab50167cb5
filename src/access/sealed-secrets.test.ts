import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, it } from 'node:test'
import { assertOpenable, type SealedSecrets } from './sealed-secrets.ts'
import { createVault, masterKey } from './vault.ts'

const known = masterKey(Buffer.alloc(32, 1))
const vault = createVault({ keys: [known], randomBytes })

const sealedWith = (...ids: readonly string[]): SealedSecrets => ({
  kind: 'signing keys',
  masterKeyIds: async () => ids,
  resealAll: async () => 0,
})

describe('stored secrets', () => {
  it('are fine when none is there, or the vault has the master key of each', async () => {
    await assertOpenable(vault, [])
    await assertOpenable(vault, [sealedWith(), sealedWith(known.id)])
  })

  it('are refused, with what they are and what they take, when it has not', async () => {
    await assert.rejects(assertOpenable(vault, [sealedWith(known.id), sealedWith('lost', known.id)]), {
      code: 'invalid_params',
      message: /^The stored signing keys cannot be opened: they take the master key lost, /,
    })
  })
})
