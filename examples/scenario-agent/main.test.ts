import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, describe, it } from 'node:test'

const MAIN = join(import.meta.dirname, 'main.ts')

type Running = { readonly process: ChildProcess; readonly url: string }

const children: ChildProcess[] = []

/** Starts the agent as its own process and waits for its ready line. */
async function run(...args: string[]): Promise<Running> {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'ignore'] })
  children.push(child)
  const [line] = await once(createInterface({ input: child.stdout }), 'line')
  const { event, url } = JSON.parse(line)
  assert.equal(event, 'ready')
  return { process: child, url }
}

const exit = async ({ process: child }: Running): Promise<unknown[]> => {
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  return exited
}

const send = (url: string, messageId: string, text: string) =>
  fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'a2a-version': '1.0',
      traceparent: `trace-of-${messageId}`,
    },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'SendMessage',
      params: { message: { messageId, role: 'ROLE_USER', parts: [{ text }] } },
    }),
  })

describe('the scenario agent as a process', () => {
  let folder: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'scenario-agent-'))
  })
  after(async () => {
    for (const child of children) child.kill('SIGKILL')
    await rm(folder, { recursive: true })
  })

  it('exits cleanly on SIGTERM, also with work and calls under way', async () => {
    const agent = await run()
    const slow = send(agent.url, 'm1', 'slow 60000')
    const hanging = send(agent.url, 'm2', 'hang')
    await send(agent.url, 'm3', 'echo')
    const refused = Promise.all([assert.rejects(slow), assert.rejects(hanging)])

    assert.deepEqual(await exit(agent), [0, null])
    await refused
  })

  it('records every message before it does anything else, even dying of it', async () => {
    const record = join(folder, 'record.jsonl')
    const agent = await run('--record', record)
    const exited = once(agent.process, 'exit')

    await send(agent.url, 'm1', 'echo hello')
    await assert.rejects(send(agent.url, 'm2', 'crash'))

    assert.deepEqual(await exited, [null, 'SIGKILL'])
    const lines = (await readFile(record, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    assert.deepEqual(
      lines.map(({ at, ...rest }) => ({ ...rest, dated: !Number.isNaN(Date.parse(at)) })),
      [
        {
          messageId: 'm1',
          taskId: null,
          contextId: null,
          skill: 'echo',
          version: '1.0',
          binding: 'JSONRPC',
          headers: { 'a2a-version': '1.0' },
          traceparent: 'trace-of-m1',
          dated: true,
        },
        {
          messageId: 'm2',
          taskId: null,
          contextId: null,
          skill: 'crash',
          version: '1.0',
          binding: 'JSONRPC',
          headers: { 'a2a-version': '1.0' },
          traceparent: 'trace-of-m2',
          dated: true,
        },
      ],
    )
  })

  it('registers itself and beats, trying again after failures', async () => {
    type Call = {
      readonly path: string | undefined
      readonly headers: IncomingHttpHeaders
      readonly body: string
    }
    const calls: Call[] = []
    const beaten = Promise.withResolvers<void>()
    const registry = createServer(async (request, response) => {
      let body = ''
      for await (const chunk of request) body += chunk
      calls.push({ path: request.url, headers: request.headers, body })
      response.writeHead(calls.length === 1 ? 503 : 200).end()
      if (request.url?.endsWith('/heartbeat')) beaten.resolve()
    }).listen(0, '127.0.0.1')
    await once(registry, 'listening')
    const address = registry.address()
    assert.ok(typeof address === 'object' && address)
    const keyFile = join(folder, 'key')
    await writeFile(keyFile, 'secret\n')

    const parley = `http://127.0.0.1:${address.port}/`
    const agent = await run('--parley', parley, '--key-file', keyFile, '--register')
    await beaten.promise
    const status = await exit(agent)
    registry.close()
    registry.closeAllConnections()

    assert.deepEqual(status, [0, null])
    assert.deepEqual(
      calls.map(({ path }) => path),
      ['/agents/register', '/agents/register', '/agents/scenario/heartbeat'],
    )
    assert.ok(calls.every(({ headers }) => headers.authorization === 'Bearer secret'))
    const { card, slug, visibility } = JSON.parse(calls[1]?.body ?? '')
    assert.deepEqual([card.name, slug, visibility], ['Scenario agent', 'scenario', 'tenant'])
    assert.equal(card.supportedInterfaces[0].url, `${agent.url}/`)
  })
})
