import { type Part, TaskState } from '@a2a-js/sdk'
import { dataPart, rawPart, textPart, urlPart } from '../parts.ts'
import type { Skill } from '../skill.ts'
import type { Turn } from '../turn.ts'

/** Longer than twice the kit's default streaming timeout of 2 s. */
const RESUBSCRIBE_MS = 4000

const OUTPUT = { filename: 'output.txt', mediaType: 'text/plain' }
const outputFile = () => rawPart(Buffer.from('Generated file content\n'), OUTPUT)

const scenario = (id: string, run: Skill['run']): Skill => ({
  id,
  description: `Answers messages of the A2A compatibility kit whose messageId starts with ${id}.`,
  tags: ['kit'],
  example: id,
  run,
})

const completesWith =
  (part: () => Part) =>
  ({ artifact, complete }: Turn) => {
    artifact([part()])
    complete()
  }

const streams =
  (part: () => Part) =>
  ({ status, artifact, complete }: Turn) => {
    status(TaskState.TASK_STATE_WORKING)
    artifact([part()])
    complete()
  }

const askForMore: Skill['run'] = ({ status }) =>
  status(TaskState.TASK_STATE_INPUT_REQUIRED, 'Please tell more.')

/** The kit for 0.3 goes on with the tasks of these messages, or cancels them. */
const STAYS_OPEN = ['test-message-id', 'text-message-id', 'test-history', 'mapping-test', 'cancel-test']

/** What the A2A compatibility kit expects, by the start of `messageId`. Not listed on the card. */
export const KIT_SCENARIOS: readonly Skill[] = [
  scenario('tck-complete-task', ({ complete }) => complete('Hello from TCK')),
  scenario(
    'tck-artifact-text',
    completesWith(() => textPart('Generated text content')),
  ),
  scenario('tck-artifact-file', completesWith(outputFile)),
  scenario(
    'tck-artifact-file-url',
    completesWith(() => urlPart('https://example.com/output.txt', OUTPUT)),
  ),
  scenario(
    'tck-artifact-data',
    completesWith(() => dataPart({ key: 'value', count: 42 })),
  ),
  {
    ...scenario('tck-message-response', ({ reply }) => reply('Direct message response')),
    answersWith: 'message',
  },
  scenario('tck-input-required', askForMore),
  ...STAYS_OPEN.map((id) => scenario(id, askForMore)),
  scenario('tck-reject-task', ({ status }) => status(TaskState.TASK_STATE_REJECTED, 'rejected')),
  scenario(
    'tck-stream-001',
    streams(() => textPart('Stream hello from TCK')),
  ),
  scenario('tck-stream-002', ({ complete }) => complete()),
  scenario(
    'tck-stream-003',
    streams(() => textPart('Stream task lifecycle')),
  ),
  scenario(
    'tck-stream-ordering-001',
    streams(() => textPart('Ordered output')),
  ),
  scenario(
    'tck-stream-artifact-text',
    streams(() => textPart('Streamed text content')),
  ),
  scenario('tck-stream-artifact-file', streams(outputFile)),
  scenario('tck-stream-artifact-chunked', ({ status, artifact, complete }) => {
    status(TaskState.TASK_STATE_WORKING)
    artifact([textPart('chunk-1 ')], { append: true, lastChunk: false })
    artifact([textPart('chunk-2')], { append: true })
    complete()
  }),
  scenario('test-resubscribe-message-id', async ({ status, wait, complete }) => {
    status(TaskState.TASK_STATE_WORKING)
    await wait(RESUBSCRIBE_MS)
    complete()
  }),
]
