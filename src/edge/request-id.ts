import type { NewId } from '../a2a/ids.ts'
import type { HeaderSource } from './exchange.ts'

const SANE = /^[A-Za-z0-9._:~-]{1,128}$/

/** The caller's `X-Request-Id` when it is safe to log and echo, else a fresh one. */
export function requestIdOf(request: HeaderSource, newId: NewId): string {
  const given = request.header('x-request-id')
  return given !== undefined && SANE.test(given) ? given : newId()
}
