import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createOpsApp } from './ops-app.ts'

describe("the operators' port", () => {
  it('tells health and metrics without a credential, and nothing else', async () => {
    let isReady = false
    const app = createOpsApp({ isReady: async () => isReady, scrape: async () => 'up 1\n' })
    const statusOf = async (path: string) => (await app.request(path)).status

    assert.deepEqual(
      [await statusOf('/livez'), await statusOf('/readyz'), await statusOf('/agents')],
      [200, 503, 404],
    )
    isReady = true
    assert.equal(await statusOf('/readyz'), 200)
    assert.equal(await (await app.request('/metrics')).text(), 'up 1\n')
  })

  it('keeps the metrics to itself where it was given none', async () => {
    assert.equal((await createOpsApp({ isReady: async () => true }).request('/metrics')).status, 404)
  })
})
