import type { Version } from '../a2a/version.ts'
import type { AgentCallOptions } from '../delivery/agent-client.ts'

const TRACEPARENT = /^[\da-f]{2}-[\da-f]{32}-[\da-f]{16}-[\da-f]{2}$/

/** What a header can carry as one element of a list. */
const LISTABLE = /^[!-+\--~]+$/

/** The name of the list of extensions in each version, in lower case as gRPC wants it. */
const EXTENSIONS: Readonly<Record<Version, string>> = { '1.0': 'a2a-extensions', '0.3': 'x-a2a-extensions' }

/** What goes with a request beside it: as headers over HTTP, as metadata over gRPC (A2A 1.0 §3.2.6). */
export function serviceParameters(
  version: Version,
  { traceparent, extensions = [] }: AgentCallOptions,
): Readonly<Record<string, string>> {
  const listed = extensions.filter((uri) => LISTABLE.test(uri))
  return {
    'a2a-version': version,
    ...(listed.length === 0 ? {} : { [EXTENSIONS[version]]: listed.join(', ') }),
    ...(traceparent !== undefined && TRACEPARENT.test(traceparent) ? { traceparent } : {}),
  }
}

/** Those of the extensions asked for that the answer names as active, under either version's name. */
export function activatedIn(
  headers: (name: string) => readonly string[],
  { extensions = [] }: AgentCallOptions,
): readonly string[] {
  if (extensions.length === 0) return []
  const named = Object.values(EXTENSIONS)
    .flatMap(headers)
    .flatMap((list) => list.split(','))
    .map((uri) => uri.trim())
  return extensions.filter((uri) => named.includes(uri))
}
