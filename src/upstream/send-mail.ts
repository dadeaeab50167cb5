import { isIP } from 'node:net'
import type { SecureContext } from 'node:tls'
import type { MailError, Transporter } from 'nodemailer'
import { SendFailure } from '../alerts/alert-sender.ts'
import { isLoopback } from './address-policy.ts'

/** The mail server of whoever runs the gateway. Holds a password, so it must never be printed. */
export type MailServer = {
  readonly host: string
  readonly port: number
  /** Encrypted from the first byte; otherwise by STARTTLS, which only a server on this machine may go without. */
  readonly isTls: boolean
  readonly auth?: { readonly user: string; readonly pass: string }
  /** The address that mail comes from. */
  readonly from: string
}

export type Mail = {
  readonly to: readonly string[]
  readonly subject: string
  readonly text: string
  /** The same for the same mail. */
  readonly id: string
}

/** For each step of the conversation, and for all of it. */
const STEP_TIMEOUT_MS = 10_000
const TIMEOUT_MS = 30_000

/** Hands one mail to the mail server. Rejects as `AlertSender.send` does. */
export async function sendMail(server: MailServer, mail: Mail, { signal, trust }: MailDeps): Promise<void> {
  const tooLate = AbortSignal.timeout(TIMEOUT_MS)
  const transport = await openTransport(server, trust)
  try {
    const ends = AbortSignal.any([signal, tooLate])
    const { rejected } = await transport.sendMail({ ...messageOf(server, mail), signal: ends })
    if (rejected.length > 0) throw refusedSome(rejected.length)
  } catch (error) {
    signal.throwIfAborted()
    throw tooLate.aborted ? tooSlow(error) : failureOf(error)
  } finally {
    transport.close()
  }
}

export type MailDeps = { readonly signal: AbortSignal; readonly trust?: SecureContext }

async function openTransport(server: MailServer, trust: SecureContext | undefined): Promise<Transporter> {
  // Most installations send no mail.
  const { createTransport } = await import('nodemailer')
  const { host, port, isTls, auth } = server
  return createTransport({
    host,
    port,
    secure: isTls,
    requireTLS: !isTls && !isThisMachine(host),
    ...(auth === undefined ? {} : { auth }),
    tls: { minVersion: 'TLSv1.2', ...(trust === undefined ? {} : { secureContext: trust }) },
    connectionTimeout: STEP_TIMEOUT_MS,
    greetingTimeout: STEP_TIMEOUT_MS,
    socketTimeout: STEP_TIMEOUT_MS,
    dnsTimeout: STEP_TIMEOUT_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
    logger: false,
  })
}

const isThisMachine = (host: string): boolean =>
  host === 'localhost' || (isIP(host) !== 0 && isLoopback(host))

/** Addresses as objects, which nobody reads for further addresses. */
const messageOf = ({ from }: MailServer, { to, subject, text, id }: Mail) => ({
  envelope: { from, to: [...to] },
  from: { name: 'Parley', address: from },
  to: to.map((address) => ({ name: '', address })),
  subject,
  text,
  messageId: `<${id}@${from.slice(from.lastIndexOf('@') + 1)}>`,
  headers: { 'auto-submitted': 'auto-generated' },
})

const refusedSome = (count: number): SendFailure =>
  new SendFailure(`The mail server refused ${count} of the addresses; the others have the mail`, {
    isTemporary: false,
    mayHaveArrived: true,
  })

const tooSlow = (cause: unknown): SendFailure =>
  new SendFailure(`The mail server was not done within ${TIMEOUT_MS / 1000} seconds`, {
    isTemporary: true,
    mayHaveArrived: true,
    cause,
  })

/** Steps at which the server judges this mail; at others it speaks of itself. */
const OF_THE_MAIL: ReadonlySet<string> = new Set(['MAIL FROM', 'RCPT TO', 'DATA'])

/** What the server said may hold anything, and stays with the operator. */
function failureOf(error: unknown): SendFailure {
  if (error instanceof SendFailure) return error
  if (!(error instanceof Error)) throw error
  const { code, responseCode, command } = error as MailError
  // What it says may repeat them.
  if (code === 'EAUTH') return failure('refused the credentials of PARLEY_SMTP_URL')
  if (responseCode !== undefined) {
    const isTemporary = responseCode < 500 || !OF_THE_MAIL.has(command ?? '')
    return new SendFailure(`The mail server answered ${responseCode}`, { isTemporary, cause: error })
  }
  if (code === 'ETLS') return failure('offers no encrypted connection that can be trusted', error)
  // All of the mail may have been sent.
  return failure('cannot be reached, or ended the connection', error, command === 'DATA')
}

const failure = (what: string, cause?: unknown, mayHaveArrived = false): SendFailure =>
  new SendFailure(`The mail server ${what}`, { isTemporary: true, mayHaveArrived, cause })
