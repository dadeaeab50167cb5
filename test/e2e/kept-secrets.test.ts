import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { type IncomingMessage, request as requestInTheClear } from 'node:http'
import { request } from 'node:https'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { Connection } from '../../src/storage/sqlite/connection.ts'
import { migrate } from '../../src/storage/sqlite/migrate.ts'
import { MIGRATIONS } from '../../src/storage/sqlite/migrations/migrations.ts'
import { CERTIFICATE, PRIVATE_KEY } from '../../src/upstream/tls-identity.case.ts'
import { startParley } from './parley-process.ts'
import { agentCard } from './raw-agent.ts'
import { rpc } from './rpc.ts'
import { filesOf, findSecrets } from './secrets/find-secrets.ts'

test('secrets from the environment and the key of TLS stand in no log, answer or file', {
  timeout: 60_000,
}, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'parley-secrets-'))
  await using opened = new AsyncDisposableStack()
  opened.defer(() => rm(folder, { recursive: true, force: true }))
  await writeFile(join(folder, 'cert.pem'), CERTIFICATE)
  await writeFile(join(folder, 'key.pem'), PRIVATE_KEY)
  const secrets = new Map([
    ['the admin key', `admin-${randomBytes(24).toString('base64url')}`],
    ['the master key', randomBytes(32).toString('base64')],
    ['the private key of TLS', PRIVATE_KEY.split('\n')[1] ?? ''],
    ['what is stored for an agent', randomBytes(24).toString('base64url')],
    ['the URL of a channel', randomBytes(24).toString('base64url')],
  ])
  const [adminKey = '', masterKey = '', , stored = '', hook = ''] = [...secrets.values()]
  const env = {
    PARLEY_LOG_LEVEL: 'trace',
    PARLEY_MASTER_KEY: masterKey,
    PARLEY_TLS_CERT_FILE: join(folder, 'cert.pem'),
    PARLEY_TLS_KEY_FILE: join(folder, 'key.pem'),
  }
  const parley = opened.use(await startParley({ dataDir: join(folder, 'data'), adminKey, env }))
  const answers: string[] = []
  const ask = async (method: string, path: string, body?: object) => {
    const headers = { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' }
    const sent = request(parley.url + path, { method, headers, ca: CERTIFICATE })
    sent.end(body && JSON.stringify(body))
    const [answer] = (await once(sent, 'response')) as [IncomingMessage]
    answers.push(JSON.stringify(answer.rawHeaders), await text(answer))
    return answer.statusCode
  }
  const card = agentCard('https://127.0.0.1:49151/', {
    securitySchemes: { key: { apiKeySecurityScheme: { location: 'header', name: 'X-Key' } } },
  })
  assert.equal(await ask('POST', '/agents/register', { card, slug: 'far' }), 201)
  assert.equal(await ask('PUT', '/agents/far/credentials/key', { key: stored }), 201)
  const channel = { kind: 'slack', name: 'x', url: `https://hooks.example/${hook}` }
  assert.equal(await ask('POST', '/alerts/channels', channel), 201)
  for (const path of ['/agents/far/credentials', '/alerts/channels', '/keys', '/audit', '/openapi.json']) {
    assert.equal(await ask('GET', path), 200, path)
  }
  const plain = connect(Number(new URL(parley.url).port), '127.0.0.1')
  plain.on('error', () => {})
  plain.resume().end(`GET / HTTP/1.1\r\nAuthorization: Bearer ${adminKey}\r\n\r\n`)
  await once(plain, 'close')
  await parley.stop()
  await upgrade(join(parley.dataDir, 'parley.db'))

  const files = await filesOf(parley.dataDir)
  assert.ok(files.some(({ name }) => name.includes('.schema-')))
  const places = [
    { name: 'the answers', text: answers.join('\n') },
    { name: 'the log', text: parley.child().lines.join('\n') },
    ...files,
  ]
  assert.deepEqual(
    findSecrets(secrets, places, () => false),
    [],
  )
})

/** As a later version would, which leaves a copy of the database as it was. */
async function upgrade(path: string): Promise<void> {
  using connection = new Connection(path)
  const migrations = [...MIGRATIONS, 'CREATE TABLE later (id TEXT)']
  await migrate(connection, { path, now: Date.now, random: Math.random, migrations })
}

test('the demo answers to no name but those of this machine', { timeout: 60_000 }, async () => {
  await using parley = await startParley({ env: { PARLEY_DEMO: '1' } })
  const { port } = new URL(parley.url)
  const statusFor = async (host: string, path: string) => {
    const asked = requestInTheClear(parley.url + path, { headers: { host } }).end()
    const [answer] = (await once(asked, 'response')) as [IncomingMessage]
    answer.resume()
    return answer.statusCode
  }
  for (const path of ['/healthz', '/', '/openapi.json']) {
    assert.equal(await statusFor(`localhost:${port}`, path), 200, path)
    assert.equal(await statusFor('rebound.example', path), 403, path)
  }
})

test('the keys of the demo stand where they are kept, and nowhere else', { timeout: 60_000 }, async () => {
  await using parley = await startParley({ env: { PARLEY_DEMO: '1', PARLEY_LOG_LEVEL: 'trace' } })
  const secrets = new Map<string, string>()
  for (const name of ['demo.key', 'demo-agent.key']) {
    const path = join(parley.dataDir, name)
    secrets.set(name, (await readFile(path, 'utf8')).trim())
    assert.equal((await stat(path)).mode & 0o777, 0o600, name)
  }
  const key = secrets.get('demo.key') ?? ''
  const message = { messageId: 'm', role: 'ROLE_USER', parts: [{ text: 'echo hello' }] }
  const reply = await rpc({ url: `${parley.url}/a2a/scenario`, key }, 'SendMessage', { message })
  assert.equal(reply.status, 200, reply.text)
  const places = [
    { name: 'the answer', text: reply.text },
    { name: 'the log', text: parley.child().lines.join('\n') },
    ...(await filesOf(parley.dataDir)),
  ]

  assert.deepEqual(
    findSecrets(secrets, places, (name, place) => place === `file ${name}`),
    [],
  )
})
