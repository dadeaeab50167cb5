import { ParleyError } from '../../errors.ts'
import type { EdgeRequest, HeaderSource } from '../http/exchange.ts'

/** The A2A versions this binding speaks, as `Major.Minor`. */
export const SUPPORTED_VERSIONS = ['1.0'] as const

/** `1` and any patch of 1.0 mean 1.0 (A2A 1.0 §3.6). */
const VERSION_1_0 = /^1(?:\.0(?:\.\d{1,9})?)?$/

/** Methods of A2A 0.3, known so that they are refused for their version and not as unknown. */
const V0_3_METHODS = new Set([
  'message/send',
  'message/stream',
  'tasks/get',
  'tasks/cancel',
  'tasks/resubscribe',
  'tasks/pushNotificationConfig/set',
  'tasks/pushNotificationConfig/get',
  'tasks/pushNotificationConfig/list',
  'tasks/pushNotificationConfig/delete',
  'agent/getAuthenticatedExtendedCard',
])

/**
 * Throws `version_not_supported` for a version we do not speak, told by the `A2A-Version` header or query parameter.
 * When it is not told, the method's name tells it: PascalCase is 1.0.
 */
export function checkVersion(request: EdgeRequest, method: string): void {
  const version = request.header('a2a-version') ?? versionInQuery(request.url)
  if (version !== null && version !== '' && !VERSION_1_0.test(version)) {
    throw unsupportedVersion(`A2A version ${version.slice(0, 32)} is not supported`)
  }
  if (V0_3_METHODS.has(method)) throw unsupportedVersion(`${method} is a method of A2A 0.3`)
}

function versionInQuery(url: string): string | null {
  const query = url.indexOf('?')
  return query < 0 ? null : new URLSearchParams(url.slice(query)).get('A2A-Version')
}

const unsupportedVersion = (message: string): ParleyError =>
  new ParleyError('version_not_supported', `${message}; supported: ${SUPPORTED_VERSIONS.join(', ')}`, {
    details: { supportedVersions: SUPPORTED_VERSIONS.join(', ') },
  })

/** The extension URIs of `A2A-Extensions`: comma-separated, in one header or several (A2A 1.0 §3.2.6). */
export const extensionsOf = (request: HeaderSource): readonly string[] =>
  (request.header('a2a-extensions') ?? '')
    .split(',')
    .map((uri) => uri.trim())
    .filter((uri) => uri !== '')

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
