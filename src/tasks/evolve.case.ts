import fc from 'fast-check'
import { agentId, contextId, taskId } from '../a2a/ids.ts'
import { TASK_STATES } from '../a2a/task-state.ts'
import type { NewEvent } from './evolve.ts'
import type { TaskEvent } from './task-event.ts'
import type { TaskHead } from './task-head.ts'

/** The head of a task nobody has written yet. */
export const headBefore = (): TaskHead => ({
  id: taskId('t-1'),
  tenant: 'default',
  owner: 'key:alice',
  agentId: agentId('agent-1'),
  contextId: contextId('c"1'),
  phase: 'task',
  version: 0,
  seq: 0,
  createdAt: 0,
  at: 0,
  state: 'TASK_STATE_SUBMITTED',
  statusSeq: 0,
  statusAt: 0,
  artifacts: [],
  bytes: 0,
  delivery: { unsent: [] },
})

const word = fc.string({ unit: 'grapheme', maxLength: 4 })

const message = (role: string) =>
  word.map((text) => JSON.stringify({ messageId: `m-${text}`, role, parts: [{ text }] }))

const submitted = message('ROLE_USER').map(
  (body): NewEvent => ({ kind: 'submitted', state: 'TASK_STATE_SUBMITTED', header: '', body, trailer: '' }),
)

const later = message('ROLE_USER').map(
  (body): NewEvent => ({ kind: 'message', state: 'TASK_STATE_SUBMITTED', header: '', body, trailer: '' }),
)

/** Mostly work, so that logs grow before they end. */
const state = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom('TASK_STATE_WORKING' as const, 'TASK_STATE_INPUT_REQUIRED' as const),
  },
  { weight: 1, arbitrary: fc.constantFrom(...TASK_STATES) },
)

const status = fc
  .record({
    state,
    body: fc.option(message('ROLE_AGENT'), { nil: '' }),
    header: fc.option(
      word.map((note) => JSON.stringify({ note })),
      { nil: '' },
    ),
  })
  .map((facts): NewEvent => ({ kind: 'status', trailer: '', ...facts }))

/** Few of them, so that an artifact gets the same ones again. */
const fewMembers = fc.constantFrom({ name: 'one' }, { name: 'two' }, {})

const manyMembers = fc.record(
  {
    name: fc.constantFrom('one', 'two'),
    description: word,
    metadata: fc.dictionary(fc.constantFrom('x', 'y', 'z'), fc.integer({ max: 3, min: 0 }), { maxKeys: 2 }),
    extensions: fc.uniqueArray(fc.constantFrom('urn:a', 'urn:b'), { maxLength: 2 }),
  },
  { requiredKeys: [] },
)

const artifact = fc
  .record({
    artifactId: fc.constantFrom('a', 'b', 'ü"'),
    members: fc.oneof(fewMembers, manyMembers),
    parts: fc.array(
      word.map((text) => ({ text })),
      { maxLength: 3 },
    ),
    append: fc.boolean(),
  })
  .map(
    ({ artifactId, members, parts, append }): NewEvent => ({
      kind: 'artifact',
      artifactId,
      append,
      header: JSON.stringify({ artifactId, ...members }).slice(1, -1),
      body: parts.map((part) => JSON.stringify(part)).join(','),
      trailer: append ? ',"append":true' : '',
    }),
  )

/** One artifact in many chunks that rename it to and fro. */
export const chunkedArtifact: fc.Arbitrary<readonly NewEvent[]> = fc
  .tuple(submitted, fc.array(fc.constantFrom('one', 'two', undefined), { minLength: 2, maxLength: 8 }))
  .map(([first, names]) => [
    first,
    ...names.map(
      (name, index): NewEvent => ({
        kind: 'artifact',
        artifactId: 'a',
        append: true,
        header: JSON.stringify({ artifactId: 'a', name }).slice(1, -1),
        body: JSON.stringify({ text: String(index) }),
        trailer: ',"append":true',
      }),
    ),
  ])

/** What may be written to one task, from its first message on. */
export const entries: fc.Arbitrary<readonly NewEvent[]> = fc
  .tuple(
    submitted,
    fc.array(
      fc.oneof(
        { weight: 4, arbitrary: artifact },
        { weight: 3, arbitrary: status },
        { weight: 1, arbitrary: later },
      ),
      { maxLength: 14 },
    ),
  )
  .map(([first, rest]) => [first, ...rest].map(withOwnId))

/** No two messages have the same id. */
const withOwnId = (entry: NewEvent, index: number): NewEvent => ({
  ...entry,
  body: entry.body.replace('"messageId":"', `"messageId":"${index}`),
})

type Plain = Readonly<Record<string, unknown>>
type PlainArtifact = Plain & { readonly artifactId: string; readonly parts: readonly unknown[] }

const parsed = (text: string): Plain => JSON.parse(text) as Plain

/** The same task as A2A describes it (§4.2.2), computed from values and with no regard for cost. */
export function modelOf(head: TaskHead, log: readonly TaskEvent[]): Plain {
  let artifacts: readonly PlainArtifact[] = []
  const history: unknown[] = []
  let current: { status: Plain; message: unknown } = { status: {}, message: undefined }
  let metadata: unknown
  for (const event of log) {
    if (event.kind === 'artifact') {
      artifacts = merged(artifacts, event)
      continue
    }
    if (current.message !== undefined) history.push(current.message)
    const said = event.body === '' ? undefined : parsed(event.body)
    const isStatus = event.kind === 'status'
    if (!isStatus) history.push(said)
    const message = isStatus ? said : undefined
    const timestamp = new Date(event.at).toISOString()
    current = { status: { state: event.state, ...(message && { message }), timestamp }, message }
    if (event.header !== '') metadata = parsed(event.header)
  }
  return {
    id: head.id,
    contextId: head.contextId,
    status: current.status,
    ...(artifacts.length > 0 && { artifacts }),
    ...(history.length > 0 && { history }),
    ...(metadata !== undefined && { metadata }),
  }
}

function merged(
  artifacts: readonly PlainArtifact[],
  event: TaskEvent & { append?: boolean },
): readonly PlainArtifact[] {
  const fresh = {
    ...parsed(`{${event.header}}`),
    artifactId: event.artifactId ?? '',
    parts: JSON.parse(`[${event.body}]`) as readonly unknown[],
  }
  const known = artifacts.find(({ artifactId }) => artifactId === event.artifactId)
  if (known === undefined) return [...artifacts, fresh]
  const next = event.trailer.includes('"append":true') ? joined(known, fresh) : fresh
  return artifacts.map((other) => (other === known ? next : other))
}

function joined(known: PlainArtifact, fresh: PlainArtifact): PlainArtifact {
  const both = (name: string) => [known[name], fresh[name]].filter((value) => value !== undefined)
  const metadata = both('metadata')
  const extensions = both('extensions')
  return {
    ...known,
    ...fresh,
    parts: [...known.parts, ...fresh.parts],
    ...(metadata.length > 0 && { metadata: Object.assign({}, ...metadata) as unknown }),
    ...(extensions.length > 0 && { extensions: [...new Set(extensions.flat())] }),
  }
}
