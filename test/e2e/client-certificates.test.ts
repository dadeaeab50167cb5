import assert from 'node:assert/strict'
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { status } from '@grpc/grpc-js'
import { type Identity, newAuthority } from '../../src/edge/issued-certificates.case.ts'
import { at, parsed, textAt } from './json-path.ts'
import { type ParleyProcess, startParley } from './parley-process.ts'
import { agentCard } from './raw-agent.ts'
import { startScenarioAgent } from './scenario-agent-process.ts'
import { ask, listOverGrpc, serialOf, type TlsClient, versionOf } from './tls-client.ts'

const authority = newAuthority()
const clients = newAuthority('clients')
const server = () => authority.issue({ addresses: ['127.0.0.1'], dns: ['localhost'] })

const RULES = [
  {
    name: 'billing',
    match: { uri: 'spiffe://corp/billing' },
    alias: 'mesh',
    subject: 'billing',
    scopes: ['tasks:submit', 'tasks:read', 'agents:read'],
  },
  { name: 'laptop', match: { commonName: 'ada' }, alias: 'mesh', subject: 'ada', scopes: ['agents:read'] },
]

describe('TLS of the gateway itself', { timeout: 180_000 }, () => {
  const opened = new AsyncDisposableStack()
  let parley: ParleyProcess
  let folder: string
  let headers: Record<string, string>

  const file = (name: string) => join(folder, name)
  const store = async (name: string, text: string) => {
    await writeFile(file(`${name}.new`), text)
    await rename(file(`${name}.new`), file(name))
  }
  /** What is logged of the files from now on. */
  const nextOfFiles = () => {
    const seen = parley.child().lines.length
    return (event: string) =>
      parley.child().line((line) => {
        const isNew = parley.child().lines.indexOf(line, seen) >= seen
        return isNew && line.includes(`"event":"${event}"`) ? line : undefined
      })
  }
  const asClient = (identity?: Identity): TlsClient => ({
    ca: authority.cert,
    ...(identity === undefined ? {} : { identity }),
  })
  const billing = clients.issue({ uris: ['spiffe://corp/billing'] })
  const json = { 'content-type': 'application/json' }

  /** The events of a new task of the holder's, as they come. */
  const follow = async (identity: Identity): Promise<IncomingMessage> => {
    const message = { messageId: 'm', role: 'ROLE_USER', parts: [{ text: 'hang' }] }
    const body = JSON.stringify({ message, configuration: { returnImmediately: true } })
    const sent = await ask(asClient(identity), `${parley.url}/a2a/near/message:send`, {
      method: 'POST',
      headers: json,
      body,
    })
    const url = `${parley.url}/tasks/${textAt(parsed(sent.text), 'task', 'id')}/events`
    const asked = request(url, {
      ca: authority.cert,
      headers: { accept: 'text/event-stream' },
      ...identity,
    }).end()
    const answered = new Promise<IncomingMessage>((resolve, reject) => {
      asked.once('response', resolve).once('error', reject)
    })
    return answered
  }

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'parley-tls-'))
    opened.defer(() => rm(folder, { recursive: true, force: true }))
    const { cert, key } = server()
    await store('cert.pem', cert)
    await store('key.pem', key)
    await store('clients.pem', clients.cert)
    await store('clients.json', JSON.stringify(RULES))
    parley = opened.use(
      await startParley({
        env: {
          PARLEY_TLS_CERT_FILE: file('cert.pem'),
          PARLEY_TLS_KEY_FILE: file('key.pem'),
          PARLEY_TLS_CLIENT_CA_FILE: file('clients.pem'),
          PARLEY_CLIENT_CERTIFICATES_FILE: file('clients.json'),
          PARLEY_GRPC: '0=far',
          PARLEY_RECHECK_MS: '200',
          PARLEY_ANONYMOUS: '0',
        },
      }),
    )
    headers = { authorization: `Bearer ${parley.adminKey}`, 'content-type': 'application/json' }
    const agent = opened.use(await startScenarioAgent())
    for (const registration of [
      { card: agentCard('https://agent.example/'), slug: 'far' },
      { card: agent.card, slug: 'near' },
    ]) {
      const body = JSON.stringify(registration)
      const reply = await ask(asClient(), `${parley.url}/agents/register`, { method: 'POST', headers, body })
      assert.equal(reply.status, 201, reply.text)
    }
  })
  after(() => opened.disposeAsync())

  test('TLS 1.2 and 1.3 are spoken, and nothing older', async () => {
    for (const port of [Number(new URL(parley.url).port), Number(parley.grpc[0]?.split(':').at(-1))]) {
      assert.equal(await versionOf(port, 'TLSv1.3'), 'TLSv1.3')
      assert.equal(await versionOf(port, 'TLSv1.2'), 'TLSv1.2')
      await assert.rejects(versionOf(port, 'TLSv1.1'), /protocol version/i)
    }
  })

  test('a client certificate says who calls, over every binding', async () => {
    const client = asClient(billing)
    const tasks = await ask(client, `${parley.url}/tasks`)
    const rest = await ask(client, `${parley.url}/a2a/far/tasks`)
    const rpc = await ask(client, `${parley.url}/a2a/far`, {
      method: 'POST',
      headers: json,
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ListTasks', params: {} }),
    })

    assert.deepEqual([tasks.status, rest.status, rpc.status], [200, 200, 200], rpc.text)
    assert.equal(at(parsed(rpc.text), 'result', 'totalSize'), 0)
    assert.equal(await listOverGrpc(parley.grpc[0] ?? '', client), status.OK)
  })

  test('it allows no more than its entry', async () => {
    const reply = await ask(asClient(billing), `${parley.url}/keys`)
    const ada = asClient(clients.issue({ commonNames: ['ada'] }))

    assert.equal(reply.status, 403)
    assert.equal((await ask(ada, `${parley.url}/agents`)).status, 200)
    assert.equal((await ask(ada, `${parley.url}/tasks`)).status, 403)
    assert.equal(await listOverGrpc(parley.grpc[0] ?? '', ada), status.PERMISSION_DENIED)
  })

  test('one that is not trusted, expired, unknown or missing says nothing, and keeps nobody from another credential', async () => {
    for (const identity of [
      newAuthority('strangers').issue({ uris: ['spiffe://corp/billing'] }),
      newAuthority('self'),
      authority.issue({ uris: ['spiffe://corp/billing'] }),
      clients.issue({ uris: ['spiffe://corp/billing'], until: Date.UTC(2021) }),
      clients.issue({ uris: ['spiffe://corp/billing'], from: Date.UTC(2100) }),
      clients.issue({ uris: ['spiffe://corp/stranger'], dns: ['spiffe://corp/billing'] }),
      undefined,
    ]) {
      const client = asClient(identity)
      assert.equal((await ask(client, `${parley.url}/tasks`)).status, 401)
      assert.equal(await listOverGrpc(parley.grpc[0] ?? '', client), status.UNAUTHENTICATED)
      assert.equal((await ask(client, `${parley.url}/tasks`, { headers })).status, 200)
    }
  })

  test('one that is forged in the name of the authority says nothing, or ends the connection', async () => {
    const forged = asClient(newAuthority('clients').issue({ uris: ['spiffe://corp/billing'] }))

    const overHttp = await ask(forged, `${parley.url}/tasks`).then(
      (answer) => answer.status,
      () => 401,
    )
    assert.equal(overHttp, 401)
    assert.notEqual(await listOverGrpc(parley.grpc[0] ?? '', forged), status.OK)
  })

  test('another credential that is no good is refused, whatever the certificate', async () => {
    const bad = { authorization: 'Bearer nobody' }

    assert.equal((await ask(asClient(billing), `${parley.url}/tasks`, { headers: bad })).status, 401)
    assert.equal(await listOverGrpc(parley.grpc[0] ?? '', asClient(billing), bad), status.UNAUTHENTICATED)
  })

  test('a header that claims a certificate is none, nor does a page of another origin have that of its reader', async () => {
    const claims = {
      'x-forwarded-client-cert': 'URI=spiffe://corp/billing',
      'ssl-client-subject-dn': 'CN=ada',
      'x-ssl-client-cert': encodeURIComponent(billing.cert),
      'client-cert': `:${Buffer.from(billing.cert).toString('base64')}:`,
    }
    assert.equal((await ask(asClient(), `${parley.url}/tasks`, { headers: claims })).status, 401)
    const origin = { origin: 'https://evil.example' }
    assert.equal((await ask(asClient(billing), `${parley.url}/tasks`, { headers: origin })).status, 401)
  })

  test('an entry that is taken off counts no more with the next call, and a broken list changes nothing', async () => {
    const broken = nextOfFiles()
    await store('clients.json', '[{')
    await broken('files_refused')
    assert.equal((await ask(asClient(billing), `${parley.url}/tasks`)).status, 200)

    const stream = await follow(billing)
    assert.equal(stream.statusCode, 200)

    const renewed = nextOfFiles()
    await store('clients.json', JSON.stringify(RULES.slice(1)))
    await renewed('files_renewed')
    assert.equal((await ask(asClient(billing), `${parley.url}/tasks`)).status, 401)
    let told = ''
    for await (const piece of stream.setEncoding('utf8')) told += piece
    assert.match(told, /unauthenticated/i, 'a stream ends with the right to it')
  })

  test('a certificate that is renewed is shown to new connections, over HTTP and gRPC', async () => {
    const ports = [Number(new URL(parley.url).port), Number(parley.grpc[0]?.split(':').at(-1))] as const
    const serials = async () => [await serialOf(ports[0]), await serialOf(ports[1], 'h2')]
    const [before] = await serials()
    const next = server()

    const halfway = nextOfFiles()
    await store('cert.pem', next.cert)
    assert.match(await halfway('files_refused'), /"what":"tls"/)
    assert.deepEqual(await serials(), [before, before], 'a certificate without its key changes nothing')

    const renewed = nextOfFiles()
    await store('key.pem', next.key)
    await renewed('files_renewed')
    const [http, grpc] = await serials()
    assert.notEqual(http, before)
    assert.equal(grpc, http)
    assert.equal((await ask(asClient(), `${parley.url}/tasks`, { headers })).status, 200)

    const broken = nextOfFiles()
    await store('cert.pem', 'no certificate')
    await broken('files_refused')
    assert.deepEqual(await serials(), [http, http])
  })
})
