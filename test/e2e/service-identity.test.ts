import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { Client, credentials, status } from '@grpc/grpc-js'
import { newKey as newStranger, type SigningKey, signed } from '../../src/access/tokens/forge.case.ts'
import { askWith, v1 } from '../../src/edge/grpc/scripted-grpc.case.ts'
import { startChild } from './child.ts'
import { at, listAt, parsed, textAt } from './json-path.ts'
import { type OwnKeys, ownKeysOf } from './own-keys.ts'
import { type ParleyProcess, startParley } from './parley-process.ts'
import { startRawAgent } from './raw-agent.ts'
import { native, post, rpc } from './rpc.ts'
import { newClient, register } from './world.ts'

const CLI = new URL('../../src/cli/cli.ts', import.meta.url).pathname
const AGENT = new URL('../../examples/scenario-agent/main.ts', import.meta.url).pathname

const message = (text: string) => ({
  message: { messageId: randomUUID(), role: 'ROLE_USER', parts: [{ text }] },
})

type Token = { readonly header: object; readonly claims: object; readonly key: SigningKey }

describe('an agent that takes calls from Parley alone', { timeout: 120_000 }, () => {
  const opened = new AsyncDisposableStack()
  let parley: ParleyProcess
  let keys: OwnKeys
  let url: string
  let grpc: Client
  let grpcAddress: string
  let agentId: string

  before(async () => {
    parley = opened.use(await startParley())
    const folder = await mkdtemp(join(tmpdir(), 'parley-identity-'))
    opened.defer(() => rm(folder, { recursive: true }))
    const keyFile = join(folder, 'admin.key')
    await writeFile(keyFile, parley.adminKey)
    const options = ['--parley', parley.url, '--key-file', keyFile, '--register', '--verify']
    const agent = startChild([AGENT, '--port', '0', ...options], {})
    opened.defer(async () => {
      agent.kill('SIGKILL')
      await agent.exited
    })
    const ready = await agent.line((line) => (line.includes('"ready"') ? parsed(line) : undefined))
    url = textAt(ready, 'url')
    grpcAddress = textAt(ready, 'grpc')
    grpc = new Client(grpcAddress, credentials.createInsecure())
    opened.defer(() => grpc.close())
    await agent.line((line) => (line.includes('"beating"') ? line : undefined))
    agentId = textAt((await native(parley.adminKey, 'GET', `${parley.url}/agents/scenario`)).body, 'id')
    // The first call makes the key that tokens are signed with.
    await native(undefined, 'GET', `${parley.url}/.well-known/jwks.json`)
    keys = await ownKeysOf(parley.dataDir)
  })
  after(() => opened.disposeAsync())

  for (const binding of ['jsonrpc', 'rest', 'grpc']) {
    test(`answers what Parley sends over ${binding}, streaming or not, and when it cancels`, async () => {
      const card = await fetch(`${url}/forms/v1.0/${binding}/.well-known/agent-card.json`)
      const again = { card: await card.json(), slug: 'scenario' }
      const reply = await native(parley.adminKey, 'POST', `${parley.url}/agents/register`, again)
      assert.equal(textAt(reply.body, 'id'), agentId)
      const client = await newClient(parley, 'scenario', `caller-${binding}`)

      for (const text of ['echo hi', 'stream 3 1']) {
        const sent = await rpc(client, 'SendMessage', message(text))
        assert.equal(at(sent.body, 'result', 'task', 'status', 'state'), 'TASK_STATE_COMPLETED', sent.text)
      }
      const slow = { ...message('slow 60000'), configuration: { returnImmediately: true } }
      const { body } = await rpc(client, 'SendMessage', slow)
      const canceled = await rpc(client, 'CancelTask', { id: textAt(body, 'result', 'task', 'id') })
      assert.equal(at(canceled.body, 'result', 'status', 'state'), 'TASK_STATE_CANCELED', canceled.text)
    })
  }

  /** What Parley would send now over JSON-RPC, and to what it would differ. */
  const token = (): Token => {
    const [key] = keys.service
    if (key === undefined) return assert.fail('no key')
    const nowS = Math.floor(Date.now() / 1000)
    return {
      header: { alg: 'ES256', typ: 'at+jwt', kid: key.kid },
      claims: {
        iss: parley.url,
        aud: `${url}/`,
        sub: 'key:ada',
        'https://parley.dev/agent_id': agentId,
        'https://parley.dev/tenant': 'default',
        jti: randomUUID(),
        iat: nowS,
        exp: nowS + 60,
      },
      key,
    }
  }
  const forged = (headerChanges: object, claimChanges: object, by?: SigningKey): string => {
    const { header, claims, key } = token()
    return signed({ ...header, ...headerChanges }, { ...claims, ...claimChanges }, by ?? key)
  }

  /** What the agent answers itself, over each binding: the status, or the code. */
  const answers = async (authorizationOf: () => Readonly<Record<string, string>>) => {
    const send = `{"jsonrpc":"2.0","id":1,"method":"SendMessage","params":${JSON.stringify(message('echo hi'))}}`
    const overRest = JSON.stringify(message('echo hi'))
    return [
      (await post({ url: `${url}/` }, send, authorizationOf())).status,
      (await post({ url: `${url}/rest/message:send` }, overRest, authorizationOf())).status,
      (await askWith(grpc, v1('SendMessage'), message('echo hi'), { metadata: authorizationOf() })).code,
    ]
  }
  const PASSES = [200, 200, status.OK]
  const REFUSED = [401, 401, status.UNAUTHENTICATED]
  const bearer = (make: () => string) => () => ({ authorization: `Bearer ${make()}` })

  test('answers whoever has such a token, in either header, once', async () => {
    const good = () => forged({}, {})
    const [used] = [good()]

    assert.deepEqual(await answers(bearer(good)), PASSES)
    assert.deepEqual(
      await answers(() => ({ 'parley-identity': good(), authorization: 'Basic eDp5' })),
      PASSES,
    )
    assert.deepEqual(await answers(bearer(() => used)), [200, ...REFUSED.slice(1)])
  })

  const own = (use: keyof OwnKeys) => {
    const [key] = keys[use]
    return key ?? assert.fail(`no key for ${use}`)
  }
  const REFUSALS: Readonly<Record<string, () => string>> = {
    'for another agent’s address': () => forged({}, { aud: 'https://other.example/' }),
    'for another agent': () => forged({}, { 'https://parley.dev/agent_id': randomUUID() }),
    'for no agent': () => forged({}, { 'https://parley.dev/agent_id': undefined }),
    'for another tenant': () => forged({}, { 'https://parley.dev/tenant': 'bank' }),
    'of another Parley': () => forged({}, { iss: 'https://other.example' }),
    'whose time has passed': () => forged({}, { exp: Math.floor(Date.now() / 1000) - 60 }),
    'without an end': () => forged({}, { exp: undefined }),
    'without an id': () => forged({}, { jti: undefined }),
    'of the type of cards': () => forged({ typ: 'JOSE' }, {}),
    'of the type of webhooks': () => forged({ typ: 'parley-webhook+jwt' }, {}),
    'of no type': () => forged({ typ: undefined }, {}),
    'signed with the key of cards': () => forged({ kid: own('card').kid }, {}, own('card')),
    'signed with the key of webhooks': () => forged({ kid: own('webhook').kid }, {}, own('webhook')),
    'signed with the key of cards under the id of ours': () => forged({}, {}, own('card')),
    'signed by a stranger': () => forged({}, {}, newStranger('stranger')),
    'that is the key of a client': () => parley.adminKey,
  }
  for (const [what, make] of Object.entries(REFUSALS)) {
    test(`refuses a token ${what}`, async () => {
      assert.deepEqual(await answers(bearer(make)), REFUSED)
    })
  }

  test('refuses who comes directly, and shows its card to everybody', async () => {
    assert.deepEqual(await answers(() => ({})), REFUSED)
    assert.equal((await fetch(`${url}/.well-known/agent-card.json`)).status, 200)
  })

  test('is told who calls, and Parley does not take what it told back for a credential', async () => {
    await using raw = await startRawAgent(() => ({
      result: '{"message":{"messageId":"m","role":"ROLE_AGENT","parts":[{"text":"hi"}]}}',
    }))
    const id = await register(parley, raw.card, { slug: 'raw' })
    const client = await newClient(parley, 'raw', 'ada')
    await rpc(client, 'SendMessage', message('hi'))
    await rpc(client, 'SendMessage', message('hi'))

    const tokens = raw.calls.map(({ headers }) => String(headers.authorization).replace('Bearer ', ''))
    const [first, second] = tokens.map((each) =>
      parsed(Buffer.from(each.split('.')[1] ?? '', 'base64url').toString()),
    )
    assert.equal(at(first, 'sub'), 'key:ada')
    assert.equal(at(first, 'aud'), raw.url)
    assert.equal(at(first, 'act', 'sub'), parley.url)
    assert.equal(at(first, 'https://parley.dev/agent_id'), id)
    assert.notEqual(at(first, 'jti'), at(second, 'jti'))
    for (const path of ['/agents', '/tasks', '/a2a/raw/tasks']) {
      assert.equal((await native(tokens[0], 'GET', `${parley.url}${path}`)).status, 401, path)
    }
  })

  test('is the only one who takes what Parley signs: Parley itself does not, with whatever key of its own', async () => {
    const rotate = startChild([CLI, 'rotate', 'signing-keys'], { PARLEY_DATA_DIR: parley.dataDir })
    assert.equal((await rotate.exited).code, 0)
    const all = Object.values(await ownKeysOf(parley.dataDir)).flat()

    assert.equal(all.length, 6)
    for (const key of all) {
      for (const typ of ['at+jwt', 'JWT', 'JOSE', 'parley-webhook+jwt']) {
        const replayed = forged({ kid: key.kid, typ }, { aud: parley.url, scope: 'admin' }, key)
        assert.equal((await native(replayed, 'GET', `${parley.url}/agents`)).status, 401)
      }
    }
  })

  test('finds the keys by the metadata of their issuer', async () => {
    const { body } = await native(undefined, 'GET', `${parley.url}/.well-known/oauth-authorization-server`)
    const { body: set } = await native(undefined, 'GET', textAt(body, 'jwks_uri'))

    assert.equal(textAt(body, 'issuer'), parley.url)
    assert.deepEqual(
      listAt(set, 'keys').map((key) => textAt(key, 'kid')),
      keys.service.map(({ kid }) => kid),
    )
  })
})
