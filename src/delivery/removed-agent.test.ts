import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import type { StoredCredential } from '../access/credentials/credential.ts'
import { as } from '../registry/open-registry.case.ts'
import { alice, atOnce, framesOf, gist, taskOf } from '../tasks/open-tasks.case.ts'
import {
  agentTask,
  completed,
  gate,
  getTask,
  isOver,
  type OpenDelivery,
  openDelivery,
  working,
} from './open-delivery.case.ts'
import { runForget } from './run-forget.ts'

const publisher = as('key:publisher')
const bob = as('key:bob')
const notFound = { code: 'agent_not_found' }

const sampleCredential = (agentId: string): StoredCredential => ({
  agentId,
  scheme: 'key',
  tenant: 'default',
  declared: { kind: 'apiKey', location: 'header', name: 'X-Key' },
  origins: [],
  storedAt: 1,
  storedBy: 'key:publisher',
  sealed: 'v1.sealed',
  version: 1,
})

/** A task that the agent works on, and goes on with when `open` is called. */
async function running(t: TestContext) {
  const { passed, open } = gate()
  const script = { send: [[working, passed, completed]], cancelTask: [agentTask('TASK_STATE_CANCELED')] }
  const world = await openDelivery(t, script, { workerOptions: { leaseMs: 1_000_000_000 } })
  const { id } = taskOf(await world.tasks.sendMessage(alice, 'echo', atOnce('go'), {}))
  await world.until((head) => head.state === 'TASK_STATE_WORKING')
  return { world, id, open, agentId: world.agent.id }
}

describe('an agent that is removed', () => {
  it('finishes what it has, and takes nothing new', async (t) => {
    const { world, id, open, agentId } = await running(t)
    const frames = framesOf(await world.tasks.subscribeToTask(alice, 'echo', { id }))
    await world.registry.unregister(publisher, 'echo')

    for (const ref of ['echo', agentId]) {
      await assert.rejects(world.tasks.sendMessage(alice, ref, atOnce('more'), {}), notFound)
      const followUp = atOnce('more', { taskId: id })
      await assert.rejects(world.tasks.sendMessage(alice, ref, followUp, {}), notFound)
      await assert.rejects(world.registry.get(alice, ref, 'discover'), notFound)
    }
    open()
    await world.until(isOver)

    assert.equal((await frames).map(gist).at(-1), '3 COMPLETED')
    assert.equal((await getTask(world, id)).status.state, 'TASK_STATE_COMPLETED')
  })

  it('lets who has tasks with it read and cancel them, and is to everybody else what never was', async (t) => {
    const { world, id, agentId } = await running(t)
    await world.registry.unregister(publisher, 'echo')

    for (const ref of ['echo', agentId]) {
      assert.match(await world.tasks.listTasks(alice, ref, {}), new RegExp(id))
      await world.tasks.getTask(alice, ref, { id })
      for (const asked of [id, 'missing']) {
        await assert.rejects(world.tasks.getTask(bob, ref, { id: asked }), notFound)
        await assert.rejects(world.tasks.cancelTask(bob, ref, { id: asked }), notFound)
      }
      await assert.rejects(world.tasks.listTasks(bob, ref, {}), notFound)
    }
    const canceled = taskOf(`{"task":${await world.tasks.cancelTask(alice, agentId, { id })}}`)
    assert.equal(canceled.status.state, 'TASK_STATE_CANCELED')
  })

  /** Does what is due of forgetting; answers when it is due again, from now. */
  const forget = async ({ delivery, backend, clock }: OpenDelivery): Promise<number | undefined> => {
    const lease = { kinds: ['forget'], limit: 1, now: clock.now, leaseMs: 1, busyLanes: [] } as const
    const [work] = await backend.work.lease(lease)
    if (work === undefined) return undefined
    const { signal } = new AbortController()
    const result = await runForget(delivery, { work, reserved: false, signal, setResumable() {} })
    if (result.kind === 'done') return undefined
    await backend.work.release([work], result.dueAt)
    clock.now = result.dueAt
    return result.dueAt
  }

  const withCredential = async ({ backend, agent }: OpenDelivery) => {
    const credential = sampleCredential(agent.id)
    assert.equal(await backend.credentials.commit({ credential, expectedVersion: 0 }), true)
    return async () => (await backend.credentials.listOf(agent.id)).length
  }

  it('keeps its credentials until the last of its tasks has ended', async (t) => {
    const { world, open } = await running(t)
    const kept = await withCredential(world)
    await world.registry.unregister(publisher, 'echo')

    for (let look = 0; look < 3; look++) assert.ok((await forget(world)) !== undefined)
    assert.equal(await kept(), 1)
    open()
    await world.until(isOver)
    assert.equal(await forget(world), undefined)
    assert.equal(await kept(), 0)
    assert.equal(await world.backend.work.nextDueAt(['forget'], world.clock.now), undefined)
  })

  it('keeps them no longer than a task may be without progress', async (t) => {
    const { world } = await running(t)
    const kept = await withCredential(world)
    const removedAt = world.clock.now
    await world.registry.unregister(publisher, 'echo')
    await forget(world)

    world.clock.now = removedAt + world.deps.limits.staleMs
    assert.equal(await forget(world), undefined)
    assert.equal(await kept(), 0)
  })
})
