import { membersOf, objectText, withMembers } from '../json-text.ts'
import { filled } from './read.ts'
import type { UnknownMembers } from './unknown-members.ts'

/** What a part of 0.3 says, in either of its JSON forms: `text`, a file (`bytes` or `uri`) or `data`. JSON texts. */
export type LegacyPart = {
  readonly text?: string | undefined
  readonly bytes?: string | undefined
  readonly uri?: string | undefined
  readonly name?: string | undefined
  readonly mimeType?: string | undefined
  readonly data?: string | undefined
  readonly metadata?: string | undefined
}

/**
 * What a part of 1.0 says and a part of 0.3 has no member for travels in the part's metadata, and is taken out again on
 * the way back. Everything else in the metadata is the user's.
 */
type Carried = {
  readonly isWrapped: boolean
  readonly mediaType?: string | undefined
  readonly filename?: string | undefined
}

/** Marks a `data` that is no object and was wrapped as `{"value": …}`; the official SDKs write and read the same. */
const WRAPPED_DATA = 'data_part_compat'
/** Holds `mediaType` and `filename` of a part that is no file. */
const PART = 'https://parley.dev/part'

/** One part of 1.0; members that neither version knows come last. */
export function partToV1(part: LegacyPart, unknown: UnknownMembers): string {
  const { text, bytes, uri, data } = part
  if (bytes !== undefined || uri !== undefined) {
    return objectText([
      bytes === undefined || filled(uri) !== undefined ? ['url', uri] : ['raw', bytes],
      ['filename', filled(part.name)],
      ['mediaType', filled(part.mimeType)],
      ['metadata', part.metadata],
      ...unknown,
    ])
  }
  const { metadata, carried } = unload(part.metadata)
  return objectText([
    data === undefined ? ['text', text] : ['data', carried.isWrapped ? unwrap(data) : data],
    ['filename', carried.filename],
    ['mediaType', carried.mediaType],
    ['metadata', metadata],
    ...unknown,
  ])
}

/** What a valid part of 1.0 says in 0.3. */
export function partFromV1(text: string): LegacyPart {
  const part = membersOf(text)
  const metadata = part.get('metadata')
  const filename = filled(part.get('filename'))
  const mediaType = filled(part.get('mediaType'))
  const raw = part.get('raw')
  const url = part.get('url')
  if (raw !== undefined || url !== undefined) {
    return { bytes: raw && standardBase64(raw), uri: url, name: filename, mimeType: mediaType, metadata }
  }
  const data = part.get('data')
  if (data === undefined) {
    const carried = { isWrapped: false, filename, mediaType: unless('"text/plain"', mediaType) }
    return { text: part.get('text'), metadata: carry(metadata, carried) }
  }
  const isWrapped = data[0] !== '{' || isMarked(metadata)
  const carried = { isWrapped, filename, mediaType: unless('"application/json"', mediaType) }
  return { data: isWrapped ? objectText([['value', data]]) : data, metadata: carry(metadata, carried) }
}

function carry(
  metadata: string | undefined,
  { isWrapped, mediaType, filename }: Carried,
): string | undefined {
  if (!isWrapped && mediaType === undefined && filename === undefined) return metadata
  const part = objectText([
    ['mediaType', mediaType],
    ['filename', filename],
  ])
  return withMembers(metadata ?? '{}', {
    ...(isWrapped && { [WRAPPED_DATA]: 'true' }),
    ...(part !== '{}' && { [PART]: part }),
  })
}

function unload(metadata: string | undefined): { readonly metadata?: string; readonly carried: Carried } {
  if (metadata === undefined) return { carried: { isWrapped: false } }
  const members = membersOf(metadata)
  const isWrapped = isMarked(metadata)
  const part = carriedPart(members.get(PART))
  if (!isWrapped && part === undefined) return { metadata, carried: { isWrapped } }
  const ours = [isWrapped && WRAPPED_DATA, part !== undefined && PART]
  const rest = objectText([...members].filter(([name]) => !ours.includes(name)))
  return {
    ...(rest !== '{}' && { metadata: rest }),
    carried: { isWrapped, mediaType: part?.get('mediaType'), filename: part?.get('filename') },
  }
}

const isMarked = (metadata: string | undefined): boolean =>
  metadata !== undefined && membersOf(metadata).get(WRAPPED_DATA) === 'true'

/** `undefined` for what somebody else put under our name. */
function carriedPart(text: string | undefined): ReadonlyMap<string, string> | undefined {
  if (text?.[0] !== '{') return undefined
  const members = membersOf(text)
  const isOurs = [...members].every(
    ([name, value]) => (name === 'mediaType' || name === 'filename') && value[0] === '"',
  )
  return isOurs && members.size > 0 ? members : undefined
}

/** What a wrapper holds; data that only claims to be one is left as it is. */
const unwrap = (data: string): string => (data[0] === '{' && membersOf(data).get('value')) || data

/** What a text or data part says by being one is not worth carrying. */
const unless = (implied: string, value: string | undefined): string | undefined =>
  value === implied ? undefined : value

/**
 * JSON text of base64 in either alphabet → in the standard one, padded. 1.0 allows both; decoders of 0.3 know the
 * standard one, and some of them skip what they do not know.
 */
function standardBase64(text: string): string {
  if (text.length % 4 === 2 && /^"[A-Za-z0-9+/]*={0,2}"$/.test(text)) return text
  const digits = String(JSON.parse(text)).replaceAll('-', '+').replaceAll('_', '/').replaceAll('=', '')
  return JSON.stringify(digits.padEnd(Math.ceil(digits.length / 4) * 4, '='))
}
