import type { Form } from './form.ts'

/** What a client says it learned in a step: `{ step, …facts }`, or `{ step, error, detail }`. */
export type Step = Readonly<Record<string, unknown>>

/** Per step, what every client learns from the scenario agent through Parley; exceptions are a stranger's own. */
export type Expectations = Readonly<Record<string, Step>>

export const FILE = { filename: 'hello.txt', mediaType: 'text/plain' }

export const OBJECT = { data: { colour: 'blue', sizes: [1, 2] } }
const VALUES = [['a', 1, false], null, 42]
export const DATA_V1 = [OBJECT, ...VALUES.map((data) => ({ data }))]
/** 0.3 holds objects only: other values travel in one. */
const DATA_V0_3 = [OBJECT, ...VALUES.map((value) => ({ data: { value } }))]

export const expectationsOf = ({ version }: Form): Expectations => ({
  card: { name: 'Scenario agent', streaming: true },
  send: { kind: 'task', state: 'completed', text: 'hello' },
  get: { state: 'completed', text: 'hello', same: true },
  message: { kind: 'message', role: 'ROLE_AGENT', text: 'hi' },
  poll: { open: true, state: 'completed' },
  stream: { first: 'task', chunks: ['chunk 1 ', 'chunk 2 ', 'chunk 3 '], state: 'completed' },
  'stream message': { first: 'message', chunks: ['hi'], state: null },
  subscribe: { first: 'task', state: 'completed', last: 'chunk 10 ' },
  cancel: { state: 'canceled' },
  input: { asked: 'input-required', state: 'completed', text: 'You said: blue', same: true },
  fail: { state: 'failed', says: true },
  file: {
    parts: [
      { raw: 'aGVsbG8K', ...FILE },
      { url: 'https://example.com/hello.txt', ...FILE },
    ],
  },
  data: { parts: version === '1.0' ? DATA_V1 : DATA_V0_3 },
  ...(version === '1.0' ? { list: { ids: [true], total: 1 } } : {}),
  'not found': { error: 'TaskNotFound' },
  'not cancelable': { error: 'TaskNotCancelable' },
  terminal: { error: 'UnsupportedOperation' },
  'extended card': { name: 'Scenario agent' },
})
