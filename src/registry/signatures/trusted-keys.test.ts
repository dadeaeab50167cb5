import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { newSigningKey } from './signing-key.case.ts'
import { createTrustedKeys } from './trusted-keys.ts'

const { publicKey, privateKey } = newSigningKey('key-1')
const URL_OF_KEYS = 'https://keys.example/publisher/jwks.json'

/** Trusts what lies below `locations`, where `served` is found. */
function trusting(locations: readonly string[], served: () => Promise<string>) {
  const clock = { now: 0 }
  const asked: string[] = []
  const told: string[] = []
  const keys = createTrustedKeys({
    pinned: [],
    locations,
    source: {
      fetchKeys(url) {
        asked.push(url)
        return served()
      },
    },
    events: { cardKeysUnreachable: ({ url, cause }) => told.push(`${url} ${cause}`) },
    now: () => clock.now,
  })
  const count = async (keysUrl: string | undefined, signal = new AbortController().signal) => {
    const claim = { keyId: 'key-1', algorithm: 'ES256', ...(keysUrl === undefined ? {} : { keysUrl }) }
    return (await keys.find(claim, signal)).length
  }
  return { count, asked, told, clock }
}

const one = async () => JSON.stringify({ keys: [publicKey] })

describe('trusted keys', () => {
  it('come from where signatures say, if that is allowed', async () => {
    for (const location of ['https://keys.example', 'https://keys.example/publisher/', URL_OF_KEYS]) {
      assert.equal(await trusting([location], one).count(URL_OF_KEYS), 1, location)
    }
  })

  it('are not even asked for anywhere else', async () => {
    const { count, asked } = trusting(['https://keys.example/publisher'], one)
    const elsewhere = [
      undefined,
      'https://keys.example/publisher.evil/jwks.json',
      'https://keys.example/publisher/../evil/jwks.json',
      'https://keys.example/publisher/%2e%2e/evil/jwks.json',
      'https://keys.example/publisher/..%2Fevil/jwks.json',
      'https://keys.example/publisher/..%5cevil/jwks.json',
      'https://keys.example/publisher/%252e%252e%252fevil/jwks.json',
      'https://keys.example.evil/publisher/jwks.json',
      'https://keys.example@evil.example/publisher/jwks.json',
      'http://keys.example/publisher/jwks.json',
      'https://keys.example:8443/publisher/jwks.json',
      'publisher/jwks.json',
      '',
    ]
    for (const url of elsewhere) assert.equal(await count(url), 0, url)
    assert.deepEqual(asked, [])
  })

  it('are asked for again after a minute', async () => {
    const { count, asked, clock } = trusting(['https://keys.example'], one)

    await count(URL_OF_KEYS)
    clock.now += 59_999
    await count(URL_OF_KEYS)
    assert.equal(asked.length, 1)
    clock.now += 1
    await count(URL_OF_KEYS)
    assert.equal(asked.length, 2)
  })

  it('are none where nothing usable is served', async () => {
    const served = ['', 'null', '{}', '{"keys":{}}', '{"keys":[7]}', JSON.stringify({ keys: [privateKey] })]
    for (const text of served) {
      assert.equal(await trusting(['https://keys.example'], async () => text).count(URL_OF_KEYS), 0, text)
    }
    const down = trusting(['https://keys.example'], () => Promise.reject(new Error('down')))
    assert.equal(await down.count(URL_OF_KEYS), 0)
    assert.deepEqual(down.told, [`${URL_OF_KEYS} Error: down`])
  })

  it('are no answer to a caller who left', async () => {
    const leave = new AbortController()
    const { count, told } = trusting(['https://keys.example'], async () => {
      leave.abort(new Error('left'))
      throw new Error('aborted')
    })

    await assert.rejects(count(URL_OF_KEYS, leave.signal), /left/)
    assert.deepEqual(told, [])
    assert.equal(await count(URL_OF_KEYS, AbortSignal.any([])), 0)
  })
})
