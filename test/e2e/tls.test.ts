import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { credentials, Metadata, makeGenericClientConstructor } from '@grpc/grpc-js'
import { V1_0_METHODS } from '../../src/a2a/proto/methods-v1.ts'
import { CERTIFICATE, PRIVATE_KEY } from '../../src/upstream/tls-identity.case.ts'
import { at, listAt, parsed, textAt } from './json-path.ts'
import { type ParleyProcess, startParley } from './parley-process.ts'
import { agentCard } from './raw-agent.ts'

type Answer = { readonly status: number; readonly text: string }

/** A request that trusts nobody but the test's own certificate. */
const ask = (url: string, method: string, key: string, body = ''): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
    const sent = request(url, { method, headers, ca: CERTIFICATE }, async (answer) => {
      const chunks: Buffer[] = []
      for await (const chunk of answer) chunks.push(chunk)
      resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(chunks).toString() })
    })
    sent.once('error', reject)
    sent.end(body)
  })

describe('over TLS', { timeout: 180_000 }, () => {
  const opened = new AsyncDisposableStack()
  let parley: ParleyProcess

  before(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'parley-tls-'))
    opened.defer(() => rm(folder, { recursive: true, force: true }))
    await writeFile(join(folder, 'cert.pem'), CERTIFICATE)
    await writeFile(join(folder, 'key.pem'), PRIVATE_KEY)
    const env = {
      PARLEY_TLS_CERT_FILE: join(folder, 'cert.pem'),
      PARLEY_TLS_KEY_FILE: join(folder, 'key.pem'),
      PARLEY_GRPC: '0=far',
      PARLEY_ROOT_AGENT: 'far',
    }
    parley = opened.use(await startParley({ env }))
    const body = JSON.stringify({ card: agentCard('https://agent.example/'), slug: 'far' })
    const reply = await ask(`${parley.url}/agents/register`, 'POST', parley.adminKey, body)
    assert.equal(reply.status, 201, reply.text)
  })
  after(() => opened.disposeAsync())

  test('HTTP is served, and cards say so', async () => {
    assert.match(parley.url, /^https:\/\/127\.0\.0\.1:\d+$/)
    const { text } = await ask(`${parley.url}/.well-known/agent-card.json`, 'GET', parley.adminKey)
    const interfaces = listAt(parsed(text), 'supportedInterfaces')
    assert.match(textAt(interfaces[0], 'url'), /^https:\/\/127\.0\.0\.1:\d+\/a2a\//)
    const grpc = interfaces.filter((entry) => at(entry, 'protocolBinding') === 'GRPC')
    assert.ok(grpc.length > 0 && grpc.every((entry) => at(entry, 'url') === parley.grpc[0]))
  })

  test('A2A is answered over REST and JSON-RPC', async () => {
    const unknown = await ask(`${parley.url}/a2a/far/tasks/none`, 'GET', parley.adminKey)
    assert.equal(unknown.status, 404)
    const rpc = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ListTasks', params: {} })
    const listed = await ask(`${parley.url}/a2a/far`, 'POST', parley.adminKey, rpc)
    assert.equal(at(parsed(listed.text), 'result', 'totalSize'), 0)
  })

  test('plain HTTP gets nowhere', async () => {
    await assert.rejects(fetch(parley.url.replace('https:', 'http:')))
  })

  test('gRPC is served', async () => {
    const list = V1_0_METHODS.find(({ operation }) => operation === 'ListTasks')
    assert.ok(list !== undefined)
    const Client = makeGenericClientConstructor({}, 'raw')
    const client = new Client(parley.grpc[0] ?? '', credentials.createSsl(Buffer.from(CERTIFICATE)))
    const metadata = new Metadata()
    metadata.set('authorization', `Bearer ${parley.adminKey}`)
    const answer = await new Promise<Buffer>((resolve, reject) => {
      const keep = (bytes: Buffer) => bytes
      client.makeUnaryRequest(list.path, keep, keep, Buffer.alloc(0), metadata, (error, bytes) =>
        error === null && bytes !== undefined ? resolve(bytes) : reject(error),
      )
    })
    client.close()
    assert.equal(at(parsed(list.response.decode(answer)), 'totalSize'), 0)
  })
})
