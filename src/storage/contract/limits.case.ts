import assert from 'node:assert/strict'
import { it } from 'node:test'
import { commitOk } from './commit-all.ts'
import type { Cases } from './describe-backend.ts'
import { sampleAgent } from './sample-agent.ts'
import { artifactEvent, firstCommit, nextCommit, sampleEvent, sampleWork } from './sample-task.ts'

const MIB = 1024 * 1024

export const limitCases: Cases = ({ open }) => {
  it('commits 100 rows and refuses 101', async (t) => {
    const backend = await open(t)
    const head = await commitOk(backend, firstCommit())
    const events = (count: number) => Array.from({ length: count }, () => artifactEvent())
    const work = Array.from({ length: 9 }, (_, index) => sampleWork(`w-${index}`))

    await assert.rejects(backend.tasks.commit(nextCommit(head, events(91), { work })), RangeError)
    const next = await commitOk(backend, nextCommit(head, events(90), { work }))

    assert.equal((await backend.tasks.readEvents(head.id, {})).length, 91)
    assert.deepEqual(await backend.tasks.findHead(head.id), next)
  })

  it('commits an event of 4 MiB with its companions and refuses more than 5 MiB', async (t) => {
    const backend = await open(t)
    const commit = firstCommit()
    const body = `"${'x'.repeat(4 * MIB)}"`
    const large = { ...commit, events: [sampleEvent({ body })] }
    const tooLarge = { ...commit, events: [sampleEvent({ body: body.repeat(2) })] }

    await assert.rejects(backend.tasks.commit(tooLarge), RangeError)
    assert.equal(await backend.tasks.findHead(commit.head.id), undefined)
    await commitOk(backend, large)
    const [event] = await backend.tasks.readEvents(commit.head.id, {})
    assert.equal(event?.body === body, true)
  })

  it('refuses a head of more than 256 KB', async (t) => {
    const backend = await open(t)
    const artifacts = Array.from({ length: 1000 }, (_, index) => ({
      artifactId: `${index}-${'x'.repeat(256)}`,
      first: 1,
      last: 1,
      bytes: 1,
    }))

    await assert.rejects(backend.tasks.commit(firstCommit({ artifacts })), RangeError)
    const half = await commitOk(backend, firstCommit({ artifacts: artifacts.slice(0, 500) }))
    assert.deepEqual(await backend.tasks.findHead(half.id), half)
  })

  it('keeps an agent with a card of 1 MiB', async (t) => {
    const { agents } = await open(t)
    const agent = sampleAgent({ originalCard: `"${'é'.repeat(MIB / 2)}"` })

    await agents.commit({ agent, expectedVersion: 0 })

    assert.equal((await agents.find(agent.id))?.originalCard === agent.originalCard, true)
  })
}
