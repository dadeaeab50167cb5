import assert from 'node:assert/strict'
import { connect, type Socket } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { textAt } from './json-path.ts'
import { resultOf, rpc, sendNoWait } from './rpc.ts'
import { startWorld, type World } from './world.ts'

/** Everything that came until the server closed. */
const readAll = async (socket: Socket): Promise<string> => {
  let text = ''
  for await (const chunk of socket.setEncoding('latin1')) text += chunk
  return text
}

describe('while others flood it', { timeout: 120_000 }, () => {
  const opened = new AsyncDisposableStack()
  let world: World
  let port: number

  before(async () => {
    world = opened.use(await startWorld({ env: { PARLEY_MAX_STREAMS: '5' } }))
    port = Number(new URL(world.parley.url).port)
  })
  after(() => opened.disposeAsync())

  const open = (): Socket => {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => {})
    opened.defer(() => void socket.destroy())
    return socket
  }

  test('headers without end are refused, each connection for itself, and a caller is served', async () => {
    const client = await world.client('flooded')
    const floods = Array.from({ length: 50 }, () => {
      const socket = open()
      socket.write('GET / HTTP/1.1\r\nhost: x\r\n')
      return socket
    })
    const send = (socket: Socket) => socket.write(`x: ${'y'.repeat(1000)}\r\n`.repeat(20))
    for (const socket of floods) send(socket)

    resultOf(await rpc(client, 'ListTasks', {}))
    for (const answer of await Promise.all(floods.map(readAll))) assert.match(answer, /^HTTP\/1\.1 431 /)
  })

  test('headers that are many or a URL that is long never reach a route', async () => {
    for (const [target, headers, status] of [
      ['/tasks', 'x: y\r\n'.repeat(200), 431],
      [`/a2a/scenario/tasks/${'t'.repeat(10_000)}`, '', 414],
    ] as const) {
      const socket = open()
      socket.write(
        `GET ${target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n${headers}authorization: Bearer ${world.parley.adminKey}\r\n\r\n`,
      )
      const answer = await readAll(socket)
      assert.ok(answer.startsWith(`HTTP/1.1 ${status} `), answer.slice(0, 100))
      assert.match(answer, /application\/problem\+json/)
    }
  })

  test('one principal opens as many streams as it may, and another one is not kept from its own', async () => {
    const greedy = await world.client('greedy')
    const modest = await world.client('modest')
    const taskOf = async (client: typeof greedy) => textAt(await sendNoWait(client, 'hang'), 'task', 'id')
    const leave = new AbortController()
    opened.defer(() => leave.abort())
    const follow = (client: typeof greedy, id: string) =>
      fetch(`${world.parley.url}/tasks/${id}/events`, {
        headers: { authorization: `Bearer ${client.key}`, accept: 'text/event-stream' },
        signal: leave.signal,
      })

    const id = await taskOf(greedy)
    const all = await Promise.all(Array.from({ length: 8 }, () => follow(greedy, id)))
    const counted = (status: number) => all.filter((response) => response.status === status).length
    assert.deepEqual([counted(200), counted(429)], [5, 3])
    assert.equal((await follow(modest, await taskOf(modest))).status, 200)
  })
})
