import assert from 'node:assert/strict'
import { createHmac, randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { agentId, newUuid } from '../../src/a2a/ids.ts'
import { notifyKey } from '../../src/alerts/notification.ts'
import { openSqlite } from '../../src/storage/sqlite/open-sqlite.ts'
import {
  type Exchange,
  type LoopbackServer,
  openLoopbackServer,
} from '../../src/upstream/loopback-server.case.ts'
import { eventually } from './eventually.ts'
import { at, listAt, textAt } from './json-path.ts'
import { type ParleyProcess, startParley } from './parley-process.ts'
import { native } from './rpc.ts'

describe('alert channels', { timeout: 120_000 }, () => {
  const opened = new AsyncDisposableStack()
  const key = randomBytes(32)
  let parley: ParleyProcess
  let server: LoopbackServer
  let answer: (exchange: Exchange) => void = ok
  let channel: string

  const ask = (method: string, path: string, body?: object) =>
    native(parley.adminKey, method, `${parley.url}/alerts/channels${path}`, body)

  before(async () => {
    server = opened.use(await openLoopbackServer((exchange) => answer(exchange)))
    parley = opened.use(await startParley({ env: { PARLEY_ALLOW_ALERTS: '127.0.0.1' } }))
    const secret = `whsec_${key.toString('base64')}`
    const made = await ask('POST', '', {
      kind: 'webhook',
      name: 'Night shift',
      url: `${server.url}/s3cret`,
      secret,
    })
    assert.equal(made.status, 201, made.text)
    assert.equal(made.headers.get('location'), `/alerts/channels/${textAt(made.body, 'id')}`)
    channel = textAt(made.body, 'id')
  })
  after(() => opened.disposeAsync())

  /** What came, once its signature was seen to be ours. */
  const verified = ({ request, body }: Exchange) => {
    const { 'webhook-id': id, 'webhook-timestamp': time, 'webhook-signature': signature } = request.headers
    const expected = createHmac('sha256', key).update(`${id}.${time}.${body}`).digest('base64')
    assert.equal(signature, `v1,${expected}`)
    assert.ok(Math.abs(Number(time) - Date.now() / 1000) < 60)
    return { id, body: JSON.parse(body) as unknown }
  }

  test('are tried out: the test comes signed, and a failure is told as it is', async () => {
    const tried = await ask('POST', `/${channel}/test`)
    assert.deepEqual([tried.status, tried.body], [200, { sent: true }])
    const [exchange] = server.exchanges
    assert.ok(exchange)
    const { body } = verified(exchange)
    assert.equal(textAt(body, 'version'), '4')
    assert.equal(at(body, 'commonLabels', 'test'), 'true')

    answer = ({ response }) => void response.writeHead(503).end('/s3cret is closed')
    const failed = await ask('POST', `/${channel}/test`)
    assert.deepEqual([failed.status, textAt(failed.body, 'code')], [502, 'channel_unavailable'])
    assert.match(
      textAt(failed.body, 'detail'),
      /^The channel did not take the test: 127\.0\.0\.1:\d+ answered HTTP 503$/,
    )
    const shown = await ask('GET', `/${channel}`)
    assert.match(textAt(shown.body, 'lastFailure', 'message'), /answered HTTP 503$/)
    assert.doesNotMatch(shown.text, /s3cret|whsec_/)
  })

  test('are refused where nothing can be sent, naming the setting', async () => {
    const mail = await ask('POST', '', { kind: 'email', name: 'x', to: ['ops@example.com'] })
    assert.equal(mail.status, 400)
    assert.match(mail.text, /PARLEY_SMTP_URL/)
    for (const url of ['http://169.254.169.254/latest', 'https://10.0.0.1/']) {
      const refused = await ask('POST', '', { kind: 'webhook', name: 'x', url })
      assert.equal(refused.status, 400, refused.text)
      assert.match(refused.text, /PARLEY_ALLOW_ALERTS|metadata service/)
    }
    assert.equal(listAt((await ask('GET', '')).body, 'items').length, 1)
  })

  test('are told after a crash, and again under the same id where nobody knows whether they were', async () => {
    await parley.kill('SIGKILL')
    const alert = await fireInto(join(parley.dataDir, 'parley.db'), channel)
    const before = server.exchanges.length
    const came = (n: number) => eventually(`notification ${n}`, () => server.exchanges[before + n - 1])
    // As a server that takes what it is sent, and says nothing of it.
    answer = () => {}
    await parley.restart()
    const first = verified(await came(1))
    assert.equal(at(first.body, 'commonLabels', 'alertname'), 'Shop is down')

    assert.equal((await parley.stop()).code, 0)
    answer = ok
    await parley.restart()
    const second = verified(await came(2))

    assert.equal(second.id, first.id)
    assert.equal(textAt(second.body, 'status'), 'firing')
    await eventually('it is written down', async () => {
      const told = await native(parley.adminKey, 'GET', `${parley.url}/alerts/${alert}/notifications`)
      const [entry] = listAt(told.body, 'items')
      return at(entry, 'status') === 'sent' && at(entry, 'attempts') === 2 ? true : undefined
    })
  })

  test('are deleted', async () => {
    assert.equal((await ask('DELETE', `/${channel}`)).status, 204)
    assert.equal((await ask('GET', `/${channel}`)).status, 404)
    assert.equal((await ask('POST', `/${channel}/test`)).status, 404)
  })
})

function ok({ response }: Exchange): void {
  response.end()
}

/** An alert that fired just before the gateway died: in one commit with the work of telling the channel. */
async function fireInto(path: string, channelId: string): Promise<string> {
  await using backend = await openSqlite({ path, now: Date.now })
  const id = newUuid()
  const alert = {
    id,
    tenant: 'default',
    ruleId: 'rule-1',
    ruleName: 'Shop is down',
    severity: 'critical',
    agentId: agentId('agent-1'),
    agentSlug: 'shop',
    summary: 'shop is down',
    startsAt: Date.now(),
    victims: [],
    news: 1,
    channels: [channelId],
  } as const
  const work = { kind: 'notify', key: notifyKey(id, channelId), lane: channelId, dueAt: Date.now() } as const
  assert.equal(await backend.alerts.commit({ alerts: [alert], work: [work] }), 'committed')
  return id
}
