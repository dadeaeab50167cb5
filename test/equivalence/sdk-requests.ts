import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { type Message, SendMessageRequest, type StreamResponse, type Task, TaskState } from '@a2a-js/sdk'
import type { Client } from '@a2a-js/sdk/client'
import { told, toldEach } from './sdk-refusal.ts'

/** A message in the SDK's own form, from its wire JSON. */
export const textMessage = (text: string, more: object = {}, configuration: object = {}) =>
  SendMessageRequest.fromJSON({
    message: { messageId: randomUUID(), role: 'ROLE_USER', parts: [{ text }], ...more },
    configuration,
  })

/** Sends a text and waits; the answer must be a task. */
export const finished = async (client: Client, text: string, more: object = {}): Promise<Task> =>
  asTask(await told(() => client.sendMessage(textMessage(text, more))))

/** Sends a text and does not wait; the answer must be a task. */
export const started = async (client: Client, text: string): Promise<Task> =>
  asTask(await told(() => client.sendMessage(textMessage(text, {}, { returnImmediately: true }))))

export const cancel = (client: Client, id: string): Promise<Task> =>
  told(() => client.cancelTask({ tenant: '', id, metadata: undefined }))

export const stream = (client: Client, text: string, more: object = {}) =>
  toldEach(() => client.sendMessageStream(textMessage(text, more)))

export const subscribe = (client: Client, id: string) =>
  toldEach(() => client.resubscribeTask({ tenant: '', id }))

export async function all(events: AsyncIterable<StreamResponse>): Promise<readonly StreamResponse[]> {
  const taken: StreamResponse[] = []
  for await (const event of events) taken.push(event)
  return taken
}

export function asTask(answer: Task | Message): Task {
  if (!('artifacts' in answer)) throw new assert.AssertionError({ message: 'a task is expected' })
  return answer
}

export const textIn = (parts: Message['parts'] | undefined): string =>
  parts?.map(({ content }) => (content?.$case === 'text' ? content.value : '')).join('') ?? ''

export const stateOf = (status: Task['status']): string =>
  TaskState[status?.state ?? TaskState.UNRECOGNIZED].replace('TASK_STATE_', '')

/** What a task says, without ids and times. */
export const summary = ({ status, artifacts, history }: Task) => ({
  state: stateOf(status),
  said: textIn(status?.message?.parts),
  artifacts: artifacts.map(({ name, parts }) => `${name}: ${textIn(parts)}`),
  history: history.map(({ role, parts }) => `${role}: ${textIn(parts)}`),
})

/** What a stream says, an event a line. */
export const story = (events: readonly StreamResponse[]): readonly string[] =>
  events.map(({ payload }) => {
    switch (payload?.$case) {
      case 'task':
        return `task ${stateOf(payload.value.status)}`
      case 'message':
        return `message ${textIn(payload.value.parts)}`
      case 'statusUpdate':
        return `status ${stateOf(payload.value.status)}`
      case 'artifactUpdate': {
        const { lastChunk, artifact } = payload.value
        return `artifact ${textIn(artifact?.parts)}${lastChunk ? '(last)' : ''}`
      }
      default:
        return 'nothing'
    }
  })
