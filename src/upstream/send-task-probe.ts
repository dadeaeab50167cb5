import { type JsonText, objectText, textOf } from '../a2a/json-text.ts'
import type { SendMessageRequest } from '../a2a/requests.ts'
import { isTerminal } from '../a2a/task-state.ts'
import {
  type AgentCallOptions,
  type AgentClient,
  AgentFailure,
  type AgentTarget,
} from '../delivery/agent-client.ts'
import type { TaskProbe } from '../registry/health/task-probe.ts'
import { type HeardAnswer, hearAnswer } from './hear-answer.ts'
import { type Judgement, judged, judgeFailure } from './judge-failure.ts'
import { orAbort } from './within.ts'

type Deps = {
  readonly client: Pick<AgentClient, 'send' | 'getTask' | 'cancelTask'>
  readonly newId: () => string
}

/** How often an agent is asked for a task that it goes on with by itself. */
const POLL_MS = 1000

/** How long it may take to take its task back. */
const CANCEL_TIMEOUT_MS = 5000

/** Sends what the agent's owner set, waits until that is settled and judges it. A task that is left over is canceled. */
export async function sendTaskProbe(
  { client, newId }: Deps,
  target: AgentTarget,
  probe: TaskProbe,
  options: AgentCallOptions,
): Promise<Judgement> {
  const answer = hearAnswer()
  try {
    const request = requestFor(newId(), probe.text)
    for await (const { value } of client.send(target, request, options)) {
      answer.hear(value)
      if (answer.isSettled()) break
    }
    while (!answer.isSettled()) {
      const { taskId } = answer
      if (taskId === undefined) return judged('bad-shape', 'The agent ended the exchange without an answer')
      await orAbort(pause(), options.signal)
      answer.hear({ task: (await client.getTask(target, taskId, options)).value })
    }
    return verdictOn(answer, probe)
  } catch (error) {
    if (error instanceof AgentFailure) return judgeFailure(error)
    throw error
  } finally {
    const { taskId, state } = answer
    if (taskId !== undefined && (state === undefined || !isTerminal(state))) {
      const bounded = { ...options, signal: AbortSignal.timeout(CANCEL_TIMEOUT_MS) }
      // Nobody waits for what is left of the task, whether or not the agent heeds this.
      await client.cancelTask(target, taskId, undefined, bounded).catch(() => {})
    }
  }
}

const requestFor = (messageId: string, text: string): JsonText<SendMessageRequest> =>
  objectText([
    [
      'message',
      objectText([
        ['messageId', textOf(messageId)],
        ['role', textOf('ROLE_USER')],
        ['parts', `[{"text":${textOf(text)}}]`],
      ]),
    ],
  ])

const pause = (): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, POLL_MS)
  })

function verdictOn(answer: HeardAnswer, { expect }: TaskProbe): Judgement {
  switch (answer.state) {
    case 'TASK_STATE_FAILED':
      return judged('error', "The agent failed at the probe's message")
    case 'TASK_STATE_REJECTED':
      return judged('error', "The agent rejected the probe's message")
    case 'TASK_STATE_CANCELED':
      return judged('error', "The agent canceled the probe's task")
    case 'TASK_STATE_AUTH_REQUIRED':
      return judged('auth', "The agent asks for a credential before it goes on with the probe's task")
  }
  if (expect === undefined || answer.text().toLowerCase().includes(expect.toLowerCase()))
    return { outcome: 'ok' }
  return judged('unexpected', 'The answer does not contain what the probe expects')
}
