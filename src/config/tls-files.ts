import { X509Certificate } from 'node:crypto'
import type { CertificateRule } from '../access/certificates.ts'
import { parseCertificates } from '../access/parse-certificates.ts'
import { ParleyError } from '../errors.ts'
import type { Env } from './env.ts'
import { readSetting } from './read-setting.ts'
import type { Reader } from './read-settings.ts'

/** Paths of what the listeners serve TLS with. */
export type TlsFiles = {
  readonly certFile: string
  readonly keyFile: string
  /** Client certificates are asked for: of these authorities, and of whom they are. */
  readonly clients?: { readonly caFile: string; readonly rulesFile: string }
}

/** As the settings name them; nothing is read yet. */
export function tlsFiles(env: Env, read: Reader): TlsFiles | undefined {
  const { TLS_CERT_FILE, TLS_KEY_FILE, TLS_CLIENT_CA_FILE, CLIENT_CERTIFICATES_FILE } = env
  if (TLS_CERT_FILE === undefined && TLS_KEY_FILE !== undefined) {
    read.problem('TLS_CERT_FILE', 'is needed with PARLEY_TLS_KEY_FILE')
  }
  if (TLS_KEY_FILE === undefined && TLS_CERT_FILE !== undefined) {
    read.problem('TLS_KEY_FILE', 'is needed with PARLEY_TLS_CERT_FILE')
  }
  if (TLS_CLIENT_CA_FILE === undefined && CLIENT_CERTIFICATES_FILE !== undefined) {
    read.problem('TLS_CLIENT_CA_FILE', 'is needed with PARLEY_CLIENT_CERTIFICATES_FILE')
  }
  if (CLIENT_CERTIFICATES_FILE === undefined && TLS_CLIENT_CA_FILE !== undefined) {
    read.problem('CLIENT_CERTIFICATES_FILE', 'is needed with PARLEY_TLS_CLIENT_CA_FILE')
  }
  if (TLS_CLIENT_CA_FILE !== undefined && TLS_CERT_FILE === undefined) {
    read.problem('TLS_CERT_FILE', 'is needed with PARLEY_TLS_CLIENT_CA_FILE')
  }
  if (TLS_CERT_FILE === undefined || TLS_KEY_FILE === undefined) return undefined
  return {
    certFile: TLS_CERT_FILE,
    keyFile: TLS_KEY_FILE,
    ...(TLS_CLIENT_CA_FILE !== undefined &&
      CLIENT_CERTIFICATES_FILE !== undefined && {
        clients: { caFile: TLS_CLIENT_CA_FILE, rulesFile: CLIENT_CERTIFICATES_FILE },
      }),
  }
}

/** What the files hold now, in PEM. Throws `invalid_params`, naming the setting. */
export function readTls({ certFile, keyFile, clients }: TlsFiles) {
  return {
    cert: readSetting('TLS_CERT_FILE', certFile),
    key: readSetting('TLS_KEY_FILE', keyFile),
    ...(clients !== undefined && { clientCa: readAuthorities(clients.caFile) }),
  }
}

/** TLS would take a file without any for one of which nobody is trusted, without a word. */
function readAuthorities(path: string): Buffer {
  const pem = readSetting('TLS_CLIENT_CA_FILE', path)
  try {
    new X509Certificate(pem)
    return pem
  } catch (cause) {
    throw new ParleyError(
      'invalid_params',
      `PARLEY_TLS_CLIENT_CA_FILE must hold certificates in PEM: ${path}`,
      {
        cause,
      },
    )
  }
}

/** Whom client certificates make their holders, as the file says now. Throws `invalid_params`, naming every problem. */
export function readCertificateRules(
  { clients }: TlsFiles,
  issuerAliases: readonly string[],
): readonly CertificateRule[] {
  if (clients === undefined) return []
  const text = readSetting('CLIENT_CERTIFICATES_FILE', clients.rulesFile).toString()
  return parseCertificates(text, { setting: 'PARLEY_CLIENT_CERTIFICATES_FILE', issuerAliases })
}
