import { ParleyError } from '../errors.ts'
import type { Env } from './env.ts'
import { readSecret } from './secret-file.ts'

/** The server that mail is sent with. Holds a password, so it must never be printed. */
export type MailServer = {
  readonly host: string
  readonly port: number
  /** Encrypted from the first byte; otherwise by STARTTLS. */
  readonly isTls: boolean
  readonly auth?: { readonly user: string; readonly pass: string }
  /** The address that mail comes from. */
  readonly from: string
}

/** Where there is no port in the URL: that of submissions, with STARTTLS and without (RFC 6409, RFC 8314). */
const PORTS = { 'smtp:': 587, 'smtps:': 465 } as const

/** Throws `invalid_params`, naming the setting and never its value. */
export function mailServerOf(env: Env): MailServer | undefined {
  const text = urlOf(env)
  if (text === undefined) {
    if (env.SMTP_FROM === undefined) return undefined
    throw problem('PARLEY_SMTP_FROM says whom mail comes from, and PARLEY_SMTP_URL is missing')
  }
  const url = URL.parse(text)
  if (url === null || (url.protocol !== 'smtp:' && url.protocol !== 'smtps:') || !isBare(url)) {
    throw problem(
      'PARLEY_SMTP_URL must be smtp://host or smtps://host, each with an optional user:password@ and :port',
    )
  }
  const from = env.SMTP_FROM
  if (from === undefined)
    throw problem('PARLEY_SMTP_URL needs PARLEY_SMTP_FROM: the address that mail comes from')
  if (!/^[^\s@<>"\p{C}]+@[^\s@<>"\p{C}]+$/u.test(from))
    throw problem('PARLEY_SMTP_FROM must be an address, as parley@example.com')
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? PORTS[url.protocol] : Number(url.port),
    isTls: url.protocol === 'smtps:',
    ...(url.username === '' ? {} : { auth: { user: decoded(url.username), pass: decoded(url.password) } }),
    from,
  }
}

function urlOf({ SMTP_URL, SMTP_URL_FILE }: Env): string | undefined {
  if (SMTP_URL_FILE === undefined) return SMTP_URL
  if (SMTP_URL !== undefined) throw problem('PARLEY_SMTP_URL and PARLEY_SMTP_URL_FILE cannot both be set')
  try {
    return readSecret(SMTP_URL_FILE)
  } catch (cause) {
    throw problem(`PARLEY_SMTP_URL_FILE cannot be read: ${SMTP_URL_FILE}`, cause)
  }
}

const isBare = ({ hostname, pathname, search, hash }: URL): boolean =>
  hostname !== '' && (pathname === '' || pathname === '/') && search === '' && hash === ''

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    // The cause would show the password.
    throw problem('PARLEY_SMTP_URL must have its user and password encoded as URLs have them')
  }
}

const problem = (message: string, cause?: unknown): ParleyError =>
  new ParleyError('invalid_params', message, { cause })
