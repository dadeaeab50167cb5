import autocannon from 'autocannon'
import type { BenchContext } from './bench-context.ts'
import type { Program } from './processes.ts'

/** One request, made again and again over kept connections. */
export type Load = {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly server: Program
  /** Looks at a sample of the answers. */
  readonly check: (answer: string) => boolean
}

export type LoadResult = {
  readonly requests: number
  readonly perSecond: number
  /** Processor time of the server per request; unlike the rate it hardly depends on what else the machine does. */
  readonly cpuMicros: number
  /** The share of the time that the server was using its core. */
  readonly busy: number
  /** The share of a core that others took meanwhile: of the server's or of ours, whichever suffered more. */
  readonly disturbance: number
}

export const CONNECTIONS = 50

/** One answer of this many is looked at. */
const SAMPLE_EVERY = 200

/** Every request is answered: an error, another status or a wrong answer fails the run. */
export async function drive(
  { cores, signal }: BenchContext,
  load: Load,
  requests: number,
): Promise<LoadResult> {
  signal.throwIfAborted()
  let answered = 0
  let verified = 0
  const timesOf = () => ({
    at: performance.now(),
    server: load.server.cpuMs(),
    serverCore: cores.usedMs('server'),
    own: ownCpuMs(),
    ownCore: cores.usedMs('load'),
  })
  const start = timesOf()
  let end = start
  const run = autocannon({
    url: load.url,
    method: 'POST',
    headers: load.headers,
    body: load.body,
    connections: CONNECTIONS,
    amount: requests,
    sampleInt: 50,
    bailout: 1,
    verifyBody: (answer) => verified++ % SAMPLE_EVERY !== 0 || load.check(answer),
  })
  run.on('response', () => {
    if (++answered === requests) end = timesOf()
  })
  const stop = () => run.stop()
  signal.addEventListener('abort', stop, { once: true })
  const result = await run
  signal.removeEventListener('abort', stop)
  signal.throwIfAborted()
  if (result['2xx'] !== requests || result.mismatches > 0 || result.errors > 0) {
    throw new Error(
      `${load.url}: of ${requests} requests ${result['2xx']} succeeded, with ${result.errors} errors and ${result.mismatches} wrong answers`,
    )
  }
  const elapsedMs = end.at - start.at
  const serverMs = end.server - start.server
  const othersMs = Math.max(
    end.serverCore - start.serverCore - serverMs,
    end.ownCore - start.ownCore - (end.own - start.own),
  )
  return {
    requests,
    perSecond: (requests / elapsedMs) * 1000,
    cpuMicros: (serverMs / requests) * 1000,
    busy: serverMs / elapsedMs,
    disturbance: Math.max(0, othersMs / elapsedMs),
  }
}

function ownCpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

/** Lets the server warm up for about so long, and says how many requests it took. The last run shows its rate. */
export async function warmUp(
  bench: BenchContext,
  load: Load,
  durationMs: number,
): Promise<{ readonly requests: number; readonly perSecond: number }> {
  const until = performance.now() + durationMs
  let { requests, perSecond } = await drive(bench, load, 1000)
  for (;;) {
    const leftMs = until - performance.now()
    if (leftMs <= 0) return { requests, perSecond }
    const next = await drive(bench, load, Math.max(500, Math.round((perSecond * leftMs) / 2000)))
    requests += next.requests
    perSecond = next.perSecond
  }
}
