import assert from 'node:assert/strict'
import { it } from 'node:test'
import { agentId, contextId, taskId } from '../../a2a/ids.ts'
import { commitOk } from './commit-all.ts'
import type { Cases } from './describe-backend.ts'
import { sampleAgent } from './sample-agent.ts'
import {
  artifactEvent,
  contextOf,
  firstCommit,
  idempotencyOf,
  nextCommit,
  sampleWork,
  T0,
} from './sample-task.ts'

const HOSTILE: Readonly<Record<string, string>> = {
  'a hash': 'a#b#',
  'a slash': '../a/b',
  'a percent sign': '%41%',
  quotes: `a'b"c\`d`,
  SQL: `'; DROP TABLE tasks; --`,
  'a line break': 'a\nb',
  'a backslash': 'a\\b',
  blanks: ' a  ',
  'a number': '0012',
  'a prototype': '__proto__',
  unicode: 'é\u0301ß日本😀\u202e',
  '256 characters': 'x'.repeat(256),
  '256 wide characters': '😀'.repeat(128),
}

export const hostileIdCases: Cases = ({ open }) => {
  for (const [name, text] of Object.entries(HOSTILE)) {
    it(`keeps a task whose ids are ${name}`, async (t) => {
      const backend = await open(t)
      const { tasks, work } = backend
      const changes = { id: taskId(text), owner: text, tenant: text, contextId: contextId(text) }
      const first = firstCommit({ ...changes, agentId: agentId(`agent-${text.replaceAll('\n', ' ')}`) })
      const record = idempotencyOf(first.head, { scope: text, bodyHash: text })
      const context = contextOf(first.head, { agentContextId: text })
      const put = [sampleWork(text, { lane: text })]
      await commitOk(backend, { ...first, context, idempotency: record, work: put })
      const next = nextCommit(first.head, [artifactEvent({ artifactId: text })])
      await commitOk(backend, next)

      const filter = { tenant: text, owner: text, agentId: first.head.agentId, contextId: contextId(text) }
      assert.deepEqual(await tasks.findHead(taskId(text)), next.head)
      assert.deepEqual(await tasks.listHeads(filter, 10), [next.head])
      assert.deepEqual(await tasks.readEvents(taskId(text), { artifactId: text }), next.events)
      assert.deepEqual(await tasks.findContext(context), context)
      assert.deepEqual(await tasks.listContexts(filter, 10), [context])
      assert.deepEqual(await tasks.findIdempotency(text, T0), record)
      assert.equal((await tasks.listContextEvents(filter, 10)).length, 1)
      const lease = { kinds: ['send' as const], limit: 1, now: T0, leaseMs: 1000 }
      assert.deepEqual(await work.lease({ ...lease, busyLanes: [text] }), [])
      const [leased] = await work.lease({ ...lease, busyLanes: [] })
      assert.deepEqual([leased?.key, leased?.lane], [text, text])
      assert.equal(await tasks.findHead(taskId(`${text} `)), undefined)
      assert.equal(await tasks.remove(taskId(text), 2), true)
    })

    it(`keeps an agent whose id, owner and slug are ${name}`, async (t) => {
      const { agents } = await open(t)
      const agent = sampleAgent({ id: agentId(text), owner: text, slug: text, tenant: text })
      await agents.commit({ agent, expectedVersion: 0 })

      assert.deepEqual(await agents.find(agentId(text)), agent)
      assert.deepEqual(await agents.findBySlug(text, text), agent)
      const filter = { tenant: text, terms: [[`owner:${text}` as const]], ids: [agent.id] }
      assert.deepEqual(
        (await agents.search(filter, { limit: 10 })).map((found) => found.owner),
        [text],
      )
      assert.deepEqual(await agents.findAll([agent.id]), [agent])
    })
  }
}
