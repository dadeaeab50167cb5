import { TextDecoder } from 'node:util'
import { createParser } from 'eventsource-parser'
import { decodeUtf8 } from './http.ts'
import { tooLarge } from './http-error.ts'
import type { EventLimits } from './upstream-limits.ts'

/** Room in the parser for a field name beside the data. */
const FIELD_NAME_CHARS = 64

/**
 * The data of each server-sent event, as soon as the event is complete. An event that the stream leaves incomplete is
 * dropped, as the standard says. Holds no more than one event and one chunk. Rejects with `HttpError`: `too_large`,
 * `not_text`.
 */
export async function* readEvents(
  chunks: AsyncIterable<Buffer>,
  limits: EventLimits,
): AsyncGenerator<string, void> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  const toLineFeeds = createLineFeeds()
  const complete: string[] = []
  let maxBytes = limits.maxFirstEventBytes ?? limits.maxEventBytes
  let overflow = false
  const parser = createParser({
    maxBufferSize: Math.max(maxBytes, limits.maxEventBytes) + FIELD_NAME_CHARS,
    onEvent: ({ data }) => complete.push(data),
    onError: ({ type }) => {
      overflow ||= type === 'max-buffer-size-exceeded'
    },
  })
  for await (const chunk of chunks) {
    parser.feed(toLineFeeds(decodeUtf8(decoder, chunk, { stream: true })))
    for (const data of complete.splice(0)) {
      if (Buffer.byteLength(data) > maxBytes) throw tooLarge(maxBytes)
      yield data
      maxBytes = limits.maxEventBytes
    }
    if (overflow) throw tooLarge(maxBytes)
  }
}

/**
 * Turns CRLF and CR into LF, across chunks. The parser takes all three, but waits for one more byte after a CR, and
 * text that mixes them costs it time quadratic in the chunk.
 */
function createLineFeeds(): (text: string) => string {
  let afterReturn = false
  return (text) => {
    if (text === '') return text
    const rest = afterReturn && text.startsWith('\n') ? text.slice(1) : text
    afterReturn = text.endsWith('\r')
    return rest.replace(/\r\n?/g, '\n')
  }
}
