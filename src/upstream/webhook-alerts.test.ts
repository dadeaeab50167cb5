import assert from 'node:assert/strict'
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { describe, test } from 'node:test'
import Type from 'typebox'
import { agentId } from '../a2a/ids.ts'
import { check } from '../a2a/wire.ts'
import { createGuard } from './guard.ts'
import { type Exchange, NOW, openLoopbackServer } from './loopback-server.case.ts'
import { failureOf, firing, openAlertSender, resolved, sending } from './open-alert-sender.case.ts'

const closed = { additionalProperties: false }
const Labels = Type.Record(
  Type.String({ pattern: '^[a-zA-Z_][a-zA-Z0-9_]*$' }),
  Type.String({ minLength: 1 }),
)
const Instant = Type.String({ pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?Z$' })
const Status = Type.Enum(['firing', 'resolved'])

/** As Alertmanager's documentation describes the body of its webhooks. */
const webhookCheck = check(
  Type.Object(
    {
      version: Type.Literal('4'),
      groupKey: Type.String({ minLength: 1 }),
      truncatedAlerts: Type.Integer({ minimum: 0 }),
      status: Status,
      receiver: Type.String(),
      groupLabels: Labels,
      commonLabels: Labels,
      commonAnnotations: Labels,
      externalURL: Type.String(),
      alerts: Type.Array(
        Type.Object(
          {
            status: Status,
            labels: Labels,
            annotations: Labels,
            startsAt: Instant,
            endsAt: Instant,
            generatorURL: Type.String(),
            fingerprint: Type.String({ pattern: '^[0-9a-f]{16}$' }),
          },
          closed,
        ),
        { minItems: 1 },
      ),
    },
    closed,
  ),
)

/** As Alertmanager's API describes `postableAlerts`. */
const apiCheck = check(
  Type.Array(
    Type.Object(
      {
        labels: Labels,
        annotations: Type.Optional(Labels),
        startsAt: Type.Optional(Instant),
        endsAt: Type.Optional(Instant),
        generatorURL: Type.Optional(Type.String()),
      },
      closed,
    ),
  ),
)

const ok = ({ response }: Exchange) => void response.end()
const answering =
  (status: number, headers = {}) =>
  ({ response }: Exchange) =>
    void response.writeHead(status, headers).end()

describe('an alert for a webhook', () => {
  test('comes in the format of Alertmanager, firing and resolved', async () => {
    await using server = await openLoopbackServer(ok)
    await using sender = openAlertSender()
    const target = { kind: 'webhook', url: `${server.url}/hook?team=a` } as const

    await sender.send(target, firing, sending)
    await sender.send(target, resolved, sending)

    const [first, second] = server.exchanges.map(({ body }) => webhookCheck.parse(JSON.parse(body)))
    assert.deepEqual(
      server.exchanges.map(({ request }) => [request.method, request.url, request.headers['content-type']]),
      Array(2).fill(['POST', '/hook?team=a', 'application/json']),
    )
    assert.deepEqual(first?.alerts[0]?.labels, {
      alertname: 'Shop is down',
      severity: 'critical',
      agent: 'shop',
      agent_id: 'agent-1',
      tenant: 'default',
      rule: 'rule-1',
    })
    assert.deepEqual(
      [first?.status, first?.alerts[0]?.endsAt, first?.receiver],
      ['firing', '0001-01-01T00:00:00Z', 'night shift'],
    )
    assert.deepEqual([second?.status, second?.alerts[0]?.endsAt], ['resolved', new Date(NOW).toISOString()])
    assert.equal(first?.groupKey, second?.groupKey)
    assert.equal(first?.alerts[0]?.fingerprint, second?.alerts[0]?.fingerprint)
  })

  test('is given to the API of Alertmanager itself, which wants it again before it ends', async () => {
    await using server = await openLoopbackServer(ok)
    await using sender = openAlertSender()
    const target = { kind: 'webhook', url: `${server.url}/alertmanager/api/v2/alerts` } as const

    await sender.send(target, firing, sending)
    await sender.send(target, resolved, sending)

    const [first, second] = server.exchanges.map(({ body }) => apiCheck.parse(JSON.parse(body))[0])
    const repeatMs = sender.repeatMs(target) ?? 0
    assert.ok(repeatMs > 0 && Date.parse(first?.endsAt ?? '') > NOW + 2 * repeatMs)
    assert.equal(second?.endsAt, new Date(NOW).toISOString())
    assert.deepEqual(first?.labels, second?.labels)

    const startsAt = NOW + 3_600_000
    await sender.send(target, { ...firing, startsAt }, sending)
    const [early] = apiCheck.parse(JSON.parse(server.exchanges[2]?.body ?? ''))
    assert.ok(Date.parse(early?.endsAt ?? '') > startsAt, 'by a clock that was set back')
    assert.equal(sender.repeatMs({ kind: 'webhook', url: server.url }), undefined)
  })

  test('is signed when there is a secret, as Standard Webhooks has it', async () => {
    await using server = await openLoopbackServer(ok)
    await using sender = openAlertSender()
    const key = randomBytes(32)
    const url = server.url

    await sender.send({ kind: 'webhook', url, secret: `whsec_${key.toString('base64')}` }, firing, sending)
    await sender.send({ kind: 'webhook', url }, firing, sending)

    const [signed, plain] = server.exchanges
    const {
      'webhook-id': id,
      'webhook-timestamp': at,
      'webhook-signature': signature,
    } = signed?.request.headers ?? {}
    assert.equal(id, 'news-1')
    assert.equal(Number(at), NOW / 1000)
    const [version, code = ''] = String(signature).split(',')
    const expected = createHmac('sha256', key).update(`${id}.${at}.${signed?.body}`).digest()
    assert.equal(version, 'v1')
    assert.ok(timingSafeEqual(Buffer.from(code, 'base64'), expected))
    assert.equal(plain?.request.headers['webhook-signature'], undefined)
  })

  test('names the agent that is to blame', async () => {
    await using server = await openLoopbackServer(ok)
    await using sender = openAlertSender()
    const cause = { agentId: agentId('agent-2'), agentSlug: 'stock' }

    await sender.send({ kind: 'webhook', url: server.url }, { ...firing, cause }, sending)

    const body = webhookCheck.parse(JSON.parse(server.exchanges[0]?.body ?? ''))
    assert.equal(body.commonAnnotations.cause, 'stock')
  })

  test('names agents that are not well because of it, the first of many', async () => {
    await using server = await openLoopbackServer(ok)
    await using sender = openAlertSender()
    const victims = Array.from({ length: 25 }, (_, n) => ({
      agentId: firing.agentId,
      agentSlug: `victim-${n}`,
    }))

    await sender.send({ kind: 'webhook', url: server.url }, { ...firing, victims }, sending)

    const body = webhookCheck.parse(JSON.parse(server.exchanges[0]?.body ?? ''))
    assert.match(body.commonAnnotations.victims ?? '', /^victim-0, .*, victim-19, and 5 more$/)
  })
})

describe('a webhook that does not take an alert', () => {
  for (const [status, isTemporary] of [
    [400, false],
    [404, false],
    [408, true],
    [410, false],
    [429, true],
    [500, true],
    [503, true],
  ] as const) {
    test(`with ${status} is ${isTemporary ? 'tried again' : 'given up'}`, async () => {
      await using server = await openLoopbackServer(answering(status))
      await using sender = openAlertSender()
      const failure = await failureOf(sender, { kind: 'webhook', url: `${server.url}/secret-path` })

      assert.equal(failure.isTemporary, isTemporary)
      assert.equal(failure.message, `127.0.0.1:${server.port} answered HTTP ${status}`)
    })
  }

  test('says how long to wait', async () => {
    await using server = await openLoopbackServer(answering(429, { 'retry-after': '90' }))
    await using sender = openAlertSender()

    assert.equal((await failureOf(sender, { kind: 'webhook', url: server.url })).retryAfterMs, 90_000)
  })

  test('because nobody listens is tried again, and knows nothing of the alert', async () => {
    const server = await openLoopbackServer(ok)
    await server[Symbol.asyncDispose]()
    await using sender = openAlertSender()
    const failure = await failureOf(sender, { kind: 'webhook', url: server.url })

    assert.deepEqual([failure.isTemporary, failure.mayHaveArrived], [true, false])
  })

  test('because it hangs up may know of it', async () => {
    await using server = await openLoopbackServer(({ request }) => void request.socket.destroy())
    await using sender = openAlertSender()
    const failure = await failureOf(sender, { kind: 'webhook', url: server.url })

    assert.deepEqual([failure.isTemporary, failure.mayHaveArrived], [true, true])
  })

  test('but redirects is not followed, wherever that leads', async () => {
    await using inner = await openLoopbackServer(ok)
    for (const location of [inner.url, 'http://169.254.169.254/latest/meta-data', 'http://10.0.0.1/']) {
      await using server = await openLoopbackServer(answering(307, { location }))
      await using sender = openAlertSender()
      const failure = await failureOf(sender, { kind: 'webhook', url: server.url })

      assert.equal(failure.isTemporary, false)
      assert.match(failure.message, /answered HTTP 307, and redirects are not followed$/)
    }
    assert.equal(inner.exchanges.length, 0)
  })

  test('hears a signal', async () => {
    await using server = await openLoopbackServer(() => {})
    await using sender = openAlertSender()
    const abort = new AbortController()
    const sent = sender.send({ kind: 'webhook', url: server.url }, firing, {
      ...sending,
      signal: abort.signal,
    })
    abort.abort(new Error('stopping'))

    await assert.rejects(sent, /stopping/)
  })
})

describe('the policy for alerts', () => {
  const strict = { guard: createGuard({ policies: {} }) }
  const inside = createGuard({
    policies: {},
    resolve: async () => [{ address: '10.1.2.3', family: 4 }],
  })

  for (const url of [
    'https://169.254.169.254/',
    'https://127.0.0.1/',
    'http://hooks.example/',
    'https://[::1]/',
  ]) {
    test(`refuses ${url} before anything is sent, for every kind of URL`, async () => {
      await using sender = openAlertSender(strict)
      for (const kind of ['webhook', 'slack'] as const) {
        assert.equal(sender.refusalOf({ kind, url })?.pointer, '/url')
        const failure = await failureOf(sender, { kind, url })
        assert.equal(failure.isTemporary, false)
        assert.match(failure.message, /PARLEY_ALLOW_ALERTS|metadata service/)
      }
    })
  }

  test('refuses a name that leads inside, without saying where', async () => {
    await using sender = openAlertSender({ guard: inside })
    const target = { kind: 'webhook', url: 'https://hooks.example/s3cret' } as const

    assert.equal(sender.refusalOf(target), undefined)
    const failure = await failureOf(sender, target)
    assert.equal(failure.isTemporary, false)
    assert.match(failure.message, /^hooks\.example is not at a public address: PARLEY_ALLOW_ALERTS can/)
  })

  test('lets the demo reach this machine only', async () => {
    await using server = await openLoopbackServer(ok)
    await using sender = openAlertSender()

    await sender.send({ kind: 'slack', url: server.url }, firing, sending)
    const away = await failureOf(sender, { kind: 'slack', url: 'https://93.184.215.14/' })
    assert.match(away.message, /demo mode calls nothing else/)
  })
})
