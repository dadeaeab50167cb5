import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { TaskState } from '@a2a-js/sdk'
import type { Client } from '@a2a-js/sdk/client'
import { OPERATIONS, type Operation } from '../../src/a2a/operation.ts'
import { told } from './sdk-refusal.ts'
import { all, cancel, finished, started, story, stream, subscribe, summary } from './sdk-requests.ts'
import { Refusal } from './tasks-client.ts'
import { nameOf, WAYS, type Way } from './ways.ts'

type Case = {
  readonly run: (client: Client) => Promise<unknown>
  /** What every way answers, without ids and times. */
  readonly answer: unknown
  /** What the SDK says of a version that has no such operation. */
  readonly absentIn?: { readonly version: Way['version']; readonly says: RegExp }
}

const NO_PUSH = 'refused: PUSH_NOTIFICATION_NOT_SUPPORTED'

const webhook = (taskId: string, id = 'c1') => ({
  tenant: '',
  id,
  taskId,
  url: 'https://client.example/hook',
  token: '',
  authentication: undefined,
})

/** Every operation of A2A, called by the official client. */
const CASES: Readonly<Record<Operation, Case>> = {
  SendMessage: {
    run: async (client) => summary(await finished(client, 'echo hello')),
    answer: { state: 'COMPLETED', said: 'hello', artifacts: ['result: hello'], history: ['1: echo hello'] },
  },
  SendStreamingMessage: {
    run: async (client) => story(await all(stream(client, 'stream 2 1'))),
    answer: [
      'task SUBMITTED',
      'status WORKING',
      'artifact chunk 1 ',
      'artifact chunk 2 (last)',
      'status COMPLETED',
    ],
  },
  GetTask: {
    run: async (client) => {
      const { id } = await finished(client, 'input')
      await finished(client, 'blue', { taskId: id })
      return summary(await told(() => client.getTask({ tenant: '', id, historyLength: 2 })))
    },
    answer: {
      state: 'COMPLETED',
      said: 'You said: blue',
      artifacts: ['result: You said: blue'],
      history: ['2: Which colour would you like?', '1: blue'],
    },
  },
  ListTasks: {
    run: async (client) => {
      for (const text of ['echo 1', 'reject', 'echo 3']) await finished(client, text)
      const page = await told(() =>
        client.listTasks({
          tenant: '',
          contextId: '',
          status: TaskState.TASK_STATE_COMPLETED,
          pageToken: '',
          pageSize: 1,
          statusTimestampAfter: undefined,
        }),
      )
      const { totalSize, pageSize, nextPageToken } = page
      return {
        tasks: page.tasks.map(summary),
        totalSize,
        pageSize,
        more: nextPageToken !== '',
      }
    },
    answer: {
      tasks: [{ state: 'COMPLETED', said: '3', artifacts: [], history: ['1: echo 3'] }],
      totalSize: 2,
      pageSize: 1,
      more: true,
    },
    absentIn: { version: '0.3', says: /tasks\/list/ },
  },
  CancelTask: {
    run: async (client) => summary(await cancel(client, (await started(client, 'slow 60000')).id)).state,
    answer: 'CANCELED',
  },
  SubscribeToTask: {
    run: async (client) => {
      const { id } = await finished(client, 'input')
      const seen = []
      for await (const event of subscribe(client, id)) {
        if (seen.push(event) === 1) await finished(client, 'blue', { taskId: id })
      }
      const told = story(seen)
      return [told[0], told.at(-2), told.at(-1)]
    },
    answer: ['task INPUT_REQUIRED', 'artifact You said: blue(last)', 'status COMPLETED'],
  },
  CreateTaskPushNotificationConfig: {
    run: async (client) => {
      const { id } = await finished(client, 'input')
      return told(() => client.createTaskPushNotificationConfig(webhook(id)))
    },
    answer: NO_PUSH,
  },
  GetTaskPushNotificationConfig: {
    run: async (client) => {
      const { id } = await finished(client, 'input')
      return told(() => client.getTaskPushNotificationConfig({ tenant: '', taskId: id, id: 'c1' }))
    },
    answer: NO_PUSH,
  },
  ListTaskPushNotificationConfigs: {
    run: async (client) => {
      const { id } = await finished(client, 'input')
      return told(() =>
        client.listTaskPushNotificationConfig({ tenant: '', taskId: id, pageSize: 0, pageToken: '' }),
      )
    },
    answer: NO_PUSH,
  },
  DeleteTaskPushNotificationConfig: {
    run: async (client) => {
      const { id } = await finished(client, 'input')
      return told(() => client.deleteTaskPushNotificationConfig({ tenant: '', taskId: id, id: 'c1' }))
    },
    answer: NO_PUSH,
  },
  GetExtendedAgentCard: {
    run: async (client) => {
      const { name, skills } = await told(() => client.getAgentCard())
      return { name, extended: skills.filter(({ tags }) => tags.includes('extended')).map(({ id }) => id) }
    },
    answer: { name: 'Scenario agent', extended: ['whisper'] },
  },
}

/** Each operation over every way in: one answer. `connect` makes a client of a subject of its own. */
export function describeOperations(connect: (way: Way) => Promise<Client>): void {
  describe('the operations of A2A, each over every way', { concurrency: true }, () => {
    for (const operation of OPERATIONS) {
      const { run, answer, absentIn } = CASES[operation]
      it(`${operation} answers alike`, async () => {
        const ways = WAYS.filter(({ version }) => version !== absentIn?.version)

        const answers = await Promise.all(ways.map(async (way) => [nameOf(way), await answerOf(run, way)]))

        assert.deepEqual(
          Object.fromEntries(answers),
          Object.fromEntries(ways.map((way) => [nameOf(way), answer])),
        )
      })
      if (absentIn === undefined) continue
      it(`${operation} is no operation of ${absentIn.version}`, async () => {
        for (const way of WAYS.filter(({ version }) => version === absentIn.version)) {
          await assert.rejects(run(await connect(way)), absentIn.says)
        }
      })
    }
  })

  const answerOf = async (run: Case['run'], way: Way): Promise<unknown> => {
    try {
      return await run(await connect(way))
    } catch (error) {
      if (error instanceof Refusal) return `refused: ${error.reason}`
      throw error
    }
  }
}
