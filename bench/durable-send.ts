import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { messageParams, rpcBody, rpcHeaders } from './a2a-calls.ts'
import type { Measurement } from './bench-context.ts'
import { compareRates, startOwn, startRaw } from './contenders.ts'
import { measureFsync } from './fsync.ts'
import { at, textAt } from './json-path.ts'
import { startParley } from './parley.ts'
import { shown } from './report.ts'

/** Nobody listens there: a gateway in role `api` delivers nothing. */
const NO_AGENT = 'http://127.0.0.1:9900/'

/** Accepting a message durably, against a server that does nothing and against the SDK's own, which forgets. */
export const durableSend: Measurement = async (bench) => {
  const dataDir = join(bench.dir, 'durable-send')
  await mkdir(dataDir, { recursive: true })
  const fsync = measureFsync(dataDir)

  await using opened = new AsyncDisposableStack()
  const parley = opened.use(await startParley(bench, { role: 'api', dataDir, profile: 'durable-send' }))
  const url = await parley.register('agent', NO_AGENT, true)
  const headers = rpcHeaders(await parley.newKey())
  const body = rpcBody('SendMessage', messageParams('Hello, durable world', { returnImmediately: true }))
  const sample = await fetch(url, { method: 'POST', headers, body }).then((response) => response.text())

  const raw = opened.use(await startRaw(bench, sample))
  const sdk = opened.use(await startOwn(bench, 'sdk-express', 'server'))
  const acknowledged = new Set<string>([idOf(sample)])
  const check = (answer: string) => {
    acknowledged.add(idOf(answer))
    return isSubmitted(answer)
  }
  const rates = await compareRates(bench, {
    Parley: { url, headers, body, server: parley.program, check },
    'raw node:http': { url: raw.url, headers, body, server: raw.program, check: isSubmitted },
    'SDK Express': { url: sdk.url, headers, body, server: sdk.program, check: isSubmitted },
  })
  await parley.program.stop()

  const { Parley: ours, 'raw node:http': bare, 'SDK Express': theirs } = rates.perSecond
  return {
    findings: [
      {
        id: 'durable-send',
        what: 'durable SendMessage against raw node:http',
        value: ours / bare,
        unit: '×',
        bar: { sense: 'at least', value: 0.25, stretch: 0.4 },
      },
      {
        id: 'durable-send-sdk',
        what: 'durable SendMessage against SDK Express in memory',
        value: ours / theirs,
        unit: '×',
        bar: { sense: 'at least', value: 2, stretch: 3 },
      },
      {
        id: 'durable-send-lost',
        what: 'acknowledged messages that are not stored',
        value: missing(join(dataDir, 'parley.db'), rates.requests.Parley + 1, acknowledged),
        unit: 'tasks',
        bar: { sense: 'at most', value: 0 },
      },
    ],
    notes: [
      ...rates.notes,
      `fsync of 4 KiB on the same folder: p50 ${shown(fsync.p50)} ms, p99 ${shown(fsync.p99)} ms`,
      `${rates.requests.Parley + 1} answers counted against the database, ${acknowledged.size} looked up one by one`,
    ],
  }
}

const idOf = (answer: string): string => textAt(JSON.parse(answer), 'result', 'task', 'id')

const isSubmitted = (answer: string): boolean =>
  at(JSON.parse(answer), 'result', 'task', 'status', 'state') === 'TASK_STATE_SUBMITTED'

/** How many of the answers have no task, by number and by id. Every request was answered, so no task may be extra. */
function missing(path: string, answers: number, ids: ReadonlySet<string>): number {
  using database = new DatabaseSync(path, { readOnly: true })
  const stored = Number(database.prepare('SELECT count(*) AS count FROM tasks').get()?.count)
  const find = database.prepare('SELECT 1 FROM tasks WHERE id = ?')
  const unknown = [...ids].filter((id) => find.get(id) === undefined).length
  return Math.max(Math.abs(answers - stored), unknown)
}
