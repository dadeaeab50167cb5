import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ParleyError } from '../../errors.ts'
import { as, cardText, type OpenRegistry, openRegistry } from '../open-registry.case.ts'
import { parseRegistration } from '../parse-registration.ts'

const alice = as('key:alice')
const bob = as('key:bob')
const probe = { text: 'ping', expect: 'pong', everyMs: 60_000 }

const open = async (): Promise<OpenRegistry> => {
  const room = await openRegistry()
  await room.registry.register(alice, { card: cardText(), cardPointer: '', slug: 'echo' })
  return room
}
const codeOf = (call: Promise<unknown>) =>
  call.then(
    () => 'answered',
    (error: unknown) => (error instanceof ParleyError ? error.code : String(error)),
  )

describe("an owner's probe of an agent", () => {
  it('is set, replaced and removed by who manages it', async () => {
    const { registry } = await open()

    assert.deepEqual(await registry.setProbe(alice, 'echo', probe), { created: true })
    assert.deepEqual(await registry.getProbe(alice, 'echo'), probe)
    assert.deepEqual(await registry.setProbe(alice, 'echo', { ...probe, everyMs: 90_000 }), {
      created: false,
    })
    assert.equal((await registry.getProbe(alice, 'echo')).everyMs, 90_000)
    await registry.deleteProbe(alice, 'echo')
    assert.equal(await codeOf(registry.getProbe(alice, 'echo')), 'not_found')
    assert.equal(await codeOf(registry.deleteProbe(alice, 'echo')), 'not_found')
  })

  it('is nobody else’s to see or set', async () => {
    const { registry } = await open()
    await registry.setProbe(alice, 'echo', probe)

    assert.equal(await codeOf(registry.getProbe(bob, 'echo')), 'forbidden')
    assert.equal(await codeOf(registry.setProbe(bob, 'echo', probe)), 'forbidden')
    assert.equal(await codeOf(registry.deleteProbe(bob, 'echo')), 'forbidden')
    assert.equal(await codeOf(registry.checkNow(bob, 'echo')), 'forbidden')
    const stranger = as('key:eve', { tenant: 'other' })
    assert.equal(await codeOf(registry.getProbe(stranger, 'echo')), 'agent_not_found')
    assert.equal(await codeOf(registry.checkNow(stranger, 'echo')), 'agent_not_found')
  })

  it('is not set anew by setting the same, nor by another if-match', async () => {
    const { registry } = await open()
    await registry.setProbe(alice, 'echo', probe)
    const { version } = await registry.get(alice, 'echo', 'manage')
    await registry.setProbe(alice, 'echo', { ...probe })
    assert.equal((await registry.get(alice, 'echo', 'manage')).version, version)
    assert.equal(await codeOf(registry.setProbe(alice, 'echo', probe, () => false)), 'precondition_failed')
  })

  it('comes with a registration, and stays when a later one says nothing of it', async () => {
    const { registry } = await open()
    const body = (more: object) => JSON.stringify({ card: JSON.parse(cardText()), slug: 'echo', ...more })
    await registry.register(alice, parseRegistration(body({ probe: { text: 'ping' } })))
    assert.deepEqual(await registry.getProbe(alice, 'echo'), { text: 'ping', everyMs: 900_000 })
    await registry.register(alice, parseRegistration(body({})))
    assert.equal((await registry.getProbe(alice, 'echo')).text, 'ping')
    assert.throws(() => parseRegistration(body({ probe: { text: '', everyMs: 1 } })), /probe/)
  })

  it('has the agent looked at', async () => {
    const { registry, work, clock } = await open()
    const ours = { kinds: ['probe'] as const, limit: 9, leaseMs: 1000, busyLanes: [] }
    const [first] = await work.lease({ ...ours, now: clock.now })
    assert.ok(first)
    await work.postpone(first, clock.now + 60_000)
    await registry.setProbe(alice, 'echo', probe)
    assert.equal((await work.lease({ ...ours, now: clock.now })).length, 1)
  })
})

describe('a look that is asked for', () => {
  it('is refused for an agent that is disabled', async () => {
    const { registry } = await open()
    await registry.update(alice, 'echo', { lifecycle: 'disabled' })
    assert.equal(await codeOf(registry.checkNow(alice, 'echo')), 'conflict')
  })

  it('ends with its call', async () => {
    const { registry } = await open()
    const left = new AbortController()
    const looking = registry.checkNow({ ...alice, signal: left.signal }, 'echo')
    left.abort(new Error('left'))
    await assert.rejects(looking, /left/)
  })
})
