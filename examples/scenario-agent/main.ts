import { once } from 'node:events'
import { startAgent } from './agent.ts'
import { keepBeating } from './beat.ts'
import { readOptions } from './options.ts'

const BEAT_INTERVAL_MS = 30_000

const writeLine = (stream: NodeJS.WritableStream, record: object) => {
  stream.write(`${JSON.stringify(record)}\n`)
}

const { parley, ...options } = readOptions(process.argv.slice(2), process.env)
/** The agent's id at Parley, once it is known. */
let agentId = parley?.register ? undefined : parley?.agent
const stop = new AbortController()
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort())

await using agent = await startAgent({
  ...options,
  ...(parley?.verify ? { onlyFrom: { parley: parley.url, agentId: () => agentId } } : {}),
  crash: () => process.kill(process.pid, 'SIGKILL'),
})
writeLine(process.stdout, { event: 'ready', url: agent.url, grpc: agent.grpc })

if (parley) {
  await keepBeating(parley, {
    card: agent.card,
    intervalMs: BEAT_INTERVAL_MS,
    signal: stop.signal,
    registered: (id) => {
      agentId = id
    },
    report: (report) => writeLine(process.stderr, report),
  })
} else if (!stop.signal.aborted) {
  await once(stop.signal, 'abort')
}
