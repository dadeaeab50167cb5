import { join } from 'node:path'
import { messageParams, rpcBody, rpcHeaders } from './a2a-calls.ts'
import type { Measurement } from './bench-context.ts'
import { compareRates, startOwn, startRaw } from './contenders.ts'
import { textAt } from './json-path.ts'
import { startParley } from './parley.ts'

/** With everything around it, an artifact of this many characters makes an answer of about 10 KB. */
const ARTIFACT_CHARS = 9500

/** Reading a task of 10 KB with a credential, against a server that has its bytes at hand. */
export const getTask: Measurement = async (bench) => {
  await using opened = new AsyncDisposableStack()
  const dataDir = join(bench.dir, 'get-task')
  const agent = opened.use(await startOwn(bench, 'fast-agent', 'load'))
  const parley = opened.use(await startParley(bench, { role: 'all', dataDir, profile: 'get-task' }))
  const url = await parley.register('agent', agent.url, true)
  const headers = rpcHeaders(await parley.newKey())
  const { body, answer } = await finishedTask(url, headers)
  const raw = opened.use(await startRaw(bench, answer))
  const check = (got: string) => got === answer
  const { perSecond, notes } = await compareRates(bench, {
    Parley: { url, headers, body, server: parley.program, check },
    'raw node:http': { url: raw.url, headers, body, server: raw.program, check },
  })
  await parley.program.stop()
  return {
    findings: [
      {
        id: 'get-task',
        what: 'GetTask of a 10 KB task against raw node:http',
        value: perSecond.Parley / perSecond['raw node:http'],
        unit: '×',
        bar: { sense: 'at least', value: 0.55, stretch: 0.8 },
      },
    ],
    notes: [...notes, `the answer has ${Buffer.byteLength(answer)} bytes`],
  }
}

/** A task of 10 KB: the request that reads it, and the answer. */
export async function finishedTask(url: string, headers: Readonly<Record<string, string>>) {
  const call = (body: string) =>
    fetch(url, { method: 'POST', headers, body }).then((response) => response.text())
  const sent = await call(rpcBody('SendMessage', messageParams(`big ${ARTIFACT_CHARS}`)))
  const body = rpcBody('GetTask', { id: textAt(JSON.parse(sent), 'result', 'task', 'id') })
  const answer = await call(body)
  if (!answer.includes('TASK_STATE_COMPLETED')) throw new Error(`the task is not as expected: ${answer}`)
  return { body, answer }
}
