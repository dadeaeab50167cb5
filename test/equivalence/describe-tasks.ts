import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import type { SendMessageRequest } from '../../src/a2a/requests.ts'
import type { SendMessageResponse, Task } from '../../src/a2a/task.ts'
import { refused } from './refused.ts'
import type { Frame, OpenWorld, TasksClient, World } from './tasks-client.ts'

/** The operations of A2A 1.0 §3.1 with a real agent behind them: the same cases for every way in (§5.1). */
export function describeTasks(name: string, open: OpenWorld): void {
  describe(`A2A tasks: ${name}`, { concurrency: true }, () => {
    // Cases have clients of their own, so one gateway serves them all.
    let world: World | undefined
    before(async () => {
      world = await open()
    })
    after(() => world?.[Symbol.asyncDispose]())

    /** A client of a new subject, and one that may list for it where its own version cannot. */
    const clientsOf = async (name: string) => {
      assert.ok(world !== undefined)
      const subject = `key:${name}-${randomUUID()}`
      const client = await world.client(subject)
      return { client, lister: client.can.list ? client : await world.witness(subject) }
    }
    const clientOf = async (name: string): Promise<TasksClient> => (await clientsOf(name)).client

    it('answers a blocking send with the finished task', async () => {
      const client = await clientOf('alice')

      const task = taskIn(await client.send(message('echo hello')))

      assert.deepEqual(summary(task), {
        state: 'COMPLETED',
        said: 'hello',
        artifacts: ['hello'],
        history: ['echo hello'],
      })
      assert.deepEqual(summary(await client.get({ id: task.id })), summary(task))
    })

    it('answers a send that does not wait with the SUBMITTED task', async () => {
      const client = await clientOf('alice')

      const task = taskIn(await client.send(message('slow 60000', {}, { returnImmediately: true })))

      assert.equal(task.status.state, 'TASK_STATE_SUBMITTED')
      assert.equal((await client.cancel({ id: task.id })).status.state, 'TASK_STATE_CANCELED')
    })

    it('passes a plain message on, and makes no task of it', async () => {
      const { client, lister } = await clientsOf('alice')

      const answer = await client.send(message('message Hi'))

      assert.equal(answer.message?.parts[0]?.text, 'Hi')
      assert.equal(answer.task, undefined)
      assert.equal((await lister.list({})).totalSize, 0)
      const frames = await all(client.stream(message('message Hi')))
      assert.deepEqual(
        frames.map(({ event }) => event.message?.parts[0]?.text),
        ['Hi'],
      )
    })

    it('streams the task, its events without a gap, and its end', async () => {
      const client = await clientOf('alice')

      const frames = await all(client.stream(message('stream 3 1')))

      assert.ok(frames[0]?.event.task !== undefined)
      assert.equal(frames.at(-1)?.event.statusUpdate?.status.state, 'TASK_STATE_COMPLETED')
      const chunks = frames.flatMap(({ event }) => event.artifactUpdate ?? [])
      assert.equal(textIn(chunks.flatMap(({ artifact }) => artifact.parts)), 'chunk 1 chunk 2 chunk 3 ')
      const appended = chunks.map(({ append }) => append ?? false)
      assert.deepEqual(appended, client.can.seeAppends ? [false, true, true] : [false, false, false])
      assertNumbered(client, frames, 1)
    })

    it('shows the end of a stream to who comes back, from where they left if they can say where', async () => {
      const client = await clientOf('alice')
      const frames = await all(client.stream(message('stream 3 1')))
      const id = frames[0]?.event.task?.id ?? ''

      if (client.can.resume) {
        assert.deepEqual(await all(client.subscribe({ id, afterSeq: 2 })), frames.slice(2))
        await refused(all(client.subscribe({ id, afterSeq: 99 })), 'INVALID_PARAMS')
      } else {
        assert.equal(summary(await client.get({ id })).artifacts[0], 'chunk 1 chunk 2 chunk 3 ')
      }
    })

    it('lets a second reader join with a snapshot', async () => {
      const client = await clientOf('alice')
      const { id } = taskIn(await client.send(message('input')))
      const frames: Frame[] = []

      for await (const frame of client.subscribe({ id })) {
        const isFirst = frames.push(frame) === 1
        if (isFirst) await client.send(message('blue', { taskId: id }))
      }

      assert.equal(frames[0]?.event.task?.id, id)
      assert.equal(frames.at(-1)?.event.statusUpdate?.status.state, 'TASK_STATE_COMPLETED')
      assertNumbered(client, frames, frames[0]?.seq ?? 0)
    })

    it('takes the answer to a question on the same task', async () => {
      const client = await clientOf('alice')
      const asked = taskIn(await client.send(message('input')))
      assert.equal(asked.status.state, 'TASK_STATE_INPUT_REQUIRED')

      const task = taskIn(await client.send(message('blue', { taskId: asked.id })))

      assert.equal(task.id, asked.id)
      assert.equal(task.contextId, asked.contextId)
      assert.deepEqual(summary(task), {
        state: 'COMPLETED',
        said: 'You said: blue',
        artifacts: ['You said: blue'],
        history: ['input', 'Which colour would you like?', 'blue'],
      })
    })

    it('goes on by itself after AUTH_REQUIRED', async () => {
      const client = await clientOf('alice')

      const frames = await all(client.stream(message('auth 20')))

      const states = frames.map(({ event }) => (event.task ?? event.statusUpdate)?.status.state)
      assert.deepEqual(states.slice(-3), [
        'TASK_STATE_AUTH_REQUIRED',
        'TASK_STATE_WORKING',
        'TASK_STATE_COMPLETED',
      ])
    })

    for (const [text, state] of [
      ['reject', 'REJECTED'],
      ['fail', 'FAILED'],
    ] as const) {
      it(`shows the end the agent chose: ${state}`, async () => {
        const client = await clientOf('alice')

        assert.equal(summary(taskIn(await client.send(message(text)))).state, state)
      })
    }

    it('fails a task whose agent answers garbage, saying so', async () => {
      const client = await clientOf('alice')

      const task = taskIn(await client.send(message('garbage json')))

      assert.equal(task.status.state, 'TASK_STATE_FAILED')
      assert.match(JSON.stringify(task.status.message?.metadata), /INVALID_AGENT_RESPONSE/)
    })

    it('cancels a running task once, and says the same when asked again', async () => {
      const client = await clientOf('alice')
      const { id } = taskIn(await client.send(message('slow 60000', {}, { returnImmediately: true })))

      const canceled = await client.cancel({ id })

      assert.equal(canceled.status.state, 'TASK_STATE_CANCELED')
      assert.deepEqual(await client.cancel({ id }), canceled)
    })

    it('answers a repeated idempotency key alike', async () => {
      const { client, lister } = await clientsOf('alice')
      const request = message('echo once')
      const options = { idempotencyKey: 'k-1' }

      const answers = await Promise.all([client.send(request, options), client.send(request, options)])

      assert.deepEqual(answers[0], answers[1])
      assert.equal((await lister.list({})).totalSize, 1)
      await refused(client.send(message('echo other'), options), 'IDEMPOTENCY_CONFLICT')
    })

    it('lists the own tasks, newest first, page by page', async () => {
      const { client, lister } = await clientsOf('alice')
      const { lister: bob } = await clientsOf('bob')
      if (!client.can.list) await assert.rejects(client.list({}), /tasks\/list/)
      for (const text of ['echo 1', 'echo 2', 'echo 3']) await client.send(message(text))

      const first = await lister.list({ pageSize: 2, includeArtifacts: true })
      const second = await lister.list({
        pageSize: 2,
        pageToken: first.nextPageToken,
        includeArtifacts: true,
      })

      const shown = [...first.tasks, ...second.tasks].map((task) => summary(task).artifacts[0])
      assert.deepEqual(shown, ['3', '2', '1'])
      assert.deepEqual([first.totalSize, first.pageSize, second.nextPageToken], [3, 2, ''])
      assert.equal(Object.hasOwn((await lister.list({})).tasks[0] ?? {}, 'artifacts'), false)
      assert.deepEqual(await bob.list({}), { tasks: [], nextPageToken: '', pageSize: 50, totalSize: 0 })
    })

    it('cuts the history as it is asked to', async () => {
      const client = await clientOf('alice')
      const { id } = taskIn(await client.send(message('input')))
      await client.send(message('blue', { taskId: id }))
      const none = client.can.askForNoHistory ? undefined : 3

      assert.equal((await client.get({ id, historyLength: 0 })).history?.length, none)
      assert.equal((await client.get({ id, historyLength: 2 })).history?.length, 2)
      const { history } = taskIn(await client.send(message('echo x', {}, { historyLength: 0 })))
      assert.equal(history?.length, client.can.askForNoHistory ? undefined : 1)
    })

    it('refuses what cannot be, with the same code for the same cause', async () => {
      const client = await clientOf('alice')
      const { id, contextId } = taskIn(await client.send(message('echo done')))
      const open = taskIn(await client.send(message('input'))).id

      await refused(client.get({ id: 'nope' }), 'TASK_NOT_FOUND')
      await refused(client.cancel({ id: 'nope' }), 'TASK_NOT_FOUND')
      await refused(all(client.subscribe({ id: 'nope' })), 'TASK_NOT_FOUND')
      await refused(client.send(message('x', { taskId: 'nope' })), 'TASK_NOT_FOUND')
      await refused(all(client.stream(message('x', { taskId: 'nope' }))), 'TASK_NOT_FOUND')
      await refused(client.cancel({ id }), 'TASK_NOT_CANCELABLE')
      await refused(
        client.send(message('x', { taskId: id, contextId: contextId ?? '' })),
        'UNSUPPORTED_OPERATION',
      )
      await refused(
        client.send(message('x', { taskId: open, contextId: 'else' })),
        'INVALID_PARAMS',
        'message.contextId',
      )
      await refused(client.get({ id, historyLength: -1 }), 'INVALID_PARAMS', 'historyLength')
      const webhook = { taskPushNotificationConfig: { url: 'https://client.example' } }
      await refused(client.send(message('x', {}, webhook)), 'PUSH_NOTIFICATION_NOT_SUPPORTED')
    })

    it('refuses to follow a task that has ended, or shows how it ended', async () => {
      const client = await clientOf('alice')
      const { id } = taskIn(await client.send(message('echo done')))

      const following = all(client.subscribe({ id }))

      if (!client.can.subscribeToEnded) return refused(following, 'UNSUPPORTED_OPERATION')
      const [only, ...more] = await following
      assert.equal(only?.event.task?.status.state, 'TASK_STATE_COMPLETED')
      assert.deepEqual(more, [])
    })

    it('refuses references to tasks that are not there', async () => {
      const client = await clientOf('alice')

      const sending = client.send(message('echo x', { referenceTaskIds: ['nope'] }))

      if (client.can.refer) await refused(sending, 'TASK_NOT_FOUND')
      else assert.equal(summary(taskIn(await sending)).state, 'COMPLETED')
    })

    it('checks every parameter of a list', async () => {
      const { lister } = await clientsOf('alice')

      await refused(lister.list({ pageSize: 0 }), 'INVALID_PARAMS', 'pageSize')
      await refused(lister.list({ pageSize: 101 }), 'INVALID_PARAMS', 'pageSize')
      await refused(lister.list({ pageToken: 'made up' }), 'INVALID_PARAMS')
      await refused(lister.list({ historyLength: -1 }), 'INVALID_PARAMS', 'historyLength')
      // Client libraries read the moment themselves, so not all of them get this far.
      const wrong = lister.list({ statusTimestampAfter: 'now' })
      if (lister.can.resume) await refused(wrong, 'INVALID_PARAMS', 'statusTimestampAfter')
      else await assert.rejects(wrong)
    })

    it('names what is wrong with a message', async () => {
      const client = await clientOf('alice')
      const field = client.can.sendWrong ? 'message.parts' : undefined

      await refusedSomehow(client.send(message('x', { parts: [] })), field)
      await refusedSomehow(client.send(message('x', { parts: [{}] })), field && `${field}[0]`)
    })

    it('answers for the task of somebody else as for none', async () => {
      const client = await clientOf('alice')
      const bob = await clientOf('bob')
      const { id } = taskIn(await client.send(message('input')))

      await refused(bob.get({ id }), 'TASK_NOT_FOUND')
      await refused(bob.cancel({ id }), 'TASK_NOT_FOUND')
      await refused(all(bob.subscribe({ id })), 'TASK_NOT_FOUND')
      await refused(bob.send(message('x', { taskId: id })), 'TASK_NOT_FOUND')
      if (!bob.can.refer) return
      await refused(bob.send(message('x', { referenceTaskIds: [id] })), 'TASK_NOT_FOUND')
    })
  })
}

function message(
  text: string,
  more: Partial<SendMessageRequest['message']> = {},
  configuration?: SendMessageRequest['configuration'],
): SendMessageRequest {
  return {
    message: { messageId: randomUUID(), role: 'ROLE_USER', parts: [{ text }], ...more },
    ...(configuration === undefined ? {} : { configuration }),
  }
}

function taskIn(answer: SendMessageResponse): Task {
  assert.ok(answer.task !== undefined, JSON.stringify(answer))
  return answer.task
}

const textIn = (parts: readonly { readonly text?: string }[] | undefined) =>
  parts?.map(({ text }) => text ?? '').join('')

/** What a task says, without ids and times. */
const summary = (task: Task) => ({
  state: task.status.state.replace('TASK_STATE_', ''),
  said: textIn(task.status.message?.parts),
  artifacts: (task.artifacts ?? []).map(({ parts }) => textIn(parts)),
  history: (task.history ?? []).map(({ parts }) => textIn(parts)),
})

async function all(frames: AsyncIterable<Frame>): Promise<readonly Frame[]> {
  const taken: Frame[] = []
  for await (const frame of frames) taken.push(frame)
  return taken
}

/** Refused for a field; without one, by the gateway or by the client library before. */
const refusedSomehow = (asked: Promise<unknown>, field: string | undefined): Promise<void> =>
  field === undefined ? assert.rejects(asked) : refused(asked, 'INVALID_PARAMS', field)

/** Frames follow each other without a gap, as far as the client sees their numbers. */
function assertNumbered(client: TasksClient, frames: readonly Frame[], first: number): void {
  assert.deepEqual(
    frames.map(({ seq }) => seq),
    frames.map((_, index) => (client.can.resume ? first + index : undefined)),
  )
}
