import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { agentId } from '../../a2a/ids.ts'
import type { Call } from '../../access/principal.ts'
import type { ChangeFrame, ChangeQuery, Changes, ToldChange } from '../../registry/changes/changes.ts'
import { bearer, scriptedApp } from './scripted-app.case.ts'

const change = (n: number): ToldChange => ({
  id: `agent-1.${n}`,
  agentId: agentId('agent-1'),
  slug: 'echo',
  at: n,
  kind: 'updated',
})

/** An application with a feed of so many changes, then silence, that remembers how it was asked. */
function feedOf(count: number) {
  const asked: ChangeQuery[] = []
  const calls: Call[] = []
  let yielded = 0
  let isLeft = false
  const changes: Changes = {
    async read(_call, query) {
      asked.push(query)
      return { items: [change(1)], cursor: 'c1', more: false }
    },
    async follow(call, query) {
      asked.push(query)
      calls.push(call)
      return (async function* (): AsyncGenerator<ChangeFrame> {
        try {
          yield { seq: 'c0' }
          while (yielded < count) yield { seq: `c${++yielded}`, change: change(yielded) }
          await new Promise((_, reject) => {
            call.signal.addEventListener('abort', () => reject(call.signal.reason))
          })
        } finally {
          isLeft = true
        }
      })()
    },
  }
  const { app } = scriptedApp({ deps: { changes } })
  const get = (path: string, headers: Readonly<Record<string, string>> = {}, signal?: AbortSignal) =>
    app.request(path, { headers: { ...bearer('all'), ...headers }, ...(signal && { signal }) })
  return { get, asked, calls, yielded: () => yielded, isLeft: () => isLeft }
}

const STREAM = { accept: 'text/event-stream' }

async function readBlocks(response: Response, count: number): Promise<readonly string[]> {
  assert.equal(response.headers.get('content-type'), 'text/event-stream')
  const blocks: string[] = []
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  while (blocks.length < count) blocks.push((await reader?.read())?.value ?? assert.fail('it ended'))
  await reader?.cancel()
  return blocks
}

describe('the route of the change feed', () => {
  it('answers in JSON, and with a batch or a stream for who asks for those', async () => {
    const { get } = feedOf(1)
    const types = ['*/*', 'application/json', 'application/cloudevents-batch+json;q=0.9, */*;q=0.1']

    const answers = await Promise.all(types.map((accept) => get('/changes', { accept })))

    assert.deepEqual(
      answers.map(({ headers }) => headers.get('content-type')),
      ['application/json', 'application/json', 'application/cloudevents-batch+json'],
    )
    assert.deepEqual(await answers[1]?.json(), {
      items: [
        {
          specversion: '1.0',
          id: 'agent-1.1',
          source: 'http://parley.test',
          type: 'dev.parley.agent.updated',
          subject: 'agent-1',
          time: '1970-01-01T00:00:00.001Z',
          datacontenttype: 'application/json',
          data: { agentId: 'agent-1', slug: 'echo', url: 'http://parley.test/agents/agent-1' },
        },
      ],
      cursor: 'c1',
      more: false,
    })
    assert.equal(answers[2]?.headers.get('link'), '<http://parley.test/changes?after=c1>; rel="next"')
  })

  it('asks the room for what the query says', async () => {
    const { get, asked } = feedOf(0)

    await get('/changes?after=now&agent=echo&type=dev.parley.agent.health&limit=7')
    await get('/changes?after=c9')
    const refused = await get('/changes?type=dev.parley.agent.sold')

    assert.deepEqual(asked, [
      { after: 'now', agent: 'echo', kinds: ['health'], limit: 7 },
      { after: { cursor: 'c9' }, limit: 50 },
    ])
    assert.equal(refused.status, 400)
  })

  it('streams events whose ids are cursors, the place it begins at first', async () => {
    const { get, asked } = feedOf(2)

    const blocks = await readBlocks(await get('/changes?after=c5', { ...STREAM, 'last-event-id': 'c0' }), 3)

    assert.deepEqual(asked, [{ after: { cursor: 'c0' } }])
    assert.equal(blocks[0], 'id: c0\n\n')
    assert.match(blocks[1] ?? '', /^id: c1\ndata: \{"specversion":"1\.0","id":"agent-1\.1",.*\}\n\n$/)
    assert.match(blocks[2] ?? '', /^id: c2\n/)
  })

  it('takes from the feed no more than a slow reader does, and lets go when it leaves', async () => {
    const { get, calls, yielded, isLeft } = feedOf(1000)
    const response = await get('/changes', STREAM)
    for (let n = 0; n < 50; n++) await turn()
    assert.ok(yielded() <= 3, `${yielded()} were taken`)

    await readBlocks(response, 2)
    for (let n = 0; n < 50 && !isLeft(); n++) await turn()

    assert.ok(isLeft())
    assert.equal(calls[0]?.signal.aborted, true)
  })
})
