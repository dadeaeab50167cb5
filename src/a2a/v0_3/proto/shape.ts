import { objectText } from '../../json-text.ts'
import { type LegacyPart, partFromV1, partToV1 } from '../part.ts'
import { readMembers } from '../read.ts'
import type { Shape, Words } from '../shape.ts'
import { ROLES, STATES } from './enums.ts'
import { decodeFileBytes, encodeFileBytes } from './file-bytes.ts'
import { jsonName } from './json-name.ts'

/** The JSON form of 0.3's protobuf messages, as gRPC carries them: there, nobody minds a field they do not know. */
export const SHAPE: Shape = {
  nameOf: jsonName,
  partsOfMessage: 'content',
  roles: wordsOf(ROLES, {}),
  states: wordsOf(STATES, { TASK_STATE_CANCELLED: 'TASK_STATE_CANCELED' }),
  decodePart,
  encodePart: (text) => partText(partFromV1(text)),
  kindOf: () => undefined,
  isOpen: false,
}

/**
 * The same as REST carries it: parsers refuse members they do not know, and those of Java know 0.3.0, whose files have no
 * names and whose parts no metadata.
 */
export const REST_SHAPE: Shape = {
  ...SHAPE,
  encodePart: (text) => partText({ ...partFromV1(text), name: undefined, metadata: undefined }),
}

/** An enum's unspecified value means nothing in 1.0. */
function wordsOf(names: readonly string[], spelling: Readonly<Record<string, string>>): Words {
  const pairs = names.slice(1).map((name) => [name, spelling[name] ?? name] as const)
  const numbers = pairs.map(([, v1], index) => [String(index + 1), v1] as const)
  return {
    toV1: Object.fromEntries([...pairs, ...numbers]),
    fromV1: Object.fromEntries(pairs.map(([name, v1]) => [v1, name])),
  }
}

function decodePart(text: string): string {
  const part = readMembers(text, jsonName)
  const file = part.get('file')
  const content = file === undefined ? undefined : readMembers(file, jsonName)
  const data = part.get('data')
  const bytes = content?.get('fileWithBytes')
  return partToV1(
    {
      text: part.get('text'),
      bytes: bytes && decodeFileBytes(bytes),
      uri: content?.get('fileWithUri'),
      name: content?.get('name'),
      mimeType: content?.get('mimeType'),
      data: data && (readMembers(data).get('data') ?? '{}'),
      metadata: part.get('metadata'),
    },
    [],
  )
}

function partText({ text, data, bytes, uri, name, mimeType, metadata }: LegacyPart): string {
  const file = objectText([
    ['fileWithBytes', bytes && encodeFileBytes(bytes)],
    ['fileWithUri', uri],
    ['mimeType', mimeType],
    ['name', name],
  ])
  return objectText([
    ['text', text],
    ['file', file === '{}' ? undefined : file],
    ['data', data && objectText([['data', data]])],
    ['metadata', metadata],
  ])
}
