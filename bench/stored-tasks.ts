import { cp, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { messageParams, rpcBody, rpcHeaders } from './a2a-calls.ts'
import type { BenchContext, Measurement } from './bench-context.ts'
import { startOwn } from './contenders.ts'
import { copyTask } from './copy-task.ts'
import { textAt } from './json-path.ts'
import { alternate, quantile } from './measure.ts'
import { startParley } from './parley.ts'
import { shown } from './report.ts'
import { createCaller } from './timed-calls.ts'

const FEW = 1000
const MANY = 1_000_000
const FEWER = 100_000

/** What a million small tasks take on disk, with room to spare. */
const BYTES_FOR_MANY = 8e9

/** Whether reading one task takes longer the more of them are stored. */
export const storedTasks: Measurement = async (bench) => {
  const original = join(bench.dir, 'stored-original')
  const made = await makeTask(bench, original)
  const many = bench.quick || (await freeBytes(bench.dir)) < BYTES_FOR_MANY ? FEWER : MANY

  await using opened = new AsyncDisposableStack()
  const startedAt = performance.now()
  const readerOf = async (count: number) => {
    const dataDir = join(bench.dir, `stored-${count}`)
    await cp(original, dataDir, { recursive: true })
    const ids = copyTask(join(dataDir, 'parley.db'), made.id, count)
    const parley = opened.use(await startParley(bench, { role: 'api', dataDir, adminKey: made.adminKey }))
    const caller = opened.use(createCaller())
    const url = `${parley.url}/a2a/agent`
    const headers = rpcHeaders(made.key)
    return async (reads: number) => {
      const times: number[] = []
      for (let read = 0; read < reads; read++) {
        const id = ids[Math.floor(Math.random() * ids.length)] ?? ''
        const { ms, answer } = await caller.whole({ url, headers, body: rpcBody('GetTask', { id }) })
        if (!answer.includes(id)) throw new Error(`${id} was answered with ${answer}`)
        times.push(ms)
      }
      bench.signal.throwIfAborted()
      return times
    }
  }
  const readFew = await readerOf(FEW)
  const readMany = await readerOf(many)
  const seededMs = performance.now() - startedAt

  const reads = bench.quick ? 500 : 1500
  const contenders = { few: () => readFew(reads), many: () => readMany(reads) }
  await alternate(3, contenders, bench.signal)
  const rounds = await alternate(bench.quick ? 3 : 7, contenders, bench.signal)
  const few = quantile(rounds.few.flat(), 0.5)
  const slow = quantile(rounds.many.flat(), 0.5)
  const ratios = rounds.few.map(
    (times, round) => quantile(rounds.many[round] ?? [], 0.5) / quantile(times, 0.5),
  )
  return {
    findings: [
      {
        id: 'stored-tasks',
        what: `GetTask p50 at ${many} against ${FEW} stored tasks`,
        value: slow / few,
        unit: '×',
        bar: { sense: 'at most', value: 1.3, stretch: 1.1 },
      },
    ],
    notes: [
      `p50 ${shown(few)} ms at ${FEW} tasks, ${shown(slow)} ms at ${many}; by round ${ratios.map(shown).join(', ')} ×`,
      ...(many === MANY ? [] : [`the bar is for ${MANY} tasks`]),
      `storing them took ${shown(seededMs / 1000)} s`,
    ],
  }
}

type Made = { readonly id: string; readonly key: string; readonly adminKey: string }

/** One finished task in a folder of its own. */
async function makeTask(bench: BenchContext, dataDir: string): Promise<Made> {
  await using agent = await startOwn(bench, 'fast-agent', 'load')
  await using parley = await startParley(bench, { role: 'all', dataDir })
  const url = await parley.register('agent', agent.url, true)
  const key = await parley.newKey()
  const body = rpcBody('SendMessage', messageParams('Hello'))
  const response = await fetch(url, { method: 'POST', headers: rpcHeaders(key), body })
  return { id: textAt(await response.json(), 'result', 'task', 'id'), key, adminKey: parley.adminKey }
}

async function freeBytes(dir: string): Promise<number> {
  const { bavail, bsize } = await statfs(dir)
  return bavail * bsize
}
