import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import type { Grant } from '../access/grant.ts'
import { type Call, isAnonymous, type Principal } from '../access/principal.ts'
import type { Agent } from '../registry/agent.ts'
import { as } from '../registry/open-registry.case.ts'
import { atOnce, request, taskOf } from '../tasks/open-tasks.case.ts'
import type { TaskHead } from '../tasks/task-head.ts'
import { AgentFailure } from './agent-client.ts'
import {
  agentTask,
  completed,
  type DeliveryOptions,
  isIn,
  isOver,
  type OpenDelivery,
  openDelivery,
  reasonOf,
  type Script,
  working,
} from './open-delivery.case.ts'

const admin = as('key:root', { scopes: new Set(['admin']) })

/** Deliveries of a caller whose key a test can revoke; nothing is delivered before `start` unless it is local. */
async function openWithKey(t: TestContext, script: Script, options: DeliveryOptions = {}) {
  const world = await openDelivery(t, script, { isLocal: false, ...options })
  const { access } = world.deps
  const newKey = async (): Promise<Call & { readonly keyId: string }> => {
    const { key, secret } = await access.createKey(admin, {
      subject: 'key:ada',
      scopes: ['tasks:submit', 'tasks:read'],
      label: 'ada',
    })
    const principal = (await access.authenticate(secret)) ?? assert.fail()
    return { ...as('key:ada'), principal, keyId: key.id }
  }
  return { ...world, newKey, revoke: (id: string) => access.revokeKey(admin, id) }
}

/** No worker leases anything before the test starts one. */
const WAITING: DeliveryOptions = { workerOptions: { concurrency: 0 } }

const submit = async ({ tasks }: OpenDelivery, call: Call, text = 'go', taskId?: string) =>
  taskOf(await tasks.sendMessage(call, 'echo', atOnce(text, taskId === undefined ? {} : { taskId }), {})).id

const endOf = async (world: OpenDelivery): Promise<{ readonly reason: unknown; readonly text: unknown }> => {
  const head: TaskHead = await world.until(isOver)
  assert.equal(head.state, 'TASK_STATE_FAILED')
  const [event] = await world.deps.store.readEvents(head.id, { after: head.statusSeq - 1 })
  const message = JSON.parse(event?.body ?? '{}') as NonNullable<
    ReturnType<typeof agentTask>['status']['message']
  >
  const reason = reasonOf({ ...agentTask(head.state), status: { state: head.state, message } })
  return { reason, text: message.parts[0]?.text }
}

async function change(world: OpenDelivery, facts: Partial<Agent>): Promise<void> {
  const agent = (await world.registry.find(world.agent.id)) ?? assert.fail()
  const changed = { ...agent, ...facts, version: agent.version + 1 }
  await world.backend.agents.commit({ agent: changed, expectedVersion: agent.version })
}

const grantTo = (to: Grant['to'], more: Partial<Grant> = {}): Grant => ({
  id: 'g-1',
  to,
  right: 'invoke',
  createdAt: 0,
  createdBy: 'key:publisher',
  ...more,
})

describe('a message that waits for its agent', () => {
  it('is not sent once the key that it came with is revoked', async (t) => {
    const world = await openWithKey(t, { send: [[working, completed]] }, WAITING)
    const key = await world.newKey()
    await submit(world, key)
    await world.revoke(key.keyId)

    world.startAnother()

    assert.deepEqual(await endOf(world), {
      reason: 'RIGHTS_LOST',
      text: 'Who sent this may not use the agent any more: the message was not sent',
    })
    assert.deepEqual(world.agentClient.calls, [])
    assert.deepEqual(world.unexpected, [])
  })

  it('is sent though its key was rotated, unless it was to end at once', async (t) => {
    for (const overlapMs of [1000, 0]) {
      const world = await openWithKey(t, { send: [[working, completed]] }, WAITING)
      const { keyId, ...call } = await world.newKey()
      await submit(world, call)
      await world.deps.access.rotateKey(admin, keyId, { overlapMs })
      world.clock.now += 1000

      world.startAnother()

      if (overlapMs > 0) await world.agentClient.called('send')
      else assert.equal((await endOf(world)).reason, 'RIGHTS_LOST')
    }
  })

  it('is sent when the key of a newer message of its owner stands', async (t) => {
    const world = await openWithKey(t, { send: [[working, completed]] }, WAITING)
    const [old, fresh] = [await world.newKey(), await world.newKey()]
    const id = await submit(world, old)
    await submit(world, fresh, 'more', id)
    await world.revoke(old.keyId)

    world.startAnother()

    await world.agentClient.called('send')
  })

  it('is not sent to an agent that its sender may not invoke any more', async (t) => {
    const changes: readonly Partial<Agent>[] = [
      { visibility: 'restricted' },
      { visibility: 'restricted', grants: [grantTo({ subject: 'key:ada' }, { right: 'discover' })] },
      { visibility: 'restricted', grants: [grantTo({ subject: 'key:ada' }, { operations: ['GetTask'] })] },
    ]
    for (const facts of changes) {
      const world = await openWithKey(t, { send: [[working, completed]] }, WAITING)
      await submit(world, await world.newKey())
      await change(world, facts)

      world.startAnother()

      assert.equal((await endOf(world)).reason, 'RIGHTS_LOST')
      assert.deepEqual(world.agentClient.calls, [])
    }
  })

  it('is sent by the groups its sender had, and by a grant of either way to send', async (t) => {
    const sender: Partial<Principal> = { groups: ['corp:ops'] }
    const grants = [
      grantTo({ group: 'corp:ops' }),
      grantTo({ subject: 'corp:ada' }, { operations: ['SendMessage'] }),
      grantTo({ subject: 'corp:ada' }, { operations: ['SendStreamingMessage'] }),
    ]
    for (const grant of grants) {
      const world = await openWithKey(t, { send: [[working, completed]] }, WAITING)
      await submit(world, as('corp:ada', sender))
      await change(world, { visibility: 'restricted', grants: [grant] })

      world.startAnother()

      await world.agentClient.called('send')
    }
  })

  it('is sent for an admin, whoever else may invoke the agent', async (t) => {
    const world = await openWithKey(t, { send: [[working, completed]] }, WAITING)
    await submit(world, as('corp:root', { scopes: new Set(['admin']) }))
    await change(world, { visibility: 'restricted' })

    world.startAnother()

    await world.agentClient.called('send')
  })

  it('is sent after the token that it came with has expired, while the issuer is trusted', async (t) => {
    const world = await openWithKey(t, { send: [[working, completed]] }, WAITING)
    const trusted = new Set(['corp'])
    const credential = { kind: 'token', issuer: 'corp' } as const
    const facts = { credential, expiresAt: world.clock.now + 1000 }
    const access = {
      ...world.deps.access,
      reassess: async (principal: Principal) => {
        assert.equal(principal.expiresAt, undefined)
        const { credential: by } = principal
        return by?.kind === 'token' && trusted.has(by.issuer) ? principal : undefined
      },
    }
    Object.assign(world.delivery, { access })
    await submit(world, as('corp:ada', facts))
    world.clock.now += 2000
    world.startAnother()
    await world.agentClient.called('send')
    await world.until(isOver)

    trusted.clear()
    await submit(world, as('corp:ada', facts))
    await world.untilEnded(2)

    assert.equal(world.agentClient.calls.length, 1)
  })

  it('waits on when nobody can say whether it may be sent', async (t) => {
    const world = await openWithKey(t, { send: [[working, completed]] }, WAITING)
    const { access } = world.deps
    let isDown = true
    const reassess = (principal: Principal) =>
      isDown ? Promise.reject(new Error('the store is down')) : access.reassess(principal)
    Object.assign(world.delivery, { access: { ...access, reassess } })
    await submit(world, await world.newKey())
    const worker = world.startAnother()
    await world.untilEnded(1)
    assert.deepEqual(world.agentClient.calls, [])
    assert.deepEqual(world.ended, ['send handed_back'])

    isDown = false
    world.clock.now += 5000
    worker.wake()

    await world.agentClient.called('send')
  })

  it('is sent at once, and asks nothing twice, where it was accepted', async (t) => {
    const world = await openWithKey(t, { send: [[working, completed]] }, { isLocal: true })
    const reassess = () => assert.fail('it has just been decided')
    Object.assign(world.delivery, { access: { ...world.deps.access, reassess } })

    const answer = await world.tasks.sendMessage(await world.newKey(), 'echo', request('go'), {})

    assert.equal(taskOf(answer).status.state, 'TASK_STATE_COMPLETED')
    assert.deepEqual(world.unexpected, [])
  })
})

describe('a task that its agent has', () => {
  it('ends when its sender may not use the agent any more, and the agent is asked to stop', async (t) => {
    for (const answer of [agentTask('TASK_STATE_CANCELED'), new AgentFailure('refused', 'No')]) {
      const script = { send: [[working]], subscribe: [[]], getTask: [], cancelTask: [answer] }
      const world = await openWithKey(
        t,
        { ...script, getTask: [agentTask('TASK_STATE_WORKING')] },
        { isLocal: true },
      )
      const key = await world.newKey()
      await submit(world, key)
      await world.until(isIn('TASK_STATE_WORKING'))
      await world.untilEnded(1)
      await world.revoke(key.keyId)

      world.pass(60_000)

      assert.deepEqual(await endOf(world), {
        reason: 'RIGHTS_LOST',
        text: 'Who sent this may not use the agent any more: the agent is asked to stop',
      })
      assert.equal((await world.agentClient.called('cancelTask')).about, 'at-1')
      await world.untilEnded(2)
      assert.deepEqual(world.unexpected, [])
    }
  })

  it('is canceled for a client that could ask for it, whatever became of its rights since', async (t) => {
    const world = await openWithKey(
      t,
      { send: [[working, 'hang']], cancelTask: [agentTask('TASK_STATE_CANCELED')] },
      { isLocal: true },
    )
    const key = await world.newKey()
    const id = await submit(world, key)
    await world.until(isIn('TASK_STATE_WORKING'))
    const caller = { ...as('key:ada'), principal: { ...as('key:ada').principal } }
    const canceled = world.tasks.cancelTask(caller, 'echo', { id })
    await world.revoke(key.keyId)

    assert.equal(JSON.parse(await canceled).status.state, 'TASK_STATE_CANCELED')
  })

  it('says that its outcome is unknown when it is', async (t) => {
    const world = await openWithKey(
      t,
      { send: [[new AgentFailure('unknown', 'cut')]] },
      {
        isLocal: true,
        redelivery: 'at-least-once',
      },
    )
    const key = await world.newKey()
    await submit(world, key)
    await world.untilEnded(1)
    await world.revoke(key.keyId)

    world.pass(60_000)

    assert.deepEqual(await endOf(world), {
      reason: 'RIGHTS_LOST',
      text: 'Who sent this may not use the agent any more: the agent may or may not have acted on the message',
    })
    assert.equal(world.agentClient.calls.length, 1)
  })
})

describe('what a head keeps of who asked', () => {
  const kept = async (t: TestContext, call: Call) => {
    const world = await openDelivery(t, {}, { ...WAITING, isLocal: false })
    const id = await submit(world, call)
    return { head: await world.until((head) => head.id === id), world, id }
  }

  it('is the id of a key, and for others what no key says', async (t) => {
    const token = { kind: 'token', issuer: 'corp' } as const
    const key = { kind: 'key', id: 'k-1' } as const
    const cases: readonly (readonly [Partial<Principal>, TaskHead['caller']])[] = [
      [{}, undefined],
      [{ credential: key, scopes: new Set(['admin']) }, { credential: key }],
      [{ credential: token, expiresAt: 1 }, { credential: token }],
      [
        { credential: token, groups: ['corp:ops'] },
        { credential: token, groups: ['corp:ops'] },
      ],
      [
        { credential: token, scopes: new Set(['admin']) },
        { credential: token, isAdmin: true },
      ],
    ]
    for (const [facts, caller] of cases) {
      const call = as('corp:ada', facts)
      assert.ok(!isAnonymous(call.principal))
      assert.deepEqual((await kept(t, call)).head.caller, caller)
    }
  })

  it('is of the newest message', async (t) => {
    const { world, id } = await kept(t, as('corp:ada', { groups: ['corp:ops'] }))

    await submit(world, as('corp:ada'), 'more', id)

    assert.equal((await world.deps.store.findHead((await world.until(() => true)).id))?.caller, undefined)
  })
})
