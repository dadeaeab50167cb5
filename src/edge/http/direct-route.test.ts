import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { EdgeRequest } from '../exchange.ts'
import { createDirectRoute } from './direct-route.ts'

const request: EdgeRequest = {
  method: 'POST',
  url: '',
  peer: undefined,
  isClientGone: false,
  signal: new AbortController().signal,
  release() {},
  header: () => undefined,
  readBody: async () => '',
}

/** The agent a call would be for and, over REST, what of it; nothing when the call goes through the application. */
async function agentOf(
  method: string,
  url: string,
  host: string,
  allowed?: readonly string[],
): Promise<string | undefined> {
  const route = createDirectRoute(
    {
      jsonRpc: async (_request, agent) => ({ status: 200, headers: {}, body: agent }),
      rest: async (_request, agent, path) => ({ status: 200, headers: {}, body: `${agent} ${path}` }),
    },
    allowed,
  )
  const reply = await route(method, url, host)?.(request)
  return typeof reply?.body === 'string' ? reply.body : undefined
}

describe('the direct route', () => {
  it('takes a plain call of an agent', async () => {
    for (const url of ['/a2a/echo', '/a2a/echo/', '/a2a/echo?A2A-Version=1.0', '/a2a/echo/?x=%20']) {
      for (const host of ['x', 'gateway.test:8080', '127.0.0.1:60123']) {
        assert.equal(await agentOf('POST', url, host), 'echo', `${host}${url}`)
      }
    }
  })

  it('takes a plain call over REST, whatever its method', async () => {
    for (const [url, asked] of [
      ['/a2a/echo/tasks', 'echo /tasks'],
      ['/a2a/echo/message:send?A2A-Version=1.0', 'echo /message:send'],
      ['/a2a/echo/v1/tasks/1-2:cancel', 'echo /v1/tasks/1-2:cancel'],
    ] as const) {
      for (const method of ['GET', 'POST', 'DELETE']) {
        assert.equal(await agentOf(method, url, 'x'), asked)
      }
    }
  })

  it('leaves to the application what takes decoding, normalising or another answer', async () => {
    for (const url of [
      '/a2a',
      '/a2a/',
      '/a2a//',
      '/a2a/.',
      '/a2a/..',
      '/a2a/../',
      '/a2a/..?x',
      '/a2a/e%63ho',
      '/a2a/%E0%A4%A',
      '/a2a/echo/.well-known/agent-card.json',
      '/a2a/echo/tasks/',
      '/a2a/echo/tasks/..',
      '/a2a/echo/./tasks',
      '/a2a/echo/tasks/%20',
      '/a2a/echo//',
      '/a2a/echo#x',
      '/a2a/e\\cho',
      'http://x/a2a/echo',
      '*',
    ]) {
      assert.equal(await agentOf('POST', url, 'x'), undefined, url)
    }
    for (const method of ['GET', 'HEAD', 'OPTIONS', 'post']) {
      assert.equal(await agentOf(method, '/a2a/echo', 'x'), undefined, method)
    }
    for (const host of ['', 'a b', 'x:0', 'x:99999', 'user@x', 'x/', '[::1]', '.']) {
      assert.equal(await agentOf('POST', '/a2a/echo', host), undefined, host)
    }
  })

  it('leaves to the application any host that is not plainly one of ours', async () => {
    assert.equal(await agentOf('POST', '/a2a/echo', 'localhost:80', ['localhost']), 'echo')
    assert.equal(await agentOf('POST', '/a2a/echo', 'evil.test', ['localhost']), undefined)
  })
})
