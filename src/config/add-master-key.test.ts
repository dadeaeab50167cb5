import assert from 'node:assert/strict'
import {
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { addMasterKey } from './add-master-key.ts'
import { toConfig } from './config.ts'
import { masterKeysOf } from './master-keys.ts'

function open(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'parley-master-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const config = toConfig({ DATA_DIR: folder }, { cwd: '/', isProduction: false })
  const ids = () => masterKeysOf({}, config).map(({ id }) => id)
  return { folder, config, ids }
}

describe('another master key', () => {
  it('comes before those that the generated file has, for its owner alone', (t) => {
    const { folder, config, ids } = open(t)
    const before = ids()

    assert.equal(addMasterKey({}, config), true)
    assert.equal(addMasterKey({}, config), true)

    assert.equal(ids().length, 3)
    assert.deepEqual(ids().slice(2), before)
    assert.deepEqual(readdirSync(folder), ['master.key'])
    assert.equal(statSync(join(folder, 'master.key')).mode & 0o777, 0o600)
  })

  it('comes to where a link leads, and the link stays', (t) => {
    const { folder, config, ids } = open(t)
    const elsewhere = open(t).folder
    ids()
    renameSync(join(folder, 'master.key'), join(elsewhere, 'kept.key'))
    symlinkSync(join(elsewhere, 'kept.key'), join(folder, 'master.key'))

    assert.equal(addMasterKey({}, config), true)

    assert.equal(ids().length, 2)
    assert.ok(lstatSync(join(folder, 'master.key')).isSymbolicLink())
    assert.deepEqual(readdirSync(elsewhere), ['kept.key'])
  })

  it('is not made while somebody else makes one, so that none is lost', (t) => {
    const { folder, config, ids } = open(t)
    const before = ids()
    writeFileSync(join(folder, 'master.key.next'), '')

    assert.throws(() => addMasterKey({}, config), /being replaced by another process.*master\.key\.next/)
    assert.deepEqual(ids(), before)
  })

  it('is not made where the keys come from settings', (t) => {
    const { folder, config, ids } = open(t)
    ids()
    const text = readFileSync(join(folder, 'master.key'), 'utf8')

    assert.equal(addMasterKey({ MASTER_KEY: text }, config), false)
    assert.equal(addMasterKey({ MASTER_KEY_FILE: '/run/master.key' }, config), false)
    assert.equal(readFileSync(join(folder, 'master.key'), 'utf8'), text)
  })
})
