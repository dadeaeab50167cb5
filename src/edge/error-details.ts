import { A2A_FAILURES } from '../a2a/failures.ts'
import type { ErrorCode, ParleyError } from '../errors.ts'

/** Of the failures that A2A names itself. */
const A2A_DOMAIN = 'a2a-protocol.org'
/** Of all others, which are ours. */
const OWN_DOMAIN = 'parley.dev'

type ErrorInfo = {
  readonly '@type': 'type.googleapis.com/google.rpc.ErrorInfo'
  readonly reason: string
  readonly domain: string
  readonly metadata: Readonly<Record<string, string>>
}

type BadRequest = {
  readonly '@type': 'type.googleapis.com/google.rpc.BadRequest'
  readonly fieldViolations: readonly {
    readonly field: string
    readonly description: string
    readonly reason: string
  }[]
}

type RetryInfo = {
  readonly '@type': 'type.googleapis.com/google.rpc.RetryInfo'
  readonly retryDelay: string
}

export type ErrorDetail = ErrorInfo | BadRequest | RetryInfo

/**
 * What every binding tells beside code and message: the reason, what is wrong where, and when to try again (A2A 1.0
 * §9.5, §10.6, §11.6).
 */
export function errorDetails(error: ParleyError, requestId: string): readonly ErrorDetail[] {
  const info: ErrorInfo = {
    '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
    reason: reasonOf(error.code),
    domain: A2A_FAILURES.has(error.code) ? A2A_DOMAIN : OWN_DOMAIN,
    metadata: { ...error.details, requestId },
  }
  return [info, ...badRequest(error), ...retryInfo(error)]
}

export const reasonOf = (code: ErrorCode): string => code.toUpperCase()

function badRequest(error: ParleyError): readonly BadRequest[] {
  if (error.violations.length === 0) return []
  const fieldViolations = error.violations.map((violation) => ({
    field: fieldOf(violation.pointer),
    description:
      violation.hint === undefined ? violation.message : `${violation.message} (${violation.hint})`,
    reason: violation.code.toUpperCase(),
  }))
  return [{ '@type': 'type.googleapis.com/google.rpc.BadRequest', fieldViolations }]
}

function retryInfo(error: ParleyError): readonly RetryInfo[] {
  if (error.retryAfterMs === undefined) return []
  const retryDelay = `${error.retryAfterMs / 1000}s`
  return [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay }]
}

/** `/message/parts/0/text` → `message.parts[0].text`, the path form of google.rpc.BadRequest. */
function fieldOf(pointer: string): string {
  let field = ''
  for (const escaped of pointer.split('/').slice(1)) {
    const name = escaped.replaceAll('~1', '/').replaceAll('~0', '~')
    if (/^\d+$/.test(name)) field += `[${name}]`
    else field += field === '' ? name : `.${name}`
  }
  return field
}
