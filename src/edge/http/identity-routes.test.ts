import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { openSigningKeys, publishedBy } from '../../access/service-identity/open-signing-keys.case.ts'
import { scriptedApp } from './scripted-app.case.ts'

const { keys } = openSigningKeys()

const { app } = scriptedApp({
  deps: {
    publicKeys: keys.publicKeys,
    addresses: () => ({ http: 'https://gw.example', grpc: [] }),
  },
  settings: { anonymous: false },
})

describe('the keys of our signatures', () => {
  const idsAt = async (path: string) => {
    const set: { keys: { kid: string }[] } = JSON.parse(await (await app.request(path)).text())
    return set.keys.map(({ kid }) => kid)
  }

  it('are for everybody to keep a while', async () => {
    const answer = await app.request('/.well-known/jwks.json')

    assert.equal(answer.status, 200)
    assert.equal(answer.headers.get('content-type'), 'application/jwk-set+json')
    assert.equal(answer.headers.get('cache-control'), 'public, max-age=300')
  })

  it('are those of every use, or of one', async () => {
    assert.deepEqual(await idsAt('/.well-known/jwks.json'), await publishedBy(keys))
    for (const use of ['service', 'webhook', 'card'] as const) {
      assert.deepEqual(await idsAt(`/.well-known/jwks.json?use=${use}`), await publishedBy(keys, use))
    }
    assert.equal((await app.request('/.well-known/jwks.json?use=all')).status, 400)
  })
})

describe('the metadata of the issuer of service tokens', () => {
  it('leads to the keys of tokens alone, and to no endpoint', async () => {
    const answer = await app.request('/.well-known/oauth-authorization-server')

    assert.equal(answer.status, 200)
    assert.deepEqual(await answer.json(), {
      issuer: 'https://gw.example',
      jwks_uri: 'https://gw.example/.well-known/jwks.json?use=service',
      response_types_supported: [],
      grant_types_supported: [],
    })
  })
})
