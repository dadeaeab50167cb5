import type { NewId } from '../../a2a/ids.ts'

const SANE = /^[A-Za-z0-9._:~-]{1,128}$/

/** The caller's `X-Request-Id` when it is safe to log and echo, else a fresh one. */
export function requestIdOf(headers: Headers, newId: NewId): string {
  const given = headers.get('x-request-id')
  return given !== null && SANE.test(given) ? given : newId()
}
