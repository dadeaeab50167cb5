import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { createVault, type MasterKey, masterKey } from './vault.ts'

const old = masterKey(Buffer.alloc(32, 1))
const current = masterKey(Buffer.alloc(32, 2))

const vault = createVault({ keys: [old], randomBytes })
const rotated = createVault({ keys: [current, old], randomBytes })

const context = 'credential/agent-1/token'
const secret = Buffer.from('it is a secret')
const refused = { name: 'ParleyError', code: 'internal' }

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.='

describe('a vault', () => {
  it('opens what it sealed, whatever it is', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 5000 }), fc.string(), async (plain, where) => {
        const sealed = await vault.seal(where, plain)

        assert.deepEqual(new Uint8Array(await vault.open(where, sealed)), plain)
        assert.match(sealed, /^v1(\.[\w-]+){3}$/)
      }),
    )
  })

  it('shows nothing of a secret, not even that two are the same', async () => {
    const [one, two] = [await vault.seal(context, secret), await vault.seal(context, secret)]

    assert.notEqual(one.split('.')[3], two.split('.')[3])
    assert.ok(!one.includes(secret.toString()) && !one.includes(secret.toString('base64url')))
  })

  it('refuses a text of which any character was changed, added or removed', async () => {
    const sealed = await vault.seal(context, secret)

    for (let at = 0; at < sealed.length; at++) {
      for (const other of ALPHABET) {
        if (other === sealed[at]) continue
        const changed = sealed.slice(0, at) + other + sealed.slice(at + 1)
        await assert.rejects(vault.open(context, changed), refused, changed)
      }
      await assert.rejects(vault.open(context, sealed.slice(0, at)), refused)
      await assert.rejects(vault.open(context, sealed.slice(0, at) + sealed.slice(at + 1)), refused)
    }
    await assert.rejects(vault.open(context, `${sealed}A`), refused)
  })

  it('refuses any other text with an error of the same kind', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string(), async (text) => {
        await assert.rejects(vault.open(context, text), refused)
        await assert.rejects(vault.open(context, `v1.${old.id}.${text}`), refused)
        await assert.rejects(vault.open(context, `v1.${old.id}.AAAA.${text}`), refused)
        assert.throws(() => vault.keyIdOf(text), refused)
      }),
    )
  })

  it('opens a text only where it was sealed for', async () => {
    const sealed = await vault.seal(context, secret)

    await fc.assert(
      fc.asyncProperty(fc.string(), async (other) => {
        await assert.rejects(vault.open(other, sealed), refused)
      }),
    )
    await assert.rejects(vault.open(`${context} `, sealed), refused)
  })

  it('does not open a secret with the key of another', async () => {
    const [one, two] = [await vault.seal(context, secret), await vault.seal(context, secret)]
    const parts = one.split('.')

    await assert.rejects(vault.open(context, [...parts.slice(0, 3), two.split('.')[3]].join('.')), refused)
  })

  it('opens with an older master key while it seals with the first', async () => {
    const before = await vault.seal(context, secret)
    const after = await rotated.seal(context, secret)

    assert.deepEqual(await rotated.open(context, before), secret)
    assert.deepEqual(await rotated.open(context, after), secret)
    assert.deepEqual([rotated.keyIdOf(before), rotated.keyIdOf(after)], [old.id, current.id])
    assert.deepEqual([rotated.holds(old.id), vault.holds(current.id)], [true, false])
    assert.equal(rotated.keyId, current.id)
  })

  it('takes up master keys that were given while it was in use, and keeps to what it has when they cannot be read', async () => {
    let given: readonly [MasterKey, ...MasterKey[]] | undefined
    const running = createVault({
      keys: [old],
      randomBytes,
      reread: () => given ?? assert.fail('cannot be read'),
    })
    const sealed = await rotated.seal(context, secret)

    assert.equal(running.keyIdOf(await running.seal(context, secret)), old.id)
    await assert.rejects(running.open(context, sealed), refused)
    given = [current, old]
    assert.deepEqual(await running.open(context, sealed), secret)
    assert.equal(running.keyIdOf(await running.seal(context, secret)), current.id)
  })

  it('names the master key that it misses, and nothing of the secret', async () => {
    const sealed = await rotated.seal(context, secret)

    await assert.rejects(vault.open(context, sealed), {
      message: `A stored secret was sealed with the master key ${current.id}, which is not among those given`,
    })
  })
})

describe('a master key', () => {
  it('has an id that depends on all of it and shows none of it', () => {
    assert.equal(masterKey(Buffer.alloc(32, 1)).id, old.id)
    assert.notEqual(old.id, current.id)
    assert.match(old.id, /^[\w-]{16}$/)
  })

  it('has exactly 32 bytes', () => {
    for (const size of [0, 16, 31, 33]) {
      assert.throws(() => masterKey(Buffer.alloc(size)), { code: 'invalid_params' }, String(size))
    }
  })
})
