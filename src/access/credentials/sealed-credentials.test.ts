import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { it } from 'node:test'
import { securityOf } from '../../a2a/security.ts'
import { createMemoryAudit } from '../../storage/memory/audit-store.ts'
import { createMemoryCredentialStore } from '../../storage/memory/credential-store.ts'
import { createVault, masterKey } from '../vault.ts'
import { openCredentials } from './open-credentials.case.ts'
import { sealedCredentials } from './sealed-credentials.ts'

const [old, next] = [masterKey(Buffer.alloc(32, 1)), masterKey(Buffer.alloc(32, 2))]
const before = createVault({ keys: [old], randomBytes })
const both = createVault({ keys: [next, old], randomBytes })
const after = createVault({ keys: [next], randomBytes })

const AGENTS = Array.from({ length: 120 }, (_, n) => `agent-${n}`)

it('Credentials under a new master key are sealed anew, stay what they are, and need the old one no more', async () => {
  const rows = new Map(AGENTS.map((id) => [id, new Map()]))
  const store = createMemoryCredentialStore(createMemoryAudit(() => 'w').rows, rows)
  const security = securityOf({
    securitySchemes: { key: { apiKeySecurityScheme: { location: 'header', name: 'x-key' } } },
    securityRequirements: [{ schemes: { key: {} } }],
  })
  const origins = ['https://agent.example']
  const principal = { tenant: 'default', subject: 'key:ada', groups: [], scopes: new Set<never>() }
  const call = { principal, requestId: 'r', signal: new AbortController().signal }
  const { credentials } = openCredentials(store, before)
  for (const agentId of AGENTS) {
    const agent = { agentId, tenant: 'default', security, origins }
    await credentials.store(call, agent, 'key', JSON.stringify({ key: `key-of-${agentId}` }))
  }
  const sealed = sealedCredentials(store, both)
  assert.deepEqual(await sealed.masterKeyIds(), [old.id])

  assert.equal(await sealed.resealAll(), AGENTS.length)
  assert.equal(await sealed.resealAll(), 0)

  assert.deepEqual(await sealed.masterKeyIds(), [next.id])
  const rekeyed = openCredentials(store, after).credentials
  for (const agentId of AGENTS) {
    const { headers } = await rekeyed.present({ agentId, security, origin: 'https://agent.example' })
    assert.deepEqual(headers, { 'x-key': `key-of-${agentId}` })
  }
})
