import assert from 'node:assert/strict'
import { randomBytes, randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { startChild } from './child.ts'
import { listAt, textAt } from './json-path.ts'
import { type ParleyProcess, startParley } from './parley-process.ts'
import { startRawAgent } from './raw-agent.ts'
import { native, rpc } from './rpc.ts'
import { newClient, register } from './world.ts'

const CLI = new URL('../../src/cli/cli.ts', import.meta.url).pathname

describe('parley rotate', { timeout: 240_000 }, () => {
  const opened = new AsyncDisposableStack()
  let parley: ParleyProcess
  before(async () => {
    parley = opened.use(await startParley())
  })
  after(() => opened.disposeAsync())

  const run = async (args: readonly string[], env: Readonly<Record<string, string>> = {}) => {
    const child = startChild([CLI, ...args], { PARLEY_DATA_DIR: parley.dataDir, ...env })
    const { code } = await child.exited
    return { code, text: child.lines.join('\n') }
  }

  const published = async (use: string) => {
    const { body } = await native(undefined, 'GET', `${parley.url}/.well-known/jwks.json?use=${use}`)
    return listAt(body, 'keys').map((key) => textAt(key, 'kid'))
  }

  const masterKeys = async () =>
    (await readFile(join(parley.dataDir, 'master.key'), 'utf8')).trim().split('\n')

  test('adds a signing key beside a gateway that runs, for one use or for all', async () => {
    const [cards, [old]] = [await published('card'), await published('service')]

    const { code, text } = await run(['rotate', 'signing-keys', '--use', 'service'])

    assert.equal(code, 0, text)
    const next = /^service: the key ([\w-]{43}) signs from 2\d{3}-\S+Z on$/.exec(text)?.[1]
    await parley.restart()
    assert.deepEqual(await published('service'), [old, next])
    assert.deepEqual(await published('card'), cards)

    const all = await run(['rotate', 'signing-keys'])
    assert.deepEqual(
      all.text.split('\n').map((line) => line.split(':')[0]),
      ['service', 'webhook', 'card'],
    )
  })

  test('leaves nothing of keys that are compromised', async () => {
    const { text } = await run(['rotate', 'signing-keys', '--use', 'service', '--compromised'])

    await parley.restart()
    const [only, ...others] = await published('service')
    assert.ok(only !== undefined && text.includes(only))
    assert.deepEqual(others, [])
  })

  test('puts another master key in place of the generated one, and encrypts everything anew', async () => {
    const [old] = await masterKeys()
    const before = await published('service')

    const { code, text } = await run(['rotate', 'master-key'])

    assert.equal(code, 0, text)
    assert.match(text, /^signing keys: \d+ encrypted anew$/m)
    const [next, ...older] = await masterKeys()
    assert.deepEqual(older, [old])
    assert.notEqual(next, old)
    // What runs goes on, and what starts with the new key alone can read everything.
    assert.deepEqual(await published('service'), before)
    const again = await run(['rotate', 'signing-keys', '--use', 'webhook'], {
      PARLEY_MASTER_KEY: next ?? '',
    })
    assert.equal(again.code, 0, again.text)
  })

  test('leaves a gateway that runs able to use, and to store, what an agent demands', async () => {
    await using agent = await startRawAgent(
      () => ({ result: '{"message":{"messageId":"m","role":"ROLE_AGENT","parts":[{"text":"hi"}]}}' }),
      {
        securitySchemes: { key: { apiKeySecurityScheme: { location: 'header', name: 'x-key' } } },
        securityRequirements: [{ schemes: { key: { list: [] } } }],
      },
    )
    const id = await register(parley, agent.card, { slug: 'raw' })
    const client = await newClient(parley, 'raw', 'caller')
    const message = () => ({
      message: { messageId: randomUUID(), role: 'ROLE_USER', parts: [{ text: 'hi' }] },
    })
    const store = (key: string) =>
      native(parley.adminKey, 'PUT', `${parley.url}/agents/${id}/credentials/key`, { key })
    assert.equal((await store('one')).status, 201)
    await rpc(client, 'SendMessage', message())

    const { text } = await run(['rotate', 'master-key'])
    assert.match(text, /^credentials for agents: 1 encrypted anew$/m)
    await rpc(client, 'SendMessage', message())
    assert.equal((await store('two')).status, 200)
    await rpc(client, 'SendMessage', message())

    assert.deepEqual(
      agent.calls.map(({ headers }) => headers['x-key']),
      ['one', 'one', 'two'],
    )
    const [newest] = await masterKeys()
    const alone = await run(['rotate', 'master-key'], { PARLEY_MASTER_KEY: newest ?? '' })
    assert.match(alone.text, /^credentials for agents: 0 encrypted anew$/m)
  })

  test('finishes what is unfinished before it makes another master key, and says so', async () => {
    const [generated] = await masterKeys()
    const own = randomBytes(32).toString('base64')
    const given = { PARLEY_MASTER_KEY: `${own},${generated}` }

    const first = await run(['rotate', 'master-key'], given)
    const second = await run(['rotate', 'master-key'], given)

    assert.match(first.text, /^signing keys: [1-9]\d* encrypted anew$/m)
    assert.match(second.text, /^signing keys: 0 encrypted anew$/m)
    const back = await run(['rotate', 'master-key'], { PARLEY_MASTER_KEY: `${generated},${own}` })
    assert.equal(back.code, 0, back.text)
  })

  test('is in the audit log as done on the command line, and what the gateway does as done by itself', async () => {
    const entriesOf = async (action: string) => {
      const { body } = await native(parley.adminKey, 'GET', `${parley.url}/audit?limit=100&action=${action}`)
      return listAt(body, 'items').map((entry) => {
        const principal = textAt(entry, 'names', textAt(entry, 'principal'), 'text')
        return [principal, textAt(entry, 'target', 'kind'), textAt(entry, 'target', 'id')]
      })
    }
    const { text } = await run(['rotate', 'signing-keys', '--use', 'card'])
    const [, id] = /^card: the key ([\w-]{43}) /.exec(text) ?? []
    const master = (await run(['rotate', 'master-key'])).text
    const [, masterId] = /encrypted with the master key ([\w-]{16})\.$/m.exec(master) ?? []

    assert.deepEqual((await entriesOf('signing_key.rotate'))[0], ['parley:cli', 'signing_key', id])
    assert.deepEqual((await entriesOf('master_key.rotate'))[0], ['parley:cli', 'master_key', masterId])
    // Its first keys a gateway makes when it needs them; that of webhooks was made by a command above.
    const makers = (await entriesOf('signing_key.create')).map(([principal]) => principal)
    assert.deepEqual(makers.toSorted(), ['parley', 'parley', 'parley:cli'])
  })

  test('has a text that explains it, and knows what it is not', async () => {
    const [help, memory, ...unknown] = await Promise.all([
      run(['rotate', 'signing-keys', '--help']),
      run(['rotate', 'master-key'], { PARLEY_BACKEND: 'memory' }),
      run(['rotate', 'all']),
      run(['rotate', 'signing-keys', '--use', 'tls']),
      run(['rotate', 'master-key', 'now']),
    ])

    assert.equal(help.code, 0)
    assert.match(help.text, /--compromised.*rotate master-key/s)
    for (const { code, text } of unknown) {
      assert.equal(code, 64)
      assert.match(text, /unknown command: rotate/)
    }
    assert.match(memory.text, /The memory backend keeps no keys/)
  })

  test('cannot be done without: no gateway starts with a master key that opens nothing', async () => {
    const { code, text } = await run(['serve'], {
      PARLEY_PORT: '0',
      PARLEY_MASTER_KEY: randomBytes(32).toString('base64'),
    })

    assert.equal(code, 1)
    assert.match(text, /The stored signing keys cannot be opened: they take the master key [\w-]{16}/)
    assert.match(text, /PARLEY_MASTER_KEY_FILE/)
  })
})
