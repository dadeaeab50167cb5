import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, describe, test } from 'node:test'
import { type Child, type Exit, startChild } from './child.ts'
import { at, parsed, textAt } from './json-path.ts'
import { native } from './rpc.ts'

const CLI = new URL('../../src/cli/cli.ts', import.meta.url).pathname

describe('the program', { timeout: 180_000 }, () => {
  let folder: string

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'parley-start-'))
  })
  after(() => rm(folder, { recursive: true, force: true }))

  const start = (name: string, env: Readonly<Record<string, string>>): Child =>
    startChild([CLI, 'serve'], { PARLEY_PORT: '0', PARLEY_DATA_DIR: join(folder, name), ...env })

  const readyUrl = (child: Child) =>
    child.line((line) => (line.includes('"ready"') ? textAt(parsed(line), 'url') : undefined))

  async function stopped(child: Child): Promise<Exit> {
    child.kill('SIGTERM')
    return child.exited
  }

  test('needs no settings: it makes a folder and a key that only its owner can read', async () => {
    const child = start('fresh', {})
    try {
      const url = await readyUrl(child)
      const file = join(folder, 'fresh', 'admin.key')
      assert.equal((await stat(file)).mode & 0o777, 0o600)
      const key = (await readFile(file, 'utf8')).trim()
      assert.ok(key.length >= 32)
      assert.equal((await native(key, 'GET', `${url}/tasks`)).status, 200)
      assert.ok(!child.lines.join('\n').includes(key), 'the key is never logged')
      assert.match(url, /^http:\/\/(127\.0\.0\.1|localhost|\[::1\]):\d+/)
    } finally {
      assert.deepEqual(await stopped(child), { code: 0, signal: null })
    }
  })

  test('takes over the key that signed cards from the file it was in, once', async () => {
    const file = join(folder, 'cards', 'card-signing.key')
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const jwk = privateKey.export({ format: 'jwk' })
    await mkdir(join(folder, 'cards'))
    await writeFile(file, JSON.stringify(jwk))

    for (let started = 0; started < 2; started++) {
      const child = start('cards', {})
      const keys = await native(undefined, 'GET', `${await readyUrl(child)}/.well-known/jwks.json?use=card`)
      assert.equal(at(keys.body, 'keys', 0, 'x'), jwk.x)
      assert.equal(at(keys.body, 'keys', 1), undefined)
      assert.deepEqual(await stopped(child), { code: 0, signal: null })
      await assert.rejects(stat(file), { code: 'ENOENT' })
      for (const name of await readdir(join(folder, 'cards'))) {
        const bytes = await readFile(join(folder, 'cards', name))
        assert.ok(!bytes.includes(String(jwk.d)), name)
        assert.ok(!bytes.includes(Buffer.from(String(jwk.d), 'base64url')), name)
      }
    }
  })

  test('keeps its key over a restart, and takes one from a file', async () => {
    const first = start('kept', {})
    await readyUrl(first)
    await stopped(first)
    const key = (await readFile(join(folder, 'kept', 'admin.key'), 'utf8')).trim()
    const second = start('kept', {})
    assert.equal((await native(key, 'GET', `${await readyUrl(second)}/keys`)).status, 200)
    await stopped(second)

    const keyFile = join(folder, 'own.key')
    const own = 'a-key-of-ones-own-that-is-long-enough-to-be-one'
    await writeFile(keyFile, `${own}\n`, { mode: 0o600 })
    const third = start('kept', { PARLEY_ADMIN_KEY_FILE: keyFile })
    assert.equal((await native(own, 'GET', `${await readyUrl(third)}/keys`)).status, 200)
    await stopped(third)
  })

  for (const [what, env, says] of [
    ['a listener beyond loopback without TLS', { PARLEY_HOST: '0.0.0.0' }, /PARLEY_ALLOW_PLAINTEXT/],
    ['an unknown role', { PARLEY_ROLE: 'queen' }, /PARLEY_ROLE/],
    ['a port that is none', { PARLEY_PORT: '99999' }, /PARLEY_PORT/],
    ['a backend it has not', { PARLEY_BACKEND: 'cassandra' }, /PARLEY_BACKEND/],
    ['the memory backend shared by roles', { PARLEY_BACKEND: 'memory', PARLEY_ROLE: 'api' }, /memory/],
  ] as const) {
    test(`refuses ${what} in one clear sentence`, async () => {
      const child = start('refused', env)
      const { code } = await child.exited
      assert.ok(code !== null && code !== 0, `exit ${code}`)
      const said = child.lines.join('\n')
      assert.match(said, says)
      assert.doesNotMatch(said, /^\s+at .*:\d+:\d+/m)
    })
  }

  test('listens beyond loopback when told that plain text is meant', async () => {
    const child = start('open', { PARLEY_HOST: '0.0.0.0', PARLEY_ALLOW_PLAINTEXT: '1' })
    try {
      const port = new URL(await readyUrl(child)).port
      const base = `http://127.0.0.1:${port}`
      assert.equal((await native(undefined, 'GET', `${base}/healthz`)).status, 200)
      assert.equal(
        (await native(undefined, 'GET', `${base}/agents`)).status,
        401,
        'nobody is anonymous there',
      )
    } finally {
      await stopped(child)
    }
  })

  test('refuses a folder of a newer version, and leaves it as it was', async () => {
    const first = start('newer', {})
    await readyUrl(first)
    await stopped(first)
    const files = (await readdir(join(folder, 'newer'))).filter((name) => /\.(db|sqlite\d?)$/.test(name))
    assert.equal(files.length, 1, files.join())
    const database = new DatabaseSync(join(folder, 'newer', files[0] ?? ''))
    database.exec('PRAGMA user_version = 1000000')
    database.close()
    const child = start('newer', {})
    const { code } = await child.exited
    assert.ok(code !== null && code !== 0)
    assert.match(child.lines.join('\n'), /newer/i)
  })

  for (const requests of [0, 3]) {
    test(`stops although nobody reads its log any more, after ${requests} requests`, async () => {
      const child = start('unheard', {})
      const url = await readyUrl(child)
      child.stopListening()
      for (let n = 0; n < requests; n++) {
        assert.equal((await native(undefined, 'GET', `${url}/healthz`)).status, 200)
        assert.equal((await native(undefined, 'GET', `${url}/tasks`)).status, 401)
      }
      const late = setTimeout(() => child.kill('SIGKILL'), 12_000)
      assert.deepEqual(await stopped(child), { code: 0, signal: null })
      clearTimeout(late)
    })
  }

  test('says which address it listens on in one record, and nothing else on that line', async () => {
    const child = start('record', { PARLEY_ADMIN_KEY: 'a-preset-admin-key-that-is-long-enough-123' })
    const record = await child.line((line) => (line.includes('"ready"') ? parsed(line) : undefined))
    assert.equal(at(record, 'event'), 'ready')
    assert.match(textAt(record, 'url'), /^http:\/\/[^/]+:\d+$/)
    await stopped(child)
  })
})
