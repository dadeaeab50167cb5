import type { AgentFailure } from '../delivery/agent-client.ts'
import type { ErrorCode } from '../errors.ts'
import type { Check, CheckOutcome } from '../registry/health/agent-health.ts'
import { HttpError } from './http-error.ts'

/** What a call says of its agent. */
export type Judgement = Pick<Check, 'outcome' | 'message'>

/** Of what is told, no more than this is. */
const MAX_CHARS = 200

export const judged = (outcome: CheckOutcome, message: string): Judgement => ({
  outcome,
  message: message.length <= MAX_CHARS ? message : `${message.slice(0, MAX_CHARS - 1)}…`,
})

/** What a failed call says of its agent: why, for people, without a word of our network. */
export function judgeFailure(failure: AgentFailure): Judgement {
  const { denied, unmet, code, message } = failure
  const causes = [...causesOf(failure)]
  const http = causes.find((cause) => cause instanceof HttpError)
  if (http?.failure === 'forbidden') return judged('forbidden', message)
  if (denied !== undefined) return judged('auth', unmet === undefined ? REFUSED : missing(unmet))
  const connection = connectionOutcome(causes.map(codeOf))
  if (connection !== undefined) return connection
  if (http !== undefined) return judgeHttp(http, message)
  if (code !== undefined) return judged(BY_CODE.get(code) ?? 'error', message)
  if (failure.kind === 'invalid') return judged('bad-shape', message)
  return judged(unmet === undefined ? 'error' : 'auth', message)
}

const REFUSED = 'The agent refuses what it is shown of us: store a credential that it takes'

const missing = (unmet: string): string =>
  `The agent demands a credential, and none that fits is stored: store one for ${unmet}`

/** Errors by which an agent says that it does not have this version, or this version's method. */
const BY_CODE: ReadonlyMap<ErrorCode, CheckOutcome> = new Map([
  ['version_not_supported', 'wrong-version'],
  ['method_not_found', 'wrong-version'],
])

function judgeHttp({ failure, status = 0 }: HttpError, message: string): Judgement {
  switch (failure) {
    case 'forbidden':
      return judged('forbidden', message)
    case 'unreachable':
    case 'broken':
      return judged('unreachable', message)
    case 'timed_out':
      return judged('timeout', message)
    case 'too_large':
    case 'not_text':
      return judged('bad-shape', message)
    case 'status':
      if (status === 429 || (status >= 500 && status !== NOT_IMPLEMENTED)) return judged('error', message)
      return judged('bad-shape', `${message}, and answered with no error of A2A`)
  }
}

const NOT_IMPLEMENTED = 501

/** How deep a chain of causes is read. */
const MAX_CAUSES = 8

function* causesOf({ cause }: Error): Generator<Error, void> {
  let next = cause
  for (let depth = 0; next instanceof Error && depth < MAX_CAUSES; depth++) {
    yield next
    next = next.cause
  }
}

/** What Node.js names a failure of the system by; some have a name of their own alone. */
function codeOf(error: Error): string {
  if (error.name === 'TimeoutError') return 'ETIMEDOUT'
  if (error.name === 'HTTPParserError') return 'HPE'
  const code: unknown = Reflect.get(error, 'code')
  return typeof code === 'string' ? code : ''
}

const DNS = /^(?:ENOTFOUND|ENODATA|ESERVFAIL|EAI_\w+)$/
const PROTOCOL = /^(?:ERR_HTTP2_ERROR|HPE)$/
const TIMEOUT = /^(?:ETIMEDOUT|UND_ERR_CONNECT_TIMEOUT)$/
/** The agent said so of our certificate, or that there is none. */
const CLIENT_CERTIFICATE = /^ERR_SSL_\w*ALERT_\w*(?:CERTIFICATE|UNKNOWN_CA)/
/** Of OpenSSL's verification, and of Node.js. */
const TLS =
  /^(?:ERR_TLS_|ERR_SSL_|CRL_|UNABLE_TO_)|CERT|^(?:EPROTO|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_EXCEEDED|HOSTNAME_MISMATCH)$/

function connectionOutcome(codes: readonly string[]): Judgement | undefined {
  const find = (pattern: RegExp) => codes.find((code) => pattern.test(code))
  if (find(DNS)) return judged('dns', "The name of the agent's host cannot be resolved")
  if (find(CLIENT_CERTIFICATE))
    return judged('auth', 'The agent demands a certificate that it takes: store one')
  const tls = find(TLS)
  if (tls !== undefined) return judged('tls', `No connection over TLS with the agent can be trusted: ${tls}`)
  if (find(PROTOCOL)) return judged('bad-shape', 'The agent does not speak the HTTP that its binding needs')
  if (find(TIMEOUT)) return judged('timeout', 'The agent did not answer in time')
  return undefined
}
