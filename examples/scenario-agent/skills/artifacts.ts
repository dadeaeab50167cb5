import { TaskState } from '@a2a-js/sdk'
import { numberAt } from '../order.ts'
import { dataPart, rawPart, textPart, urlPart } from '../parts.ts'
import type { Skill } from '../skill.ts'

const MAX_CHUNKS = 100_000
const MAX_CHUNK_BYTES = 64 * 1024 * 1024
const MAX_GAP_MS = 60_000

const stream: Skill = {
  id: 'stream',
  description: 'Appends that many text chunks to one artifact, ms apart.',
  tags: ['artifact', 'streaming'],
  example: 'stream 5 50',
  run: async ({ order, status, artifact, wait, complete }) => {
    const chunks = numberAt(order, 0, 5, MAX_CHUNKS)
    const gapMs = numberAt(order, 1, 50, MAX_GAP_MS)
    status(TaskState.TASK_STATE_WORKING)
    for (let i = 1; i <= chunks; i++) {
      artifact([textPart(`chunk ${i} `)], { append: i > 1, lastChunk: i === chunks })
      await wait(gapMs)
    }
    complete()
  },
}

const bulk: Skill = {
  id: 'bulk',
  description: 'Appends that many chunks of that many bytes to one artifact, as fast as it can.',
  tags: ['artifact', 'size'],
  example: 'bulk 16 65536',
  run: async ({ order, status, artifact, breathe, complete }) => {
    const chunks = numberAt(order, 0, 16, MAX_CHUNKS)
    const bytes = numberAt(order, 1, 65_536, MAX_CHUNK_BYTES)
    status(TaskState.TASK_STATE_WORKING)
    for (let i = 1; i <= chunks; i++) {
      artifact([textPart(filler(i, bytes))], { append: i > 1, lastChunk: i === chunks })
      await breathe()
    }
    complete()
  },
}

const replace: Skill = {
  id: 'replace',
  description: 'Replaces one artifact of that many bytes that many times, as fast as it can.',
  tags: ['artifact', 'size'],
  example: 'replace 10 65536',
  run: async ({ order, status, artifact, breathe, complete }) => {
    const times = numberAt(order, 0, 10, MAX_CHUNKS)
    const bytes = numberAt(order, 1, 65_536, MAX_CHUNK_BYTES)
    status(TaskState.TASK_STATE_WORKING)
    for (let i = 1; i <= times; i++) {
      artifact([textPart(filler(i, bytes))], { lastChunk: i === times })
      await breathe()
    }
    complete()
  },
}

const big: Skill = {
  id: 'big',
  description: 'Completes with one artifact whose text has that many bytes.',
  tags: ['artifact', 'size'],
  example: 'big 1048576',
  run: ({ order, artifact, complete }) => {
    artifact([textPart(filler(1, numberAt(order, 0, 1_048_576, MAX_CHUNK_BYTES)))])
    complete()
  },
}

const file: Skill = {
  id: 'file',
  description: 'Completes with an artifact that holds a file as bytes and a file as a URL.',
  tags: ['artifact'],
  example: 'file',
  run: ({ artifact, complete }) => {
    const naming = { filename: 'hello.txt', mediaType: 'text/plain' }
    artifact([rawPart(Buffer.from('hello\n'), naming), urlPart('https://example.com/hello.txt', naming)])
    complete()
  },
}

const data: Skill = {
  id: 'data',
  description: 'Completes with an artifact of data parts: an object, an array, null and a number.',
  tags: ['artifact'],
  example: 'data',
  run: ({ artifact, complete }) => {
    artifact([{ colour: 'blue', sizes: [1, 2] }, ['a', 1, false], null, 42].map(dataPart))
    complete()
  },
}

/** Text of exactly that many bytes, telling its number as far as it has room. */
const filler = (number: number, bytes: number) => `${number} `.padEnd(bytes, '.').slice(0, bytes)

export const ARTIFACTS: readonly Skill[] = [stream, bulk, replace, big, file, data]
