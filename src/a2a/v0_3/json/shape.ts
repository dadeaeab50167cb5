import { objectText } from '../../json-text.ts'
import { type LegacyPart, partFromV1, partToV1 } from '../part.ts'
import { asWritten, readMembers } from '../read.ts'
import type { Shape } from '../shape.ts'
import { unknownMembers } from '../unknown-members.ts'

/** The JSON form of 0.3's JSON-RPC binding: `kind` tells what an object is, words are lower case. */
export const SHAPE: Shape = {
  nameOf: asWritten,
  partsOfMessage: 'parts',
  roles: wordsOf({ user: 'ROLE_USER', agent: 'ROLE_AGENT' }),
  states: wordsOf({
    submitted: 'TASK_STATE_SUBMITTED',
    working: 'TASK_STATE_WORKING',
    'input-required': 'TASK_STATE_INPUT_REQUIRED',
    completed: 'TASK_STATE_COMPLETED',
    canceled: 'TASK_STATE_CANCELED',
    failed: 'TASK_STATE_FAILED',
    rejected: 'TASK_STATE_REJECTED',
    'auth-required': 'TASK_STATE_AUTH_REQUIRED',
  }),
  decodePart,
  encodePart,
  kindOf: (kind) => JSON.stringify(kind),
  isOpen: true,
}

function wordsOf(toV1: Readonly<Record<string, string>>) {
  return { toV1, fromV1: Object.fromEntries(Object.entries(toV1).map(([word, v1]) => [v1, word])) }
}

function decodePart(text: string): string {
  const part = readMembers(text)
  const file = part.get('file')
  const content = file === undefined ? undefined : readMembers(file)
  return partToV1(
    {
      text: part.get('text'),
      bytes: content?.get('bytes'),
      uri: content?.get('uri') ?? content?.get('url'),
      name: content?.get('name'),
      mimeType: content?.get('mimeType'),
      data: part.get('data'),
      metadata: part.get('metadata'),
    },
    unknownMembers(SHAPE, 'part', part),
  )
}

function encodePart(text: string): string {
  const part = partFromV1(text)
  return objectText([
    ...contentOf(part),
    ['metadata', part.metadata],
    ...unknownMembers(SHAPE, 'part', readMembers(text)),
  ])
}

function contentOf(part: LegacyPart): readonly (readonly [string, string])[] {
  const { text, data, bytes, uri, name, mimeType } = part
  if (text !== undefined) {
    return [
      ['kind', '"text"'],
      ['text', text],
    ]
  }
  if (data !== undefined) {
    return [
      ['kind', '"data"'],
      ['data', data],
    ]
  }
  const file = objectText([
    ['bytes', bytes],
    ['uri', uri],
    ['name', name],
    ['mimeType', mimeType],
  ])
  return [
    ['kind', '"file"'],
    ['file', file],
  ]
}
