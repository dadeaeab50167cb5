import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readReply, withoutRequest } from '../rpc.ts'
import { EVERY_SCOPE, NEVER, openStage } from './stage.ts'

/** A request that no client makes; `X` stands for the name of an agent. */
type Odd = {
  readonly method: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

const METHODS = ['HEAD', 'OPTIONS', 'GET', 'POST', 'PUT', 'PATCH', 'DELETE']

const PATHS = [
  '/a2a/X',
  '/a2a/X/',
  '/a2a/X/message:send',
  '/a2a/X/v1/card',
  '/a2a/X/tasks/x:cancel',
  '/a2a/X/no-such-path',
  '/a2a/X/.well-known/agent-card.json',
  '/agents/X',
  '/agents/X/grants',
  '/agents/X/credentials/matrix',
  '/agents/X/no-such-path',
  '/.well-known/oauth-protected-resource/a2a/X',
  '/tasks?agent=X',
  '/contexts?agent=X',
  '/alerts?agent=X',
]

const CARD = '/a2a/X/.well-known/agent-card.json'
const JSON_TYPE = { 'content-type': 'application/json' }

const rpc = (body: string, headers: Odd['headers'] = {}): Odd => ({
  method: 'POST',
  path: '/a2a/X',
  headers: { ...JSON_TYPE, ...headers },
  body,
})

const call = (method: string, params: string): string =>
  `{"jsonrpc":"2.0","id":1,"method":"${method}","params":${params}}`

const MESSAGE = '"message":{"messageId":"m","role":"ROLE_USER","parts":[{"text":"x"}]}'

const ODD: readonly Odd[] = [
  ...METHODS.flatMap((method) => PATHS.map((path) => ({ method, path }))),
  {
    method: 'OPTIONS',
    path: '/a2a/X',
    headers: { origin: 'https://page.example', 'access-control-request-method': 'POST' },
  },
  { method: 'GET', path: CARD, headers: { 'if-none-match': '*' } },
  { method: 'GET', path: CARD, headers: { 'a2a-version': '0.3' } },
  { method: 'GET', path: CARD, headers: { 'a2a-version': '9' } },
  { method: 'GET', path: `${CARD}?A2A-Version=9` },
  rpc(`[${call('GetTask', '{"id":"x"}')}]`),
  rpc(call('GetTask', '{"id":"x","tenant":"X"}')),
  rpc(call('GetTask', '{"id":"x","tenant":"m-tenant"}')),
  rpc(call('GetTask', '{}')),
  rpc(call('NoSuchMethod', '{}')),
  rpc('{"jsonrpc":"2.0","method":"GetTask"'),
  rpc(call('GetTask', '{"id":"x"}'), { 'a2a-version': '9' }),
  rpc(call('SendMessage', `{${MESSAGE}}`), { 'a2a-extensions': 'urn:example' }),
  rpc(
    call(
      'SendMessage',
      `{${MESSAGE},"configuration":{"taskPushNotificationConfig":{"url":"https://x.example"}}}`,
    ),
    { 'idempotency-key': 'k' },
  ),
  { method: 'POST', path: '/a2a/X/message:send', headers: { 'content-type': 'text/plain' }, body: 'x' },
  { method: 'POST', path: '/a2a/X/tenant/message:send', headers: JSON_TYPE, body: '{}' },
  {
    method: 'POST',
    path: '/keys',
    headers: JSON_TYPE,
    body: '{"subject":"x","scopes":["tasks:read"],"label":"x","agents":["X"]}',
  },
  {
    method: 'POST',
    path: '/alerts/rules',
    headers: JSON_TYPE,
    body: '{"name":"x","target":{"agent":"X"},"condition":{"state":"down"}}',
  },
  { method: 'PATCH', path: '/agents/X', headers: JSON_TYPE, body: '{"visibility":"invisible"}' },
  { method: 'POST', path: '/agents/X/grants', headers: JSON_TYPE, body: '{"to":{}}' },
  { method: 'PUT', path: '/agents/X/credentials/none', headers: JSON_TYPE, body: '{' },
  { method: 'PUT', path: '/agents/X/credentials/none', headers: JSON_TYPE, body: '{"key":"k"}' },
  { method: 'DELETE', path: '/agents/X/credentials/none' },
  { method: 'DELETE', path: '/agents/X/grants/none' },
]

test('no question, however odd, tells an agent that is hidden from one that never existed', {
  timeout: 120_000,
}, async () => {
  await using stage = await openStage()
  const hidden = stage.places.find(({ visibility }) => visibility === 'restricted')
  assert.ok(hidden !== undefined)
  const scope = [...EVERY_SCOPE, 'admin'].join(' ')
  const callers = [
    ['nobody', undefined],
    ['another owner', (await stage.key({ subject: 'bob' })).secret],
    ['another tenant', stage.token({ sub: 'alice', scope, tenant: 'other' })],
  ] as const

  const shown = async ({ method, path, headers = {}, body }: Odd, key: string | undefined, name: string) => {
    const response = await fetch(stage.parley.url + path.replace('X', name), {
      method,
      headers: { ...(key !== undefined && { authorization: `Bearer ${key}` }), ...headers },
      ...(body !== undefined && { body: body.replaceAll('X', name) }),
    })
    const answer = JSON.stringify(withoutRequest(await readReply(response)))
    return answer.replaceAll(name, '<asked>').replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<at>')
  }

  for (const [who, key] of callers) {
    for (const odd of ODD) {
      for (const kind of ['running', 'ended'] as const) {
        const title = `${who}: ${JSON.stringify(odd)}`
        assert.equal(
          await shown(odd, key, hidden[kind].agent),
          await shown(odd, key, NEVER[kind].agent),
          title,
        )
      }
    }
  }
})
