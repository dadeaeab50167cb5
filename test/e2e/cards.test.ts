import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { canonicalizeAgentCard } from '@a2a-js/sdk'
import canonicalize from 'canonicalize'
import { newSigningKey, signatureOf } from '../../src/registry/signatures/signing-key.case.ts'
import { at, listAt, parsed, textAt } from './json-path.ts'
import { type KeyServer, startKeyServer } from './key-server.ts'
import { type ParleyProcess, startParley } from './parley-process.ts'
import { agentCard } from './raw-agent.ts'
import { native, type Reply } from './rpc.ts'
import { newKey } from './world.ts'

const THERE = 'http://127.0.0.1:9900'

const pinned = newSigningKey('pinned')
const served = newSigningKey('served', 'EdDSA')
const stranger = newSigningKey('stranger')

/** Empty where A2A requires a value, and where it does not; beyond ASCII. */
const AWKWARD = {
  ...agentCard(THERE),
  name: 'Übersetzer 翻訳 🤖',
  description: '',
  capabilities: { streaming: false, extensions: [] },
  defaultInputModes: [],
  skills: [],
}

const LEGACY = {
  name: 'Old agent',
  description: 'Speaks 0.3',
  version: '1.0.0',
  protocolVersion: '0.3.0',
  url: `${THERE}/rpc`,
  preferredTransport: 'JSONRPC',
  additionalInterfaces: [{ url: '127.0.0.1:9900', transport: 'GRPC' }],
  capabilities: { streaming: true, stateTransitionHistory: true },
  defaultInputModes: ['text/plain'],
  defaultOutputModes: ['text/plain'],
  skills: [
    { id: 'raw', name: 'Raw', description: 'Exact texts', tags: ['raw'], security: [{ oauth: ['read'] }] },
  ],
  securitySchemes: {
    oauth: {
      type: 'oauth2',
      flows: {
        authorizationCode: {
          authorizationUrl: 'https://o.example/a',
          tokenUrl: 'https://o.example/t',
          scopes: {},
        },
        clientCredentials: { tokenUrl: 'https://o.example/t', scopes: { read: 'Reads' } },
      },
    },
  },
  security: [{ oauth: ['read'] }],
}

describe('registering cards', { timeout: 180_000 }, () => {
  let parley: ParleyProcess
  let keyServer: KeyServer
  let publisher: string
  const opened = new AsyncDisposableStack()

  before(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'parley-keys-'))
    opened.defer(() => rm(folder, { recursive: true }))
    const keysFile = join(folder, 'keys.json')
    await writeFile(keysFile, JSON.stringify({ keys: [pinned.publicKey] }))
    keyServer = opened.use(await startKeyServer([served.publicKey]))
    const env = { PARLEY_CARD_KEYS_FILE: keysFile, PARLEY_CARD_JKU: `${keyServer.url}/trusted` }
    parley = opened.use(await startParley({ env }))
    publisher = await newKey(parley, 'publisher', ['agents:read', 'agents:write'])
  })
  after(() => opened.disposeAsync())

  const register = (body: unknown) => native(publisher, 'POST', `${parley.url}/agents/register`, body)

  const published = (slug: string, version = '1.0') =>
    native(publisher, 'GET', `${parley.url}/a2a/${slug}/.well-known/agent-card.json`, undefined, {
      'a2a-version': version,
    })

  const problemsOf = (reply: Reply): readonly string[] => {
    assert.equal(reply.status, 422, reply.text)
    return listAt(reply.body, 'errors').map((each) => `${textAt(each, 'pointer')} ${textAt(each, 'code')}`)
  }

  test('takes the security schemes that early JavaScript servers write', async () => {
    const key = { $case: 'apiKeySecurityScheme', value: { location: 'header', name: 'X-Theirs' } }
    const flow = { $case: 'clientCredentials', value: { tokenUrl: 'https://o.example/t', scopes: {} } }
    const oauth = { $case: 'oauth2SecurityScheme', value: { flows: { flow } } }
    const securitySchemes = { key: { scheme: key }, oauth: { scheme: oauth } }
    const made = await register({ card: { ...agentCard(THERE), securitySchemes }, slug: 'cases' })

    assert.equal(made.status, 201, made.text)
    const card = await published('cases')
    assert.deepEqual(Object.keys(at(card.body, 'securitySchemes') ?? {}), ['parley', 'parleyKey'])
    assert.doesNotMatch(card.text, /\$case|X-Theirs/)
  })

  test('takes a card of 0.3 with several OAuth flows, and publishes it for both versions', async () => {
    const made = await register({ card: LEGACY, slug: 'legacy' })
    assert.equal(made.status, 201, made.text)
    const current = await published('legacy')
    const legacy = await published('legacy', '0.3')

    assert.equal(at(current.body, 'name'), 'Old agent')
    assert.deepEqual(
      listAt(current.body, 'supportedInterfaces').map((each) => textAt(each, 'protocolVersion')),
      ['1.0', '1.0', '0.3', '0.3'],
    )
    assert.equal(at(legacy.body, 'protocolVersion'), '0.3.0')
    assert.equal(at(legacy.body, 'url'), `${parley.url}/a2a/${textAt(made.body, 'id')}`)
    for (const { text } of [current, legacy]) assert.doesNotMatch(text, /127\.0\.0\.1:9[/"]|o\.example/)
  })

  test('names everything that is wrong with a card of 0.3, in the words of 0.3', async () => {
    const { name: _, ...nameless } = LEGACY
    const card = {
      ...nameless,
      url: '/rpc',
      preferredTransport: 'grpc',
      additionalInterfaces: [{ transport: 'GRPC' }],
      skills: [{ id: 'raw' }],
      securitySchemes: { oauth: { type: 'oauth2', flows: { implicit: {} } } },
    }

    assert.deepEqual(problemsOf(await register({ card })).toSorted(), [
      '/card/additionalInterfaces/0/url required',
      '/card/name required',
      '/card/preferredTransport unknown_binding',
      '/card/securitySchemes/oauth/flows/implicit/authorizationUrl required',
      '/card/skills/0/description required',
      '/card/skills/0/name required',
      '/card/skills/0/tags required',
      '/card/url url',
    ])
  })

  test('takes no version for another', async () => {
    for (const protocolVersion of ['1.1', '9.9', '0.2']) {
      const supportedInterfaces = [{ url: THERE, protocolBinding: 'JSONRPC', protocolVersion }]
      assert.deepEqual(problemsOf(await register({ ...agentCard(THERE), supportedInterfaces })), [
        '/supportedInterfaces not_callable',
      ])
      assert.deepEqual(problemsOf(await register({ ...LEGACY, protocolVersion })), [
        '/protocolVersion not_callable',
      ])
    }
  })

  test('keeps what it does not know, for those who ask for no version', async () => {
    const card = { ...agentCard(THERE, { name: 'Strange' }), 'x-strange': { n: 1 } }
    assert.equal((await register({ card, slug: 'strange' })).status, 201)
    const unasked = await native(publisher, 'GET', `${parley.url}/a2a/strange/.well-known/agent-card.json`)

    assert.deepEqual(at(unasked.body, 'x-strange'), { n: 1 })
    assert.equal(at((await published('strange')).body, 'x-strange'), undefined)
  })

  test('refuses a member that would mislead, half a character and numbers without end', async () => {
    assert.deepEqual(problemsOf(await register(JSON.stringify(AWKWARD).replace('🤖', '\\ud83e'))), [
      ' not_canonical',
    ])
    assert.deepEqual(problemsOf(await register({ card: agentCard(THERE), cardProfile: 'v2' })), [
      '/cardProfile enum',
    ])
    const misled = { ...agentCard(THERE), supported_interfaces: [{ url: 'https://evil.example' }] }
    assert.equal((await register({ card: misled, slug: 'misled' })).status, 201)
    const unasked = await native(publisher, 'GET', `${parley.url}/a2a/misled/.well-known/agent-card.json`)
    assert.doesNotMatch(unasked.text, /evil\.example/)
  })

  test('verifies a signed card, in each form that publishers sign', async () => {
    const wire = canonicalize(AWKWARD) ?? ''
    const forms = {
      wire,
      presence: wire.replace('"extensions":[],', ''),
      stripped: canonicalizeAgentCard(JSON.parse(JSON.stringify(AWKWARD))),
    }
    for (const [form, payload] of Object.entries(forms)) {
      const card = { ...AWKWARD, signatures: [await signatureOf(payload, pinned)] }
      const made = await register({ card, slug: 'signed' })

      assert.ok([200, 201].includes(made.status), made.text)
      assert.deepEqual(at(made.body, 'signatures'), [
        { status: 'verified', keyId: 'pinned', algorithm: 'ES256', form },
      ])
    }
    const shown = await native(publisher, 'GET', `${parley.url}/agents/signed`)
    assert.equal(at(shown.body, 'signatures', 0, 'status'), 'verified')
  })

  test('refuses a signed card that was changed', async () => {
    const signatures = [await signatureOf(canonicalize(AWKWARD) ?? '', pinned)]

    assert.deepEqual(problemsOf(await register({ ...AWKWARD, version: '2', signatures })), [
      '/signatures/0 signature',
    ])
  })

  test('takes a signature of a key it does not know for no more than that', async () => {
    const signatures = [await signatureOf('{}', stranger), { protected: '!', signature: '' }]
    const made = await register({ card: { ...AWKWARD, signatures }, slug: 'unknown' })

    assert.equal(made.status, 201, made.text)
    assert.deepEqual(at(made.body, 'signatures'), [
      { status: 'untrusted', keyId: 'stranger', algorithm: 'ES256' },
      { status: 'untrusted' },
    ])
  })

  test('fetches keys from where it is told to trust them, and from nowhere else', async () => {
    const wire = canonicalize(AWKWARD) ?? ''
    const statusWith = async (jku: string) => {
      const card = { ...AWKWARD, signatures: [await signatureOf(wire, served, { jku })] }
      return at((await register({ card, slug: 'fetched-keys' })).body, 'signatures', 0, 'status')
    }

    assert.equal(await statusWith(`${keyServer.url}/elsewhere/jwks.json`), 'untrusted')
    assert.equal(keyServer.asked(), 0)
    assert.equal(await statusWith(`${keyServer.url}/trusted/jwks.json`), 'verified')
    assert.equal(await statusWith(`${keyServer.url}/trusted/jwks.json`), 'verified')
    assert.equal(keyServer.asked(), 1)
  })

  test('does not start with keys that are none', async () => {
    const file = join(parley.dataDir, 'bad.json')
    for (const text of ['{}', JSON.stringify({ keys: [pinned.privateKey] })]) {
      await writeFile(file, text)
      await assert.rejects(startParley({ env: { PARLEY_CARD_KEYS_FILE: file } }), text)
    }
  })

  test('says in invoke_url every way to call the agent', async () => {
    const made = await register({ card: agentCard(THERE), slug: 'ways' })
    const view = await native(publisher, 'GET', `${parley.url}/agents/ways/invoke_url`)

    assert.deepEqual(at(view.body, 'interfaces'), at((await published('ways')).body, 'supportedInterfaces'))
    assert.equal(at(view.body, 'invokeUrl'), at(view.body, 'interfaces', 0, 'url'))
    assert.deepEqual([at(view.body, 'protocolBinding'), at(view.body, 'protocolVersion')], ['JSONRPC', '1.0'])
    assert.equal(at(made.body, 'cardProfile'), 'superset')
    assert.deepEqual(parsed(made.text), made.body)
  })

  test('judges a card that is not registered, line by line, for those who may register', async () => {
    const validate = (key: string, body: unknown) =>
      native(key, 'POST', `${parley.url}/agents/validate`, body)

    const good = await validate(publisher, agentCard(THERE))
    assert.deepEqual(good.body, { valid: true, version: '1.0', errors: [], warnings: [] })
    const bad = await validate(publisher, {
      ...agentCard(parley.url),
      name: ' ',
      defaultInputModes: ['text'],
    })
    assert.equal(bad.status, 200)
    assert.deepEqual(
      listAt(bad.body, 'errors').map((found) => `${textAt(found, 'pointer')} ${textAt(found, 'code')}`),
      ['/name blank'],
    )
    assert.deepEqual(
      listAt(bad.body, 'warnings').map((found) => textAt(found, 'hint')),
      ['Write text/plain'],
    )
    const looping = await validate(publisher, agentCard(`${parley.url}/a2a/x`))
    assert.equal(textAt(looping.body, 'errors', 0, 'code'), 'loop')
    const reader = await newKey(parley, 'only-reads', ['agents:read'])
    assert.equal((await validate(reader, agentCard(THERE))).status, 403)
  })
})
