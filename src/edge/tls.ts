import { constants } from 'node:crypto'
import { createSecureContext, type SecureContextOptions } from 'node:tls'
import { ParleyError } from '../errors.ts'

/** What a listener proves itself with, and whom it believes; in PEM. */
export type TlsMaterial = {
  /** The chain. */
  readonly cert: Buffer
  readonly key: Buffer
  /** The authorities whose client certificates are believed; none are asked for without. */
  readonly clientCa?: Buffer
}

/** What may be exchanged while a listener runs. */
export const contextOf = ({ cert, key, clientCa }: TlsMaterial): SecureContextOptions => ({
  cert,
  key,
  minVersion: 'TLSv1.2',
  // A session that is resumed would be believed as when it began.
  ...(clientCa !== undefined && { ca: clientCa, secureOptions: constants.SSL_OP_NO_TICKET }),
})

/** Of the listener as a whole. Who shows no certificate, or one that is not trusted, may come with another credential. */
export const tlsOptions = (material: TlsMaterial) => ({
  ...contextOf(material),
  requestCert: material.clientCa !== undefined,
  rejectUnauthorized: false,
})

/** Throws `invalid_params` for what no listener can serve with: no certificate, no key, or one of another certificate. */
export function checkTls(material: TlsMaterial): void {
  try {
    createSecureContext(contextOf(material))
  } catch (cause) {
    const why = cause instanceof Error ? `: ${cause.message}` : ''
    throw new ParleyError(
      'invalid_params',
      `PARLEY_TLS_CERT_FILE and PARLEY_TLS_KEY_FILE must hold a certificate chain and its key in PEM${why}`,
      { cause },
    )
  }
}
