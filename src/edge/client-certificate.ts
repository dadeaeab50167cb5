import type { X509Certificate } from 'node:crypto'
import type { ClientCertificate } from '../access/certificates.ts'

/** What a certificate says, of which somebody else has found that it is trusted. */
export function readCertificate(certificate: X509Certificate): ClientCertificate {
  const names = alternativeNames(certificate.subjectAltName ?? '')
  const { CN } = certificate.toLegacyObject().subject as { readonly CN?: unknown }
  return {
    fingerprint: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
    // Several common names come as a list, and say nothing.
    ...(typeof CN === 'string' && { commonName: CN }),
    dnsNames: names.filter(({ kind }) => kind === 'DNS').map(({ name }) => name.toLowerCase()),
    uris: names.filter(({ kind }) => kind === 'URI').map(({ name }) => name),
    expiresAt: certificate.validToDate.getTime(),
  }
}

type AlternativeName = { readonly kind: string; readonly name: string }

/** One name, quoted as JSON where it holds characters that could be taken for the list's own, and what follows it. */
const NEXT_NAME = /(?<kind>[A-Za-z][A-Za-z ]*):(?:(?<quoted>"(?:[^"\\]|\\.)*")|(?<plain>[^",]*))(?:, |$)/y

/** The names in Node.js's text of a list. None at all where it cannot be read to its end. */
function alternativeNames(text: string): readonly AlternativeName[] {
  const names: AlternativeName[] = []
  NEXT_NAME.lastIndex = 0
  for (let at = 0; at < text.length; at = NEXT_NAME.lastIndex) {
    const { kind = '', quoted, plain = '' } = NEXT_NAME.exec(text)?.groups ?? {}
    if (kind === '') return []
    names.push({ kind, name: quoted === undefined ? plain : String(JSON.parse(quoted)) })
  }
  return names
}
