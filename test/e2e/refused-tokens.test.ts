import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Client, credentials, status } from '@grpc/grpc-js'
import { newKey } from '../../src/access/tokens/forge.case.ts'
import {
  acceptedToken,
  type Forge,
  issuersOf,
  REFUSED_TOKENS,
} from '../../src/access/tokens/refused-tokens.case.ts'
import { askWith, v1 } from '../../src/edge/grpc/scripted-grpc.case.ts'
import { at, parsed } from './json-path.ts'
import { startKeyServer } from './key-server.ts'
import { ownKeysOf } from './own-keys.ts'
import { type ParleyProcess, startParley } from './parley-process.ts'
import { native, rpc, withoutRequest } from './rpc.ts'

/** The keys with which a gateway signs: all of them are made once somebody asks for what it publishes. */
async function ownKeys(parley: ParleyProcess): Promise<Forge['ours']> {
  await native(undefined, 'GET', `${parley.url}/.well-known/jwks.json`)
  const { service, webhook, card } = await ownKeysOf(parley.dataDir)
  const [[one], [two], [three]] = [service, webhook, card]
  if (one === undefined || two === undefined || three === undefined) return assert.fail('a key is missing')
  return { service: one, webhook: two, card: three }
}

describe('a token that is no good', { timeout: 120_000 }, () => {
  const opened = new AsyncDisposableStack()
  let parley: ParleyProcess
  let forge: Forge
  let grpc: Client

  before(async () => {
    const keys = {
      ec: newKey('ec'),
      rsa: newKey('rsa', 'RS256', { alg: 'RS256' }),
      encryption: newKey('enc', 'RS256', { use: 'enc' }),
      othersKey: newKey('others'),
      stranger: newKey('stranger'),
    }
    const corp = opened.use(await startKeyServer([keys.ec.jwk, keys.rsa.jwk, keys.encryption.jwk]))
    const other = opened.use(await startKeyServer([keys.othersKey.jwk]))
    const names = { issuer: corp.url, other: other.url }
    const env = {
      PARLEY_ISSUERS: JSON.stringify(issuersOf(names)),
      PARLEY_ALLOW_IDENTITY: '127.0.0.1',
      PARLEY_GRPC: '0=nobody',
      PARLEY_LOG_LEVEL: 'debug',
    }
    parley = opened.use(await startParley({ env }))
    grpc = new Client(parley.grpc[0] ?? '', credentials.createInsecure())
    opened.defer(() => grpc.close())
    const nowS = Math.floor(Date.now() / 1000)
    forge = { ...names, ...keys, gateway: parley.url, nowS, ours: await ownKeys(parley) }
  })
  after(() => opened.disposeAsync())

  const overGrpc = (token: string) =>
    askWith(grpc, v1('ListTasks'), {}, { metadata: { authorization: `Bearer ${token}` } })

  test('differs from one that is', async () => {
    const token = acceptedToken(forge)

    assert.equal((await native(token, 'GET', `${parley.url}/agents`)).status, 200)
    assert.equal((await rpc({ url: `${parley.url}/a2a/nobody`, key: token }, 'ListTasks', {})).status, 404)
    assert.equal((await overGrpc(token)).code, status.NOT_FOUND)
  })

  for (const [name, , forged] of REFUSED_TOKENS) {
    test(`is answered like any unknown credential: ${name}`, async () => {
      const token = forged(forge)
      const ask = async (key: string) => [
        withoutRequest(await native(key, 'GET', `${parley.url}/agents`)),
        withoutRequest(await rpc({ url: `${parley.url}/a2a/nobody`, key }, 'ListTasks', {})),
        withoutRequest(await native(key, 'GET', `${parley.url}/a2a/nobody/tasks/t`)),
      ]
      const answers = await ask(token)

      assert.deepEqual(
        answers.map((answer) => answer.status),
        [401, 401, 401],
      )
      assert.deepEqual(answers, await ask('unknown'))
      const { code, trailers } = await overGrpc(token)
      assert.equal(code, status.UNAUTHENTICATED)
      assert.match(String(trailers.get('www-authenticate')), /error="invalid_token"/)
    })
  }

  test('is one that comes in any other way than as a bearer credential', async () => {
    const token = acceptedToken(forge)
    const agents = `${parley.url}/agents`

    assert.equal((await native(undefined, 'GET', agents, undefined, { 'x-api-key': token })).status, 401)
    for (const scheme of ['Basic', 'DPoP', 'Token', '']) {
      const authorization = `${scheme} ${token}`.trim()
      assert.equal((await native(undefined, 'GET', agents, undefined, { authorization })).status, 401, scheme)
    }
    const twice = `Bearer ${token}, Bearer ${token}`
    assert.equal((await native(undefined, 'GET', agents, undefined, { authorization: twice })).status, 401)
    const inUrl = await native(undefined, 'GET', `${parley.url}/tasks?access_token=${token}`)
    assert.equal(inUrl.status, 401)
  })

  test('stays out of the log, which says only why', async () => {
    await parley.stop()
    const { lines } = parley.child()
    const reasons = lines
      .filter((line) => line.includes('"event":"token_refused"'))
      .map((line) => at(parsed(line), 'reason'))
    // Each was sent three times over HTTP and once over gRPC.
    assert.deepEqual(
      reasons,
      REFUSED_TOKENS.flatMap(([, why]) => (why === undefined ? [] : Array(4).fill(why))),
    )
    const log = lines.join('\n')
    const tokens = [acceptedToken, ...REFUSED_TOKENS.map(([, , forged]) => forged)].map((make) => make(forge))

    for (const part of tokens.flatMap((token) => token.split('.')).filter((text) => text.length > 20)) {
      assert.ok(!log.includes(part), part)
    }
    assert.ok(!log.includes('ada root') && !log.includes('payroll'))
  })
})
