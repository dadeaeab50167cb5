import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, describe, type TestContext, test } from 'node:test'
import { at, listAt, textAt } from '../e2e/json-path.ts'
import { type Endpoint, getTask, userMessage } from '../e2e/rpc.ts'
import { assertGapless, openStream, payload, type SseEvent } from '../e2e/sse.ts'
import { startWorld, type World } from '../e2e/world.ts'

const CHUNK_BYTES = 64_000

/** What a reader has of one artifact after a list of events: snapshot, replacements and appended parts. */
function assembled(events: readonly SseEvent[]): string {
  let text = ''
  for (const event of events) {
    const result = at(payload(event), 'result')
    const artifacts = at(result, 'task', 'artifacts')
    if (Array.isArray(artifacts)) text = artifacts.map(textOfArtifact).join('')
    const updated = at(result, 'artifactUpdate', 'artifact')
    if (updated === undefined) continue
    text =
      at(result, 'artifactUpdate', 'append') === true
        ? text + textOfArtifact(updated)
        : textOfArtifact(updated)
  }
  return text
}

const textOfArtifact = (artifact: unknown) =>
  listAt(artifact, 'parts')
    .map((part) => textAt(part, 'text'))
    .join('')

const digest = (text: string) => createHash('sha256').update(text).digest('hex')

describe('a task of many megabytes', { timeout: 300_000 }, () => {
  let world: World
  let client: Endpoint
  const opened = new AsyncDisposableStack()

  before(async () => {
    world = opened.use(await startWorld())
    client = await world.client('large')
  })
  after(() => opened.disposeAsync())

  async function bulk(t: TestContext, chunks: number) {
    const start = performance.now()
    const stream = await openStream(client, 'SendStreamingMessage', {
      message: userMessage(`bulk ${chunks} ${CHUNK_BYTES}`),
    })
    const events = await stream.rest()
    const seconds = (performance.now() - start) / 1000
    const mb = (chunks * CHUNK_BYTES) / 1e6
    t.diagnostic(`${mb} MB in ${seconds.toFixed(2)} s: ${(mb / seconds).toFixed(1)} MB/s`)
    const last = payload(events.at(-1))
    assert.equal(at(last, 'result', 'statusUpdate', 'status', 'state'), 'TASK_STATE_COMPLETED')
    assertGapless(events, Number(events[0]?.id))
    return { events, id: textAt(payload(events[0]), 'result', 'task', 'id'), seconds }
  }

  test('arrives exactly, live and afterwards', async (t) => {
    await bulk(t, 50)
    await bulk(t, 125)
    const { events, id } = await bulk(t, 500)
    const chunks = events.filter((event) => at(payload(event), 'result', 'artifactUpdate') !== undefined)
    assert.equal(chunks.length, 500)
    const text = assembled(events)
    assert.equal(text.length, 500 * CHUNK_BYTES)
    for (const [index, chunk] of chunks.entries()) {
      const said = textOfArtifact(at(payload(chunk), 'result', 'artifactUpdate', 'artifact'))
      assert.ok(said.startsWith(`${index + 1} `) && said.length === CHUNK_BYTES, `chunk ${index + 1}`)
    }
    const task = await getTask(client, id)
    const parts = listAt(task, 'artifacts', 0, 'parts')
    assert.equal(parts.length, 500)
    assert.equal(digest(textOfArtifact(listAt(task, 'artifacts')[0])), digest(text))
    const replay = await openStream(
      client,
      'SubscribeToTask',
      { id },
      { 'last-event-id': events[0]?.id ?? '' },
    )
    assert.equal(digest(assembled(await replay.rest())), digest(text))
  })

  test('arrives exactly for a reader who comes late', async () => {
    const sender = await openStream(client, 'SendStreamingMessage', {
      message: userMessage(`bulk 400 ${CHUNK_BYTES}`),
    })
    const head = await sender.take(150)
    const id = textAt(payload(head[0]), 'result', 'task', 'id')
    const late = await openStream(client, 'SubscribeToTask', { id })
    const [rest, seen] = await Promise.all([sender.rest(), late.rest()])
    assert.equal(digest(assembled(seen)), digest(assembled([...head, ...rest])))
    for (const event of seen)
      assert.ok(Buffer.byteLength(event.data) <= 4.5 * 1024 * 1024, 'an event is too big')
  })

  test('beyond the limit ends the task as FAILED and says so', async () => {
    const stream = await openStream(client, 'SendStreamingMessage', {
      message: userMessage(`bulk 600 ${CHUNK_BYTES}`),
    })
    const last = payload((await stream.rest()).at(-1))
    assert.equal(at(last, 'result', 'statusUpdate', 'status', 'state'), 'TASK_STATE_FAILED')
    assert.ok(listAt(last, 'result', 'statusUpdate', 'status', 'message', 'parts').length > 0)
  })
})
