import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { nameOf, WAYS, type Way } from '../../equivalence/ways.ts'
import { at, listAt, textAt } from '../json-path.ts'
import { createRawWays, type RawAnswer, readAnswer } from '../raw-ways.ts'
import { native } from '../rpc.ts'
import { EVERY_SCOPE, openStage, type Stage } from './stage.ts'

/** How somebody loses what a stream went on by. */
type Loss = {
  readonly name: string
  readonly key: string
  readonly lose: () => Promise<void>
  /** What the same call is refused with from then on, by its kind. */
  readonly refusal: keyof typeof REFUSALS
}

const REFUSALS = {
  unauthenticated: /UNAUTHENTICATED|unauthenticated/,
  hidden: /AGENT_NOT_FOUND|(?:agent|task)_not_found/,
} as const

const LIFE_MS = 12_000

type Stream = { readonly name: string; readonly loss: Loss; readonly answer: Promise<RawAnswer> }

describe('a stream', { timeout: 180_000 }, () => {
  const opened = new AsyncDisposableStack()
  const ways = createRawWays()
  let stage: Stage
  let losses: readonly Loss[]
  const streams: Stream[] = []

  before(async () => {
    stage = opened.use(await openStage({ env: { PARLEY_RECHECK_MS: '300' } }))
    opened.defer(ways.close)
    losses = await prepareLosses(stage)
    await Promise.all(losses.flatMap((loss) => WAYS.map((way) => openBoth(way, loss))))
  })
  after(() => opened.disposeAsync())

  /** A send that streams, and two more streams of the task that it makes: over the same way, and natively. */
  async function openBoth(way: Way, loss: Loss): Promise<void> {
    const [grpc = ''] = stage.parley.grpc
    const target = { url: stage.parley.url, grpc, agent: 'm-hidden', key: loss.key }
    const caller = ways.over(way, target)
    const open = async (name: string, start: (onOpen: () => void) => Promise<RawAnswer>) => {
      const begun = Promise.withResolvers<void>()
      const answer = start(begun.resolve)
      streams.push({ name: `${nameOf(way)}, ${name}, ${loss.name}`, loss, answer })
      await Promise.race([begun.promise, answer])
    }
    const messageId = `${loss.name} ${nameOf(way)}`
    await open('SendStreamingMessage', (onOpen) =>
      caller.ask({ operation: 'SendStreamingMessage', text: 'slow 3600000', messageId }, {}, onOpen),
    )
    const id = await taskOf(loss.key, messageId)
    await open('SubscribeToTask', (onOpen) => caller.ask({ operation: 'SubscribeToTask', id }, {}, onOpen))
    await open('events', async (onOpen) => {
      const response = await fetch(`${stage.parley.url}/tasks/${id}/events`, {
        headers: { accept: 'text/event-stream', authorization: `Bearer ${loss.key}` },
        signal: AbortSignal.timeout(30_000),
      })
      onOpen()
      return readAnswer(response)
    })
  }

  /** The caller's task that a message made. */
  async function taskOf(key: string, messageId: string): Promise<string> {
    const tasks = await native(key, 'GET', `${stage.parley.url}/tasks?limit=100`)
    for (const task of listAt(tasks.body, 'items')) {
      const id = textAt(task, 'id')
      const { text } = await native(key, 'GET', `${stage.parley.url}/tasks/${id}`)
      if (text.includes(messageId)) return id
    }
    throw new assert.AssertionError({ message: `no task of ${messageId} in ${tasks.text}` })
  }

  test('outlives none of the rights that it goes on by', async () => {
    await Promise.all(losses.map(({ lose }) => lose()))
    const faults: string[] = []
    for (const { name, loss, answer } of streams) {
      const { status, shown } = await answer.catch((reason) => ({ status: -1, shown: String(reason) }))
      const began = /TASK_STATE|task/i.test(shown)
      if (began && REFUSALS[loss.refusal].test(shown)) continue
      faults.push(`${name}: ${status} ${shown.slice(-600)}`)
    }
    assert.deepEqual(faults, [])
    assert.equal(streams.length, losses.length * WAYS.length * 3)
  })

  test('does not take the task with it when it ends', async () => {
    const { body } = await native(stage.parley.adminKey, 'GET', `${stage.parley.url}/tasks?limit=100`)
    const states = listAt(body, 'items').map((task) => at(task, 'status', 'state'))
    const working = states.filter((state) => state === 'TASK_STATE_WORKING')
    assert.ok(working.length >= losses.length * WAYS.length, JSON.stringify(states))
  })
})

async function prepareLosses(stage: Stage): Promise<readonly Loss[]> {
  const { parley, key, token } = stage
  const patch = async (path: string, method: string, body?: object) => {
    const reply = await native(parley.adminKey, method, parley.url + path, body)
    assert.ok(reply.status < 300, reply.text)
  }
  const invoke = (subject: string) => ({ to: { subject }, right: 'invoke' }) as const
  for (const subject of ['revoked', 'expired', 'rotated', 'ungranted', 'corp:expired']) {
    await stage.grant(invoke(subject))
  }
  const revoked = await key({ subject: 'revoked' })
  const rotated = await key({ subject: 'rotated' })
  const expiresAt = Date.now() + LIFE_MS
  const nothing = async () => {}
  return [
    {
      name: 'key revoked',
      key: revoked.secret,
      lose: () => patch(`/keys/${revoked.id}`, 'DELETE'),
      refusal: 'unauthenticated',
    },
    {
      name: 'key rotated without overlap',
      key: rotated.secret,
      lose: () => patch(`/keys/${rotated.id}/rotate`, 'POST', { overlapMs: 0 }),
      refusal: 'unauthenticated',
    },
    {
      name: 'key expired',
      key: (await key({ subject: 'expired', expiresAt })).secret,
      lose: nothing,
      refusal: 'unauthenticated',
    },
    {
      name: 'token expired',
      key: token({ sub: 'expired', scope: EVERY_SCOPE.join(' '), exp: Math.floor(expiresAt / 1000) }),
      lose: nothing,
      refusal: 'unauthenticated',
    },
    {
      name: 'grant taken back',
      key: (await key({ subject: 'ungranted' })).secret,
      lose: () => stage.takeBack(invoke('ungranted')),
      refusal: 'hidden',
    },
  ]
}
