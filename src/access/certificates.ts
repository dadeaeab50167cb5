import type { Principal, Scope } from './principal.ts'

/** What a client certificate says of its holder. Made only of one that is trusted and whose holder has shown to have its key. */
export type ClientCertificate = {
  /** SHA-256 of the certificate, in lower-case hex. */
  readonly fingerprint: string
  /** The subject's, where it has exactly one. */
  readonly commonName?: string
  /** Of the subject's alternative names; in lower case. */
  readonly dnsNames: readonly string[]
  readonly uris: readonly string[]
  /** Milliseconds since the Unix epoch. */
  readonly expiresAt: number
}

/** Whom a certificate makes its holder. Every member of `match` must fit; names fit exactly, without wildcards. */
export type CertificateRule = {
  /** Of the rule; no other has it. */
  readonly name: string
  readonly match: {
    readonly uri?: string
    readonly dns?: string
    readonly commonName?: string
    readonly fingerprint?: string
  }
  readonly subject: string
  readonly tenant: string
  readonly groups: readonly string[]
  readonly scopes: readonly Scope[]
}

/** Who the holders of client certificates are. */
export interface Certificates {
  /** By the first rule that fits; `undefined` where none does, and for a certificate that has expired. */
  principalOf(certificate: ClientCertificate): Principal | undefined
  /** The same principal as its rule makes it now; `undefined` once the rule is gone or means somebody else. */
  reassess(principal: Principal): Principal | undefined
  /** From now on these rules count. */
  replace(rules: readonly CertificateRule[]): void
}

export function createCertificates(first: readonly CertificateRule[], now: () => number): Certificates {
  let rules = first
  return {
    principalOf(certificate) {
      if (now() >= certificate.expiresAt) return undefined
      const rule = rules.find(({ match }) => fits(match, certificate))
      return rule && principalBy(rule, certificate.expiresAt)
    },
    reassess({ credential, tenant, subject, expiresAt = 0 }) {
      if (credential?.kind !== 'certificate' || now() >= expiresAt) return undefined
      const rule = rules.find(({ name }) => name === credential.name)
      return rule?.tenant === tenant && rule.subject === subject ? principalBy(rule, expiresAt) : undefined
    },
    replace(others) {
      rules = others
    },
  }
}

/** A rule without anything to match fits nobody. */
function fits(
  { uri, dns, commonName, fingerprint }: CertificateRule['match'],
  of: ClientCertificate,
): boolean {
  if ((uri ?? dns ?? commonName ?? fingerprint) === undefined) return false
  return (
    (uri === undefined || of.uris.includes(uri)) &&
    (dns === undefined || of.dnsNames.includes(dns)) &&
    (commonName === undefined || of.commonName === commonName) &&
    (fingerprint === undefined || of.fingerprint === fingerprint)
  )
}

const principalBy = (
  { name, subject, tenant, groups, scopes }: CertificateRule,
  expiresAt: number,
): Principal => ({
  tenant,
  subject,
  groups,
  scopes: new Set(scopes),
  expiresAt,
  credential: { kind: 'certificate', name },
})
