import { findVersion, VERSIONS, type Version } from '../a2a/version.ts'
import { ParleyError } from '../errors.ts'
import type { EdgeRequest, HeaderSource } from './exchange.ts'

/**
 * The version the client declares, by the `A2A-Version` header or query parameter (A2A 1.0 §3.6.1). `undefined` when it
 * declares none: where `isStrict` that means 0.3, as the specification has it, and else what is asked for tells it. Throws
 * `version_not_supported` for one we do not speak.
 */
export function declaredVersion(
  request: HeaderSource & Partial<Pick<EdgeRequest, 'url'>>,
  isStrict: boolean,
): Version | undefined {
  const text = request.header('a2a-version') || versionInQuery(request.url ?? '')
  if (!text) return isStrict ? '0.3' : undefined
  const version = findVersion(text)
  if (version !== undefined) return version
  throw unsupportedVersion(`A2A version ${text.slice(0, 32)} is not supported`)
}

function versionInQuery(url: string): string | null {
  const query = url.indexOf('?')
  return query < 0 ? null : new URLSearchParams(url.slice(query)).get('A2A-Version')
}

export const unsupportedVersion = (message: string): ParleyError =>
  new ParleyError('version_not_supported', `${message}; supported: ${VERSIONS.join(', ')}`, {
    details: { supportedVersions: VERSIONS.join(', ') },
  })

/**
 * The extension URIs that the client declares: comma-separated, in one header or several (A2A 1.0 §3.2.6). The header lost
 * its `X-` with 1.0; either is read. What is no URI is ignored: only these can be echoed over every binding.
 */
export const extensionsOf = (request: HeaderSource): readonly string[] =>
  [request.header('a2a-extensions'), request.header('x-a2a-extensions')]
    .flatMap((header) => (header ?? '').split(','))
    .map((uri) => uri.trim())
    .filter((uri, index, all) => VISIBLE_ASCII.test(uri) && all.indexOf(uri) === index)

const VISIBLE_ASCII = /^[!-~]+$/

/** The header that echoes activated extensions to a client of `version`; none when there are none. */
export function activatedHeader(
  version: Version,
  extensions: readonly string[],
): Readonly<Record<string, string>> {
  if (extensions.length === 0) return {}
  return { [version === '0.3' ? 'x-a2a-extensions' : 'a2a-extensions']: extensions.join(', ') }
}

/** `Idempotency-Key`: 1 to 255 visible ASCII characters. Throws `invalid_params` for anything else. */
export function idempotencyKeyOf(request: HeaderSource): string | undefined {
  const key = request.header('idempotency-key')
  if (key === undefined) return undefined
  if (/^[!-~]{1,255}$/.test(key)) return key
  throw new ParleyError('invalid_params', 'Idempotency-Key must be 1 to 255 visible ASCII characters')
}

/** The position to resume from. Throws `invalid_params` when `Last-Event-ID` is no event's seq. */
export function lastEventIdOf(request: HeaderSource): number | undefined {
  const text = request.header('last-event-id')
  if (text === undefined || text === '') return undefined
  const seq = /^\d{1,15}$/.test(text) ? Number(text) : undefined
  if (seq !== undefined) return seq
  throw new ParleyError('invalid_params', 'Last-Event-ID must be the id of an event: a non-negative integer')
}

/** A message is never submitted again by reconnecting to the call that sent it. */
export function refuseResume(request: HeaderSource): void {
  if (request.header('last-event-id') === undefined) return
  throw new ParleyError(
    'invalid_request',
    'Last-Event-ID does not resume a send, which would send the message again; use SubscribeToTask with it',
  )
}
