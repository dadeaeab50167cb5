import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { masterKey } from '../access/vault.ts'
import { toConfig } from './config.ts'
import type { Env } from './env.ts'
import { masterKeysOf } from './master-keys.ts'
import { toSecrets } from './secrets.ts'

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'parley-master-'))
  t.after(() => rmSync(path, { recursive: true }))
  return path
}

const idsOf = (env: Env, dataDir = '/missing') =>
  masterKeysOf(env, toConfig({ DATA_DIR: dataDir }, { cwd: '/', isProduction: false })).map(({ id }) => id)

const [one, two] = [randomBytes(32), randomBytes(32)]
const [first, second] = [one.toString('base64'), two.toString('base64url')]
const ids = [masterKey(one).id, masterKey(two).id]

describe('master keys', () => {
  it('are not made anew where their file has gone meanwhile', (t) => {
    const path = folder(t)
    const { masterKeys } = toSecrets({}, toConfig({ DATA_DIR: path }, { cwd: '/', isProduction: false }))
    const before = masterKeys()
    rmSync(join(path, 'master.key'))

    assert.throws(masterKeys)
    assert.deepEqual(
      readdirSync(path).filter((name) => name.startsWith('master')),
      [],
    )
    writeFileSync(
      join(path, 'master.key'),
      before.map(({ bytes }) => Buffer.from(bytes).toString('base64')).join(),
    )
    assert.deepEqual(masterKeys(), before)
  })

  it('are made once, for their owner alone, and read again', (t) => {
    const path = folder(t)

    assert.deepEqual(idsOf({}, path), idsOf({}, path))
    assert.equal(statSync(join(path, 'master.key')).mode & 0o777, 0o600)
  })

  it('come from a setting or from a file, the one that seals first', (t) => {
    const file = join(folder(t), 'keys')
    writeFileSync(file, `${first}\n${second}\n`)

    assert.deepEqual(idsOf({ MASTER_KEY: `${first},${second}` }), ids)
    assert.deepEqual(idsOf({ MASTER_KEY: ` ${second}\n${first}` }), ids.toReversed())
    assert.deepEqual(idsOf({ MASTER_KEY_FILE: file }), ids)
    assert.throws(
      () => idsOf({ MASTER_KEY: first, MASTER_KEY_FILE: file }),
      /PARLEY_MASTER_KEY and PARLEY_MASTER_KEY_FILE cannot both be set/,
    )
  })

  it('are refused, without being shown, when one is no key', (t) => {
    const file = join(folder(t), 'keys')
    const missing = join(folder(t), 'none')
    const short = randomBytes(31).toString('base64')

    for (const text of [short, `${first},${short}`, `${first}${first}`, 'a passphrase']) {
      assert.throws(
        () => idsOf({ MASTER_KEY: text }),
        ({ message }: Error) => /^PARLEY_MASTER_KEY must hold keys/.test(message) && !message.includes(text),
      )
    }
    assert.throws(() => idsOf({ MASTER_KEY_FILE: missing }), /PARLEY_MASTER_KEY_FILE cannot be read/)
    writeFileSync(file, short)
    assert.throws(() => idsOf({ MASTER_KEY_FILE: file }), /file of PARLEY_MASTER_KEY_FILE, .* must hold keys/)
  })
})
