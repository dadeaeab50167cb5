import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { promisify } from 'node:util'
import { removeCardSigningKey } from './card-signing-key.ts'
import { toConfig } from './config.ts'
import { secretFile } from './secret-file.ts'
import { toSecrets } from './secrets.ts'

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'parley-secrets-'))
  t.after(() => rmSync(path, { recursive: true }))
  return path
}

const RACING_START = new URL('./racing-start.case.ts', import.meta.url).pathname

const modeOf = (path: string): number => statSync(path).mode & 0o777

describe('a secret file', () => {
  it('is made once, for its owner alone, and read again', (t) => {
    const path = join(folder(t), 'deep', 'a.key')

    const first = secretFile(path)
    const second = secretFile(path)

    assert.deepEqual([first.isNew, second.isNew], [true, false])
    assert.equal(second.secret, first.secret)
    assert.ok(first.secret.length >= 43)
    assert.equal(modeOf(path), 0o600)
  })

  it('is whole for each of two processes that start at once', async (t) => {
    const path = folder(t)
    const at = String(Date.now() + 2000)
    const start = () => promisify(execFile)(process.execPath, [RACING_START, path, at])

    const [one, other] = await Promise.all([start(), start()])

    assert.equal(one.stdout, other.stdout)
    assert.deepEqual(
      readdirSync(path).filter((name) => !/^\d+\.key$/.test(name)),
      [],
    )
  })

  it('is closed to others when it was open to them', (t) => {
    const path = join(folder(t), 'a.key')
    writeFileSync(path, 'given\n', { mode: 0o644 })

    assert.equal(secretFile(path).secret, 'given')
    assert.equal(modeOf(path), 0o600)
  })

  it('that is empty is refused rather than taken for a key', (t) => {
    const path = join(folder(t), 'a.key')
    writeFileSync(path, '\n')

    assert.throws(() => secretFile(path), /is empty/)
  })
})

describe('the secrets of an installation', () => {
  const configOf = (dataDir: string) => toConfig({ DATA_DIR: dataDir }, { cwd: '/', isProduction: false })

  it('are the same at every start', (t) => {
    const config = configOf(folder(t))

    const first = toSecrets({}, config)
    const second = toSecrets({}, config)

    assert.deepEqual([first.isAdminKeyNew, second.isAdminKeyNew], [true, false])
    const { masterKeys, ...rest } = second
    assert.deepEqual({ ...rest, masterKeys: first.masterKeys, isAdminKeyNew: true }, first)
    assert.deepEqual(masterKeys(), first.masterKeys())
    assert.notEqual(Buffer.from(first.cursorKey).toString(), first.adminKey)
  })

  it('hold the key that signed cards when it was kept in a file, and none otherwise', (t) => {
    const path = folder(t)
    const file = join(path, 'card-signing.key')
    const since = Date.UTC(2026, 0, 1)

    assert.equal(toSecrets({}, configOf(path)).cardSigningKey, undefined)
    writeFileSync(file, '{"kty":"EC"}')
    utimesSync(file, since / 1000, since / 1000)
    assert.deepEqual(toSecrets({}, configOf(path)).cardSigningKey, { privateKey: { kty: 'EC' }, since })
    writeFileSync(file, 'no key')
    assert.throws(() => toSecrets({}, configOf(path)), /card-signing\.key holds no key/)

    removeCardSigningKey(configOf(path))
    removeCardSigningKey(configOf(path))
    assert.equal(toSecrets({}, configOf(path)).cardSigningKey, undefined)
  })

  it('have the master keys that their file has now', (t) => {
    const path = folder(t)
    const { masterKeys } = toSecrets({}, configOf(path))
    const [old] = masterKeys()
    const file = join(path, 'master.key')
    writeFileSync(file, `${Buffer.alloc(32, 1).toString('base64')}\n${readFileSync(file, 'utf8')}`)

    const ids = masterKeys().map(({ id }) => id)

    assert.deepEqual([ids.length, ids[1]], [2, old.id])
  })

  it('take the keys of publishers from a file', (t) => {
    const path = folder(t)
    const file = join(path, 'keys.json')
    const config = { ...configOf(path), cardKeysFile: file }

    assert.throws(() => toSecrets({}, config), /PARLEY_CARD_KEYS_FILE/)
    writeFileSync(file, '{"keys":[]}')
    assert.equal(toSecrets({}, config).cardKeys, '{"keys":[]}')
    assert.equal(toSecrets({}, configOf(path)).cardKeys, undefined)
  })

  it('list the issuers of tokens, from a file or a setting but not both', (t) => {
    const path = folder(t)
    const file = join(path, 'issuers.json')
    const text = JSON.stringify([
      { alias: 'corp', issuer: 'https://id.example', audience: 'x', tenants: ['default'], scopes: ['admin'] },
    ])

    assert.deepEqual(toSecrets({}, configOf(path)).issuers, [])
    assert.throws(
      () => toSecrets({ ISSUERS_FILE: file }, configOf(path)),
      /PARLEY_ISSUERS_FILE cannot be read/,
    )
    writeFileSync(file, text)
    const [fromFile] = toSecrets({ ISSUERS_FILE: file }, configOf(path)).issuers
    assert.equal(fromFile?.alias, 'corp')
    assert.deepEqual(toSecrets({ ISSUERS: text }, configOf(path)).issuers, [fromFile])
    assert.throws(
      () => toSecrets({ ISSUERS: text, ISSUERS_FILE: file }, configOf(path)),
      /cannot both be set/,
    )
    assert.throws(
      () => toSecrets({ ISSUERS: '[{}]' }, configOf(path)),
      /PARLEY_ISSUERS \/0\/alias is required/,
    )
  })

  it('take a given admin key and generate none', (t) => {
    const path = folder(t)
    const given = join(path, 'given')
    writeFileSync(given, 'from a file\n')
    const config = configOf(path)

    assert.equal(toSecrets({ ADMIN_KEY: 'from-env' }, config).adminKey, 'from-env')
    assert.equal(toSecrets({ ADMIN_KEY_FILE: given }, config).adminKey, 'from a file')
    assert.throws(() => readFileSync(join(path, 'admin.key')), { code: 'ENOENT' })
    assert.throws(() => toSecrets({ ADMIN_KEY_FILE: join(path, 'missing') }, config), /PARLEY_ADMIN_KEY_FILE/)
  })
})
