import fc from 'fast-check'
import { writtenObject, writtenString, writtenValue } from '../json-text.case.ts'
import { elementsOf, membersOf, objectText, textOf } from '../json-text.ts'
import { TASK_STATES } from '../task-state.ts'

/**
 * Valid texts of 1.0, members in the order in which translations write them, so that a text can be compared with what
 * comes of a trip through 0.3 byte for byte. They hold nothing of what docs/versions.md lists as lost.
 */

/** What only one of 0.3's JSON forms has a place for. */
export type Extent = {
  readonly hasReferences: boolean
  readonly hasUnknown: boolean
  /** Metadata of parts, and all that travels in it; names of files. */
  readonly hasPartMetadata: boolean
}

type Texts = fc.Arbitrary<string>
type Row = readonly [string, string | undefined]

const optional = (texts: Texts): fc.Arbitrary<string | undefined> =>
  fc.option(texts, { nil: undefined, freq: 2 })

const objectOf = (rows: Readonly<Record<string, fc.Arbitrary<string | undefined>>>): Texts =>
  fc
    .tuple(...Object.entries(rows).map(([name, texts]) => texts.map((text): Row => [name, text])))
    .map((members) => objectText(members))

const arrayOf = (items: Texts, minLength = 0): Texts =>
  fc.array(items, { minLength, maxLength: 3 }).map((texts) => `[${texts.join(',')}]`)

/** Text nobody would choose, and ids that mean something in a path or a resource name. */
const id: Texts = fc
  .oneof(
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }),
    fc.constantFrom('tasks/1', 'a/b', '50%', 'null', '__proto__', ' ', '"'),
  )
  .map(textOf)

const someText: Texts = fc.string({ unit: 'grapheme', maxLength: 12 }).map(textOf)
const filledText: Texts = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }).map(textOf)
const flag: Texts = fc.constantFrom('true', 'false')
const uris: Texts = arrayOf(fc.webUrl().map(textOf))
const base64: Texts = fc
  .uint8Array({ maxLength: 8 })
  .map((bytes) => textOf(Buffer.from(bytes).toString('base64')))
const instant: Texts = fc
  .date({ min: new Date('1970-01-01'), max: new Date('2100-01-01'), noInvalidDate: true })
  .map((date) => textOf(date.toISOString()))

/** Exactly as somebody wrote it. */
const metadata: Texts = writtenObject(3).map(({ text }) => text)

/** As metadata that something is added to and taken from comes back: without space, and never empty. */
const tidyMetadata: Texts = metadata
  .map((text) => objectText(membersOf(text)))
  .filter((text) => text !== '{}')

const file: Texts = fc.oneof(
  objectOf({
    raw: base64,
    filename: optional(filledText),
    mediaType: optional(filledText),
    metadata: optional(metadata),
  }),
  objectOf({
    url: someText,
    filename: optional(filledText),
    mediaType: optional(filledText),
    metadata: optional(metadata),
  }),
)

const said: Texts = fc.oneof(
  objectOf({ text: writtenString, metadata: optional(metadata) }),
  objectOf({ data: metadata, metadata: optional(metadata) }),
)

/** What travels in the part's metadata. */
const carried: Texts = fc.oneof(
  objectOf({
    text: writtenString,
    filename: optional(filledText),
    mediaType: fc.constantFrom('"text/markdown"', '"text/html"'),
    metadata: optional(tidyMetadata),
  }),
  objectOf({
    data: writtenValue.map(({ text }) => text),
    filename: filledText,
    mediaType: optional(fc.constantFrom('"application/json+a2ui"')),
    metadata: optional(tidyMetadata),
  }),
)

const bare: Texts = fc.oneof(
  objectOf({ raw: base64, mediaType: optional(filledText) }),
  objectOf({ url: someText, mediaType: optional(filledText) }),
  objectOf({ text: writtenString }),
  objectOf({ data: metadata }),
)

const part = ({ hasPartMetadata }: Extent): Texts => (hasPartMetadata ? fc.oneof(file, said, carried) : bare)

const unknown = ({ hasUnknown }: Extent): Readonly<Record<string, fc.Arbitrary<string | undefined>>> =>
  hasUnknown
    ? { 'x-unknown': optional(writtenValue.map(({ text }) => text).filter((text) => text !== 'null')) }
    : {}

const message = (extent: Extent): Texts =>
  objectOf({
    messageId: id,
    contextId: optional(id),
    taskId: optional(id),
    role: fc.constantFrom('"ROLE_USER"', '"ROLE_AGENT"'),
    parts: arrayOf(part(extent), 1),
    metadata: optional(metadata),
    extensions: optional(uris),
    ...(extent.hasReferences && { referenceTaskIds: optional(arrayOf(id)) }),
    ...unknown(extent),
  })

const status = (extent: Extent): Texts =>
  objectOf({
    state: fc.constantFrom(...TASK_STATES).map(textOf),
    message: optional(message(extent)),
    timestamp: optional(instant),
    ...unknown(extent),
  })

const artifact = (extent: Extent): Texts =>
  objectOf({
    artifactId: id,
    name: optional(someText),
    description: optional(someText),
    parts: arrayOf(part(extent)),
    metadata: optional(metadata),
    extensions: optional(uris),
    ...unknown(extent),
  })

export const task = (extent: Extent): Texts =>
  objectOf({
    id,
    contextId: optional(id),
    status: status(extent),
    artifacts: optional(arrayOf(artifact(extent))),
    history: optional(arrayOf(message(extent))),
    metadata: optional(metadata),
    ...unknown(extent),
  })

const statusUpdate = (extent: Extent): Texts =>
  objectOf({
    taskId: id,
    contextId: id,
    status: status(extent),
    metadata: optional(metadata),
    ...unknown(extent),
  })

const artifactUpdate = (extent: Extent): Texts =>
  objectOf({
    taskId: id,
    contextId: id,
    artifact: artifact(extent),
    append: optional(flag),
    lastChunk: optional(flag),
    metadata: optional(metadata),
    ...unknown(extent),
  })

export const answer = (extent: Extent): Texts =>
  fc.oneof(objectOf({ task: task(extent) }), objectOf({ message: message(extent) }))

export const event = (extent: Extent): Texts =>
  fc.oneof(
    answer(extent),
    objectOf({ statusUpdate: statusUpdate(extent) }),
    objectOf({ artifactUpdate: artifactUpdate(extent) }),
  )

const pushConfigRows = {
  url: filledText,
  token: optional(filledText),
  authentication: optional(objectOf({ scheme: filledText, credentials: optional(filledText) })),
}

export const pushConfig: Texts = objectOf({ id: optional(id), taskId: id, ...pushConfigRows })

export const sendRequest = (extent: Extent): Texts =>
  objectOf({
    message: message(extent),
    configuration: objectOf({
      acceptedOutputModes: optional(arrayOf(someText)),
      taskPushNotificationConfig: optional(objectOf({ id: optional(id), ...pushConfigRows })),
      historyLength: optional(fc.integer({ min: 1, max: 2_147_483_647 }).map(textOf)),
      returnImmediately: optional(fc.constant('true')),
    }),
    metadata: optional(metadata),
  })

/** A text as somebody else would write the same value: members in another order, with space around everything. */
export function shuffled(text: string): string {
  if (text[0] === '[') return `[ ${elementsOf(text).map(shuffled).join(' , ')} ]`
  if (text[0] !== '{') return text
  const members = [...membersOf(text)]
    .toReversed()
    .map(([name, value]) => `${textOf(name)} : ${shuffled(value)}`)
  return `{ ${members.join(' ,\n')} }`
}
