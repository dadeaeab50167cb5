import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type CertificateRule, type ClientCertificate, createCertificates } from './certificates.ts'
import { parseCertificates } from './parse-certificates.ts'

const FINGERPRINT = 'ab'.repeat(32)

const rule = (changes: Partial<CertificateRule> = {}): CertificateRule => ({
  name: 'billing',
  match: { uri: 'spiffe://corp/billing' },
  subject: 'mesh:billing',
  tenant: 'default',
  groups: ['mesh:finance'],
  scopes: ['tasks:read'],
  ...changes,
})

const certificate = (changes: Partial<ClientCertificate> = {}): ClientCertificate => ({
  fingerprint: FINGERPRINT,
  commonName: 'billing',
  dnsNames: ['billing.corp.example'],
  uris: ['spiffe://corp/billing'],
  expiresAt: 2000,
  ...changes,
})

const subjectBy = (match: CertificateRule['match'], of = certificate()) =>
  createCertificates([rule({ match })], () => 1000).principalOf(of)?.subject

describe('a client certificate', () => {
  it('makes its holder the principal of the first rule that fits', () => {
    const certificates = createCertificates(
      [
        rule({ name: 'other', match: { dns: 'other.example' } }),
        rule(),
        rule({ name: 'late', subject: 'mesh:x' }),
      ],
      () => 1000,
    )

    assert.deepEqual(certificates.principalOf(certificate()), {
      tenant: 'default',
      subject: 'mesh:billing',
      groups: ['mesh:finance'],
      scopes: new Set(['tasks:read']),
      expiresAt: 2000,
      credential: { kind: 'certificate', name: 'billing' },
    })
  })

  it('fits by its exact names, and by all that the rule asks for', () => {
    for (const match of [
      { uri: 'spiffe://corp/billing' },
      { dns: 'billing.corp.example' },
      { commonName: 'billing' },
      { fingerprint: FINGERPRINT },
      { uri: 'spiffe://corp/billing', commonName: 'billing' },
    ]) {
      assert.equal(subjectBy(match), 'mesh:billing')
    }
    for (const match of [
      {},
      { uri: 'spiffe://corp' },
      { uri: 'spiffe://corp/Billing' },
      { uri: 'billing.corp.example' },
      { dns: '*.corp.example' },
      { dns: 'billing' },
      { commonName: 'billing.corp.example' },
      { fingerprint: FINGERPRINT.replace('a', 'b') },
      { uri: 'spiffe://corp/billing', commonName: 'another' },
    ]) {
      assert.equal(subjectBy(match), undefined, JSON.stringify(match))
    }
  })

  it('is good until it expires', () => {
    assert.equal(subjectBy({ commonName: 'billing' }, certificate({ expiresAt: 1000 })), undefined)
    assert.equal(subjectBy({ commonName: 'billing' }, certificate({ expiresAt: 1001 })), 'mesh:billing')
  })

  it('is judged again by the rules that count now', () => {
    let now = 1000
    const certificates = createCertificates([rule()], () => now)
    const principal = certificates.principalOf(certificate())
    assert.ok(principal)

    certificates.replace([rule({ scopes: ['tasks:cancel'] })])
    assert.deepEqual(certificates.reassess(principal)?.scopes, new Set(['tasks:cancel']))
    certificates.replace([rule({ subject: 'mesh:another' })])
    assert.equal(certificates.reassess(principal), undefined)
    certificates.replace([])
    assert.equal(certificates.reassess(principal), undefined)
    certificates.replace([rule()])
    now = 2000
    assert.equal(certificates.reassess(principal), undefined)
  })
})

describe('the list of client certificates', () => {
  const from = { setting: 'PARLEY_CLIENT_CERTIFICATES_FILE', issuerAliases: ['corp'] }
  const entry = (changes: object = {}) => ({
    name: 'billing',
    match: { dns: 'Billing.Example', fingerprint: FINGERPRINT.toUpperCase().replace(/..(?=.)/g, '$&:') },
    alias: 'mesh',
    subject: 'billing',
    scopes: ['tasks:read'],
    ...changes,
  })

  it('says whom each makes its holder, under its alias', () => {
    const [read] = parseCertificates(JSON.stringify([entry({ groups: ['finance'] })]), from)

    assert.deepEqual(read, rule({ match: { dns: 'billing.example', fingerprint: FINGERPRINT } }))
  })

  it('is refused whole, naming every problem by its place', () => {
    for (const [list, problem] of [
      [[entry(), entry()], /\/1\/name is used twice/],
      [[entry({ alias: 'corp' })], /\/0\/alias is that of an identity provider/],
      [[entry({ alias: 'key' })], /\/0\/alias must not be key/],
      [[entry({ match: {} })], /\/0\/match/],
      [[entry({ match: { dns: '' } })], /\/0\/match\/dns/],
      [[entry({ match: { fingerprint: 'abcd' } })], /\/0\/match\/fingerprint/],
      [[entry({ match: { email: 'a@b' } })], /\/0\/match/],
      [[entry({ scopes: ['everything'] })], /\/0\/scopes/],
      [[entry({ subject: 'a b' })], /\/0\/subject/],
      [[entry({ tenant: 'A' })], /\/0\/tenant/],
      [entry(), /PARLEY_CLIENT_CERTIFICATES_FILE \//],
    ] as const) {
      assert.throws(() => parseCertificates(JSON.stringify(list), from), {
        code: 'invalid_params',
        message: problem,
      })
    }
    assert.throws(() => parseCertificates('[', from), /must hold a JSON list/)
  })
})
