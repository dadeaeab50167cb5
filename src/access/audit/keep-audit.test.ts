import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { keepAudit } from './keep-audit.ts'
import { callOf, openAudit, recordOf, T0 } from './open-audit.case.ts'

type Head = { readonly tenant: string; readonly n: number; readonly hash: string }

const HOUR_MS = 60 * 60 * 1000

const admin = callOf('key:admin')

/** An audit log that is kept for a day, with timers that the test turns. */
async function openKept(t: TestContext) {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const { store, denials, clock, now, events } = await openAudit(t)
  const heads: Head[] = []
  const told = { ...events, auditHead: (facts: Head) => void heads.push(facts) }
  const keeping = keepAudit({ store, denials, events: told, now, retentionMs: 24 * HOUR_MS })
  /** Lets what the timers began come to its end. */
  const settled = () => new Promise((resolve) => setImmediate(resolve))
  const pass = async (ms: number) => {
    clock.now += ms
    t.mock.timers.tick(ms)
    await settled()
  }
  return { store, denials, heads, keeping, pass }
}

describe('keeping the audit log', () => {
  it('tells every hour, and at the end, where the chain of each tenant stands', async (t) => {
    const { store, heads, keeping, pass } = await openKept(t)
    const elsewhere = callOf('key:admin', ['admin'], 'other')
    await store.append([recordOf(admin, 'one'), recordOf(admin, 'two'), recordOf(elsewhere, 'three')])

    await pass(HOUR_MS - 1)
    assert.equal(heads.length, 0)
    await pass(1)
    assert.deepEqual(heads.map(({ tenant, n }) => [tenant, n]).sort(), [
      ['default', 2],
      ['other', 1],
    ])
    const [entry] = await store.list({ tenant: 'default' }, 1)
    assert.equal(heads.find(({ tenant }) => tenant === 'default')?.hash, entry?.hash)

    await store.append([recordOf(admin, 'four')])
    await keeping[Symbol.asyncDispose]()
    assert.ok(heads.some(({ tenant, n }) => tenant === 'default' && n === 3))
  })

  it('removes what is older than it is to be kept, and goes on with the chain', async (t) => {
    const { store, keeping, pass } = await openKept(t)
    await store.append([recordOf(admin, 'old', T0)])
    await pass(12 * HOUR_MS)
    await store.append([recordOf(admin, 'new', T0 + 12 * HOUR_MS)])

    await pass(13 * HOUR_MS)

    const entries = await store.list({ tenant: 'default' }, 10)
    assert.deepEqual(
      entries.map(({ n, target }) => [n, target.id]),
      [[2, 'new']],
    )
    await keeping[Symbol.asyncDispose]()
  })
})
