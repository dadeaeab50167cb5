import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { Backend } from '../backend.ts'
import { commitOk } from './commit-all.ts'
import type { Cases } from './describe-backend.ts'
import { firstCommit, type newTaskId, nextCommit, sampleWork, statusEvent, T0 } from './sample-task.ts'

/** Appends `count` events to a task, loading and deciding again whenever another writer was faster. */
async function append(backend: Backend, id: ReturnType<typeof newTaskId>, writer: number, count: number) {
  const versions: number[] = []
  while (versions.length < count) {
    const head = await backend.tasks.findHead(id)
    assert.ok(head !== undefined)
    const next = nextCommit(head, [statusEvent({ body: `{"writer":${writer}}` })])
    const result = await backend.tasks.commit(next)
    if (result.kind === 'committed') versions.push(next.head.version)
  }
  return versions
}

export const concurrencyCases: Cases = ({ open, openAt, newPlace }) => {
  it('lets exactly one of many commits win each version, and leaves a gapless log', async (t) => {
    const backend = await open(t)
    const { id } = await commitOk(backend, firstCommit())

    const writers = Array.from({ length: 10 }, (_, writer) => append(backend, id, writer, 10))
    const versions = (await Promise.all(writers)).flat().sort((a, b) => a - b)

    assert.deepEqual(
      versions,
      Array.from({ length: 100 }, (_, index) => index + 2),
    )
    const events = await backend.tasks.readEvents(id, {})
    assert.deepEqual(
      events.map((event) => event.seq),
      Array.from({ length: 101 }, (_, index) => index + 1),
    )
    assert.ok(events.every((event, index) => index === 0 || event.at > (events[index - 1]?.at ?? 0)))
  })

  it('keeps its promises between two openings of one place', async (t) => {
    const place = newPlace()
    const here = await openAt(t, place)
    if (!here.capabilities.sharedByProcesses) return t.diagnostic('one process only')
    const there = await openAt(t, place)
    const { id } = await commitOk(here, firstCommit())
    await here.work.put(Array.from({ length: 30 }, (_, index) => sampleWork(`w-${index}`)))

    const versions = await Promise.all([append(here, id, 1, 20), append(there, id, 2, 20)])
    const lease = { kinds: ['send' as const], limit: 2, now: T0, leaseMs: 1000, busyLanes: [] }
    const leased = await Promise.all(
      Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? here : there).work.lease(lease)),
    )

    assert.equal(new Set(versions.flat()).size, 40)
    assert.equal((await there.tasks.readEvents(id, {})).length, 41)
    assert.equal(new Set(leased.flat().map(({ key }) => key)).size, leased.flat().length)
    assert.equal(leased.flat().length, 30)
    assert.deepEqual(await here.tasks.listHeads({ tenant: 'default' }, 2), [await there.tasks.findHead(id)])
  })
}
