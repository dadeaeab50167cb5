import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Pool } from 'undici'
import type { AgentId } from '../src/a2a/ids.ts'
import { openSqlite } from '../src/storage/sqlite/open-sqlite.ts'
import type { BenchContext, Measurement } from './bench-context.ts'
import { textAt } from './json-path.ts'
import { quantile } from './measure.ts'
import { startParley } from './parley.ts'
import { shown } from './report.ts'
import { PLACES, seedAgents, TOPICS } from './seed-agents.ts'

const AGENTS = 10_000
const FEW_AGENTS = 2000
const BEATING = 1000
/** A little more than the bar, so that what is achieved tells whether it is met. */
const BEATS_PER_SECOND = 1050
const TICK_MS = 20
const SEARCH_EVERY_MS = 50
const CONNECTIONS = 50

/** Agents of one gateway beat while others search: how many heartbeats a second it takes, and whether it keeps them. */
export const heartbeats: Measurement = async (bench) => {
  const dataDir = join(bench.dir, 'heartbeats')
  await mkdir(dataDir)
  const path = join(dataDir, 'parley.db')
  const count = bench.quick ? FEW_AGENTS : AGENTS
  await seedAgents(path, count)
  const ids = await beatingAgents(path)
  const beats = await beatFor(bench, dataDir, ids)
  const lost = await lostOf(path, beats.acknowledged)
  const { perSecond, times, searches, refused, core } = beats
  const what = `heartbeats of ${BEATING} agents beside searches`
  return {
    findings: [
      {
        id: 'heartbeats',
        what,
        value: perSecond,
        unit: '1/s',
        bar: { sense: 'at least', value: 1000 },
      },
      {
        id: 'heartbeats-lost',
        what: `${what}, acknowledged and lost`,
        value: lost,
        unit: '',
        bar: { sense: 'at most', value: 0 },
      },
      {
        id: 'heartbeats-p99',
        what: `${what}, p99`,
        value: quantile(times, 0.99),
        unit: 'ms',
        bar: { sense: 'at most', value: 100 },
      },
    ],
    notes: [
      `${times.length} heartbeats, ${refused} refused, p50 ${shown(quantile(times, 0.5))} ms; ` +
        `${searches.length} searches among ${count} agents, p95 ${shown(quantile(searches, 0.95))} ms; ` +
        `the gateway had ${shown(core)} of a core`,
    ],
  }
}

async function beatingAgents(path: string): Promise<readonly AgentId[]> {
  await using backend = await openSqlite({ path, now: Date.now })
  const listings = await backend.agents.search({ tenant: 'default' }, { limit: BEATING })
  return listings.map(({ id }) => id)
}

type Beats = {
  /** When each agent's last heartbeat was, as it was acknowledged. */
  readonly acknowledged: ReadonlyMap<AgentId, number>
  readonly perSecond: number
  readonly times: readonly number[]
  readonly searches: readonly number[]
  readonly refused: number
  /** Share of one core that the gateway used. */
  readonly core: number
}

async function beatFor(bench: BenchContext, dataDir: string, ids: readonly AgentId[]): Promise<Beats> {
  await using parley = await startParley(bench, { role: 'api', dataDir, profile: 'heartbeats' })
  await using opened = new AsyncDisposableStack()
  const callers = (connections: number): Ask => {
    const pool = new Pool(parley.url, { connections })
    opened.defer(() => pool.close())
    return callerOf(pool, parley.adminKey)
  }
  const ask = callers(CONNECTIONS)
  const acknowledged = new Map<AgentId, number>()
  const times: number[] = []
  let refused = 0
  const beat = async (id: AgentId) => {
    const at = performance.now()
    const answer = await ask('POST', `/agents/${id}/heartbeat`).catch(() => undefined)
    if (answer === undefined) refused++
    else {
      times.push(performance.now() - at)
      acknowledged.set(id, Math.max(Date.parse(textAt(answer, 'lastHeartbeatAt')), acknowledged.get(id) ?? 0))
    }
  }
  // The first heartbeat of an agent says something new, and no other does.
  await inTurns(ids, CONNECTIONS, beat)
  times.length = 0

  const over = new AbortController()
  const startedAt = performance.now()
  const cpuBefore = parley.program.cpuMs()
  const beaten = pacedBeats(bench, ids, bench.quick ? 3000 : 10_000, beat).finally(() => over.abort())
  const [searches] = await Promise.all([searchUntil(callers(1), over.signal), beaten])
  const ms = performance.now() - startedAt
  return {
    acknowledged,
    perSecond: (1000 * times.length) / ms,
    times,
    searches,
    refused,
    core: (parley.program.cpuMs() - cpuBefore) / ms,
  }
}

/** Sends heartbeats when they are due, answered or not, and waits for the answers of all. */
async function pacedBeats(
  { signal }: BenchContext,
  ids: readonly AgentId[],
  forMs: number,
  beat: (id: AgentId) => Promise<void>,
): Promise<void> {
  const waiting: Promise<void>[] = []
  const startedAt = performance.now()
  for (let ms = 0; ms < forMs; ms = performance.now() - startedAt) {
    signal.throwIfAborted()
    const due = Math.floor((Math.min(ms, forMs) / 1000) * BEATS_PER_SECOND)
    while (waiting.length < due) {
      const id = ids[waiting.length % ids.length]
      if (id !== undefined) waiting.push(beat(id))
    }
    await sleep(TICK_MS)
  }
  await Promise.all(waiting)
}

async function inTurns<T>(
  items: readonly T[],
  atOnce: number,
  each: (item: T) => Promise<void>,
): Promise<void> {
  for (let start = 0; start < items.length; start += atOnce) {
    await Promise.all(items.slice(start, start + atOnce).map(each))
  }
}

type Ask = (method: 'GET' | 'POST', path: string) => Promise<unknown>

async function searchUntil(ask: Ask, signal: AbortSignal): Promise<readonly number[]> {
  const times: number[] = []
  for (let n = 0; !signal.aborted; n++) {
    const at = performance.now()
    const q = `${TOPICS[n % TOPICS.length]} ${PLACES[(n * 7) % PLACES.length]}`
    const found = await ask('GET', `/agents?q=${encodeURIComponent(q)}&only_alive=true&limit=20`)
    if (found === undefined) throw new Error('a search was refused')
    times.push(performance.now() - at)
    await sleep(SEARCH_EVERY_MS)
  }
  return times
}

/** The function answers `undefined` where the gateway does not say that it did what was asked. */
const callerOf =
  (pool: Pool, key: string): Ask =>
  async (method, path) => {
    const { statusCode, body } = await pool.request({
      method,
      path,
      headers: { authorization: `Bearer ${key}` },
    })
    const answer: unknown = await body.json()
    return statusCode === 200 ? answer : undefined
  }

/** How many agents of a gateway that ended have an older heartbeat than was acknowledged. */
async function lostOf(path: string, acknowledged: ReadonlyMap<AgentId, number>): Promise<number> {
  await using backend = await openSqlite({ path, now: Date.now })
  let lost = 0
  for (const [id, at] of acknowledged) {
    const agent = await backend.agents.find(id)
    if ((agent?.lastHeartbeatAt ?? 0) < at) lost++
  }
  return lost
}
