import assert from 'node:assert/strict'
import { connect, type Socket } from 'node:net'
import { test } from 'node:test'
import { eventually } from '../e2e/eventually.ts'
import { at, numberAt } from '../e2e/json-path.ts'
import { type Endpoint, envelope, resultOf, rpc, send, userMessage } from '../e2e/rpc.ts'
import { readStream } from '../e2e/sse.ts'
import { startWorld } from '../e2e/world.ts'
import { INSPECT, openInspector } from './inspector.ts'

const MAX_COST_BYTES = 16 * 1024 * 1024

/** Asks for a stream over a socket of its own and reads nothing of it. */
async function openAndIgnore(client: Required<Endpoint>, text: string): Promise<Socket> {
  const { hostname, port, pathname, host } = new URL(client.url)
  const body = envelope('SendStreamingMessage', { message: userMessage(text) })
  const socket = connect(Number(port), hostname)
  socket.pause()
  await new Promise((resolve) => socket.once('connect', resolve))
  socket.write(
    [
      `POST ${pathname} HTTP/1.1`,
      `Host: ${host}`,
      `Authorization: Bearer ${client.key}`,
      'A2A-Version: 1.0',
      'Content-Type: application/json',
      'Accept: text/event-stream',
      'Connection: close',
      `Content-Length: ${Buffer.byteLength(body)}`,
      '',
      body,
    ].join('\r\n'),
  )
  return socket
}

/** Reads at last what a raw HTTP answer holds until its end: the sequence numbers and how it ends. */
function readOn(socket: Socket): Promise<{ readonly ids: readonly number[]; readonly end: string }> {
  return new Promise((resolve, reject) => {
    const ids: number[] = []
    let tail = ''
    let last = ''
    socket.setTimeout(20_000, () => socket.destroy(new Error('the stream fell silent without an end')))
    socket.on('data', (chunk) => {
      const text = tail + chunk.toString('latin1')
      const complete = text.lastIndexOf('\n') + 1
      for (const match of text.slice(0, complete).matchAll(/^id: ?(\d+)\r?$/gm)) ids.push(Number(match[1]))
      // A line of data may be megabytes long; of an unfinished line only a start that may be an id matters.
      tail = text.slice(complete, complete + 64)
      last = (last + chunk.toString('latin1')).slice(-4000)
    })
    socket.on('error', reject)
    socket.on('close', () => resolve({ ids, end: last }))
    socket.resume()
  })
}

test('a reader that stops reading costs little memory and delays nobody', { timeout: 300_000 }, async (t) => {
  await using world = await startWorld({ nodeArgs: INSPECT })
  const { parley } = world
  const slow = await world.client('slow')
  const other = await world.client('other')
  const text = 'replace 250 1000000'

  /** Others go on calling while the `n`th task of the reader runs: its end, and what the slowest call took. */
  const callMeanwhile = async (n: number) => {
    let slowestMs = 0
    const end = await eventually(
      'the task ends',
      async () => {
        const start = performance.now()
        const echoed = await send(other, 'echo still here')
        assert.equal(at(echoed, 'task', 'status', 'state'), 'TASK_STATE_COMPLETED')
        slowestMs = Math.max(slowestMs, performance.now() - start)
        const newest = resultOf(await rpc(slow, 'ListTasks', { pageSize: 1 }))
        const state = at(newest, 'tasks', 0, 'status', 'state')
        return numberAt(newest, 'totalSize') === n && /COMPLETED|FAILED/.test(String(state))
          ? state
          : undefined
      },
      120_000,
    )
    return { end, slowestMs }
  }

  const reading = readStream(slow, 'SendStreamingMessage', { message: userMessage(text) })
  const control = await callMeanwhile(1)
  await reading
  await using inspector = await openInspector(parley.child())
  const before = await inspector.memoryAfterCollection()

  const socket = await openAndIgnore(slow, text)
  const { end, slowestMs } = await callMeanwhile(2)
  assert.equal(end, 'TASK_STATE_COMPLETED')
  const after = await inspector.memoryAfterCollection()
  const cost = after.heapAndExternalBytes - before.heapAndExternalBytes
  const inMb = (bytes: number) => `${(bytes / 1024 / 1024).toFixed(1)} MB`
  t.diagnostic(`heap and external ${inMb(cost)} more, rss ${inMb(after.rssBytes - before.rssBytes)} more`)
  t.diagnostic(`the slowest echo meanwhile took ${Math.round(slowestMs)} ms`)
  t.diagnostic(`and ${Math.round(control.slowestMs)} ms while somebody read the same`)
  assert.ok(cost <= MAX_COST_BYTES, `${inMb(cost)} for one reader that does not read`)

  const { ids, end: lastText } = await readOn(socket)
  assert.match(lastText, /TASK_STATE_COMPLETED|STREAM_RESUME_REQUIRED/)
  assert.deepEqual(
    ids,
    ids.map((_, index) => (ids[0] ?? 0) + index),
    'what the slow reader reads at last has no gap',
  )
  t.diagnostic(`at last it read ${ids.length} events`)
  assert.ok(ids.length > 0)
})

test('a thousand readers that vanish leave nothing behind', { timeout: 120_000 }, async (t) => {
  await using world = await startWorld({ nodeArgs: INSPECT })
  const client = await world.client('vanishing')
  const vanish = async () => {
    const socket = await openAndIgnore(client, 'slow 50')
    socket.destroy()
  }
  for (let n = 0; n < 200; n++) await vanish()
  await using inspector = await openInspector(world.parley.child())
  const before = await inspector.memoryAfterCollection()
  for (let n = 0; n < 1000; n++) await vanish()
  await eventually(
    'all are done',
    async () => {
      const working = resultOf(await rpc(client, 'ListTasks', { status: 'TASK_STATE_WORKING', pageSize: 1 }))
      const waiting = resultOf(
        await rpc(client, 'ListTasks', { status: 'TASK_STATE_SUBMITTED', pageSize: 1 }),
      )
      return numberAt(working, 'totalSize') + numberAt(waiting, 'totalSize') === 0 ? true : undefined
    },
    60_000,
  )
  const after = await inspector.memoryAfterCollection()
  const cost = after.heapAndExternalBytes - before.heapAndExternalBytes
  t.diagnostic(`${Math.round(cost / 1024)} KB more after a thousand readers`)
  assert.ok(cost <= MAX_COST_BYTES, `${cost} bytes are kept`)
})
