import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { messageParams, rpcBody, rpcHeaders } from './a2a-calls.ts'
import type { Measurement } from './bench-context.ts'
import { startOwn } from './contenders.ts'
import { textAt } from './json-path.ts'
import { quantile } from './measure.ts'
import { startParley } from './parley.ts'
import { maxOpenFilesOf } from './processes.ts'
import { shown } from './report.ts'
import { openReader, type ReaderEnd } from './stream-reader.ts'

const TASKS = 50
const READERS_PER_TASK = 100

/** Files and sockets a process needs for other things. */
const SPARE_FILES = 200

/** Readers that connect at once. */
const CONNECTING = 100

/** How long the streams may take to end after the agent's last word. */
const DRAIN_MS = 30_000

/** Thousands of readers of tasks that say something every second: does each get everything, and at what memory? */
export const openStreams: Measurement = async (bench) => {
  await using opened = new AsyncDisposableStack()
  const dataDir = join(bench.dir, 'open-streams')
  const agent = opened.use(await startOwn(bench, 'fast-agent', 'load'))
  const parley = opened.use(await startParley(bench, { role: 'all', dataDir }))
  const url = await parley.register('agent', agent.url, true)
  const headers = rpcHeaders(await parley.newKey())
  const ticks = bench.quick ? 5 : 10
  const files = Math.min(maxOpenFilesOf(process.pid), maxOpenFilesOf(parley.program.pid))
  const room = Number.isNaN(files) ? READERS_PER_TASK : Math.floor((files - SPARE_FILES) / TASKS)
  const perTask = Math.min(READERS_PER_TASK, room)

  const body = rpcBody('SendMessage', messageParams(`ticks ${ticks}`, { returnImmediately: true }))
  const ids = await Promise.all(
    Array.from({ length: TASKS }, async () => {
      const response = await fetch(url, { method: 'POST', headers, body })
      return textAt(await response.json(), 'result', 'task', 'id')
    }),
  )
  const idleKb = parley.program.statusKb('VmRSS')
  const ends: Promise<ReaderEnd>[] = []
  const stop = new AbortController()
  opened.defer(() => stop.abort())
  const signal = AbortSignal.any([bench.signal, stop.signal])
  const connectStart = performance.now()
  const wanted = Array.from({ length: perTask }, () => ids).flat()
  for (let next = 0; next < wanted.length; next += CONNECTING) {
    const readers = wanted
      .slice(next, next + CONNECTING)
      .map((id) => openReader({ url, headers, taskId: id, signal }))
    ends.push(...readers.map((reader) => reader.ended))
    await Promise.all(readers.map((reader) => reader.opened))
    signal.throwIfAborted()
  }
  const connectMs = performance.now() - connectStart

  const cpuStart = parley.program.cpuMs()
  const runStart = performance.now()
  await fetch(`${agent.url}/go`, { method: 'POST' })
  await sleep(ticks * 1000, undefined, { signal })
  const busy = (parley.program.cpuMs() - cpuStart) / (performance.now() - runStart)
  const drained = AbortSignal.timeout(DRAIN_MS)
  drained.addEventListener('abort', () => stop.abort(), { once: true })
  const readers = await Promise.all(ends)
  const peakKb = parley.program.statusKb('VmHWM')

  // All tasks go the same way, so the fullest log is everyone's.
  const expected = Math.max(...readers.map(({ events }) => events))
  const broken = readers.filter(
    (reader) => !reader.inOrder || !reader.completed || reader.events !== expected || reader.chunks !== ticks,
  )
  const lags = readers.flatMap((reader) => reader.lagsMs)
  return {
    findings: [
      {
        id: 'open-streams-broken',
        what: `of ${readers.length} open streams, those that lost or repeated an event`,
        value: broken.length,
        unit: 'streams',
        bar: { sense: 'at most', value: 0 },
      },
      {
        id: 'open-streams-rss',
        what: `largest resident memory with ${readers.length} open streams`,
        value: peakKb / 1024,
        unit: 'MiB',
        bar: { sense: 'at most', value: 400 },
      },
    ],
    notes: [
      `${TASKS} tasks with ${perTask} readers each, ${ticks} chunks a task, one per second; ${expected} events a reader`,
      `opened in ${shown(connectMs / 1000)} s; memory before ${shown(idleKb / 1024)} MiB; core ${Math.round(busy * 100)} % in use`,
      `from the agent's chunk to the reader: p50 ${shown(quantile(lags, 0.5))} ms, p99 ${shown(quantile(lags, 0.99))} ms`,
      ...(perTask < READERS_PER_TASK
        ? [`fewer streams than planned: a process may open only ${files} files`]
        : []),
      ...broken.slice(0, 3).map((reader) => `broken: ${JSON.stringify({ ...reader, lagsMs: undefined })}`),
    ],
  }
}
