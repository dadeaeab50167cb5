import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { BenchContext, Measurement } from './bench-context.ts'
import { quantile } from './measure.ts'
import { type Parley, startParley } from './parley.ts'
import { type Bar, type Finding, shown } from './report.ts'
import { CAPABILITIES, PLACES, seedAgents, TOPICS, VERBS } from './seed-agents.ts'

const FEW = 10_000
const MANY = 100_000

/** Searches before those that count. */
const WARM_UP = 20

const atMost = (value: number, stretch: number): Bar => ({ sense: 'at most', value, stretch })

/** How long a search among many agents takes: text and two filters, and the same with facets counted. */
export const search: Measurement = async (bench) => {
  const few = await searchAmong(bench, FEW, atMost(10, 3))
  if (bench.quick) return few
  const many = await searchAmong(bench, MANY, atMost(40, 10))
  return { findings: [...few.findings, ...many.findings], notes: [...few.notes, ...many.notes] }
}

async function searchAmong(bench: BenchContext, count: number, bar: Bar) {
  const dataDir = join(bench.dir, `search-${count}`)
  await mkdir(dataDir)
  const startedAt = performance.now()
  await seedAgents(join(dataDir, 'parley.db'), count)
  const seededMs = performance.now() - startedAt
  await using parley = await startParley(bench, { role: 'api', dataDir })
  const plain = await timesOf(bench, parley, '')
  const counted = await timesOf(bench, parley, '&facets=skill&facets=tag&facets=provider')
  const found = quantile(plain.totals, 0.5)
  const finding = (id: string, what: string, times: readonly number[]): Finding => ({
    id: `${id}-${count}`,
    what: `${what} among ${count} agents, p95`,
    value: quantile(times, 0.95),
    unit: 'ms',
    bar,
  })
  return {
    findings: [
      finding('search', 'GET /agents with text and two filters', plain.times),
      finding('search-facets', 'the same with three facets', counted.times),
    ],
    notes: [
      `${count} agents: p50 ${shown(quantile(plain.times, 0.5))} ms, with facets ${shown(quantile(counted.times, 0.5))} ms; ` +
        `${found} found in the middle; stored in ${shown(seededMs / 1000)} s`,
    ],
  }
}

type Searches = { readonly times: readonly number[]; readonly totals: readonly number[] }

async function timesOf(bench: BenchContext, parley: Parley, more: string): Promise<Searches> {
  const times: number[] = []
  const totals: number[] = []
  const headers = { authorization: `Bearer ${parley.adminKey}` }
  for (let n = 0; n < WARM_UP + (bench.quick ? 100 : 400); n++) {
    bench.signal.throwIfAborted()
    const at = performance.now()
    const response = await fetch(`${parley.url}/agents?${queryOf(n)}&limit=20${more}`, { headers })
    const answer: unknown = await response.json()
    const ms = performance.now() - at
    const total = typeof answer === 'object' && answer !== null ? Reflect.get(answer, 'total') : undefined
    if (typeof total !== 'number') throw new Error(`a search was answered with ${response.status}`)
    if (n < WARM_UP) continue
    times.push(ms)
    totals.push(total)
  }
  return { times, totals }
}

/** Another search each time: a word, the beginning of one, a skill and a capability or a tag. */
function queryOf(n: number): string {
  const at = (values: readonly string[], salt: number): string => values[(n * salt) % values.length] ?? ''
  const text = `${at(TOPICS, 3)} ${at(PLACES, 7).slice(0, 4)}`
  const skill = `${at(TOPICS, 5)}-${at(VERBS, 3)}`
  const other = n % 2 === 0 ? `capabilities=${at(CAPABILITIES, 1)}` : `tag=${at(PLACES, 11)}`
  return `q=${encodeURIComponent(text)}&skill=${skill}&${other}`
}
