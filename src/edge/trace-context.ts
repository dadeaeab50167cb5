import type { HeaderSource } from './exchange.ts'

const TRACEPARENT =
  /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-[!-~]{0,200})?$/

/** The caller's W3C `traceparent`; an invalid one counts as absent (Trace Context §4.3). */
export function traceparentOf(request: HeaderSource): string | undefined {
  const given = request.header('traceparent')
  if (given === undefined || !TRACEPARENT.test(given)) return undefined
  return given.startsWith('00') && given.length !== VERSION_00_LENGTH ? undefined : given
}

const VERSION_00_LENGTH = 55
