import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { AppDeps } from '../app-deps.ts'
import { scriptedApp } from './scripted-app.case.ts'

const METADATA = '/.well-known/oauth-protected-resource'

const issuers = [
  {
    alias: 'corp',
    issuer: 'https://id.example/corp',
    scopes: ['tasks:submit', 'tasks:read'],
    submitScope: 's',
  },
  { alias: 'lab', issuer: 'https://id.example/lab', scopes: ['tasks:read', 'agents:read'], submitScope: 's' },
] as const

async function ask(path: string, addresses: Partial<ReturnType<AppDeps['addresses']>> = {}) {
  const { app } = scriptedApp({
    deps: { addresses: () => ({ http: 'https://gw.example', grpc: [], ...addresses }) },
  })
  const response = await app.request(path, { headers: { 'x-request-id': 'r' } })
  return { status: response.status, headers: [...response.headers], text: await response.text() }
}

describe('the metadata of the protected resource', () => {
  it('says whose tokens are taken, what for, and how', async () => {
    const { status, text } = await ask(METADATA, { issuers })

    assert.equal(status, 200)
    assert.deepEqual(JSON.parse(text), {
      resource: 'https://gw.example',
      authorization_servers: ['https://id.example/corp', 'https://id.example/lab'],
      scopes_supported: ['tasks:submit', 'tasks:read', 'agents:read'],
      bearer_methods_supported: ['header'],
      resource_name: 'Parley',
    })
  })

  it('names no server where tokens of none are taken', async () => {
    assert.equal(JSON.parse((await ask(METADATA)).text).authorization_servers, undefined)
  })

  it('is alike for every agent, existing or not, but for the path', async () => {
    const existing = await ask(`${METADATA}/a2a/echo`, { issuers })
    const missing = await ask(`${METADATA}/a2a/never%20was`, { issuers })

    assert.equal(JSON.parse(existing.text).resource, 'https://gw.example/a2a/echo')
    assert.equal(JSON.parse(missing.text).resource, 'https://gw.example/a2a/never%20was')
    assert.equal(missing.text.replace('never%20was', 'echo'), existing.text)
    assert.deepEqual([missing.status, missing.headers], [existing.status, existing.headers])
  })
})
