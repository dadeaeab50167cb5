import type { HeaderSource } from '../exchange.ts'

/** What identifies an answer to a client that has it. */
type Validators = { readonly etag: string; readonly 'last-modified': string }

/**
 * Whether the client has the present answer already, by its `If-None-Match` or, only without that, its
 * `If-Modified-Since` (RFC 9110 §13.2.2).
 */
export function isUnchanged(request: HeaderSource, present: Validators): boolean {
  const tags = request.header('if-none-match')
  if (tags !== undefined) return names(tags, present.etag)
  const since = request.header('if-modified-since')
  return since !== undefined && isDate(since) && Date.parse(present['last-modified']) <= Date.parse(since)
}

/** Weak comparison against a list of entity tags, or `*` (RFC 9110 §13.1.2). */
function names(ifNoneMatch: string, etag: string): boolean {
  return ifNoneMatch.split(',').some((tag) => {
    const candidate = tag.trim()
    return candidate === '*' || opaqueOf(candidate) === opaqueOf(etag)
  })
}

const opaqueOf = (tag: string): string => tag.replace(/^W\//, '')

/** A date in the one form that is sent today; others make the header count for nothing (RFC 9110 §13.1.3). */
const isDate = (text: string): boolean =>
  /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/.test(text) &&
  !Number.isNaN(Date.parse(text))
