import type { Child } from '../e2e/child.ts'
import { at, numberAt, parsed } from '../e2e/json-path.ts'

/** What a process holds after everything that can be collected was collected. */
export type Memory = { readonly heapAndExternalBytes: number; readonly rssBytes: number }

/** The inspector of a process that was started with `--inspect=127.0.0.1:0`. */
export type Inspector = AsyncDisposable & { memoryAfterCollection(): Promise<Memory> }

export const INSPECT = ['--inspect=127.0.0.1:0'] as const

export async function openInspector(child: Child): Promise<Inspector> {
  const address = await child.line((line) => /Debugger listening on (ws:\S+)/.exec(line)?.[1])
  const socket = new WebSocket(address)
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve, { once: true })
    socket.addEventListener('error', reject, { once: true })
  })
  let lastId = 0
  const waiting = new Map<number, (answer: unknown) => void>()
  socket.addEventListener('message', (event) => {
    const answer = parsed(String(event.data))
    const id = at(answer, 'id')
    if (typeof id !== 'number') return
    waiting.get(id)?.(answer)
    waiting.delete(id)
  })
  const call = (method: string, params: object = {}) =>
    new Promise<unknown>((resolve) => {
      lastId += 1
      waiting.set(lastId, resolve)
      socket.send(JSON.stringify({ id: lastId, method, params }))
    })

  return {
    memoryAfterCollection: async () => {
      // Twice, because finalizers of the first collection release what only the second can take.
      await call('HeapProfiler.collectGarbage')
      await call('HeapProfiler.collectGarbage')
      const answer = await call('Runtime.evaluate', {
        expression: 'process.memoryUsage()',
        returnByValue: true,
      })
      const usage = at(answer, 'result', 'result', 'value')
      return {
        heapAndExternalBytes: numberAt(usage, 'heapUsed') + numberAt(usage, 'external'),
        rssBytes: numberAt(usage, 'rss'),
      }
    },
    [Symbol.asyncDispose]: async () => {
      const closed = new Promise((resolve) => socket.addEventListener('close', resolve, { once: true }))
      socket.close()
      await closed
    },
  }
}
