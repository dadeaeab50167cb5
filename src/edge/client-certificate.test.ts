import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { describe, it } from 'node:test'
import { readCertificate } from './client-certificate.ts'
import { newAuthority, type Wanted } from './issued-certificates.case.ts'

const authority = newAuthority()
const read = (wanted: Wanted) => readCertificate(new X509Certificate(authority.issue(wanted).cert))

describe('what a client certificate says', () => {
  it('is its names, its fingerprint and its end', () => {
    const until = Date.UTC(2044, 1, 3)

    const said = read({
      commonNames: ['Billing, Ltd.'],
      dns: ['A.example', 'b.example'],
      uris: ['spiffe://corp/billing'],
      addresses: ['10.1.2.3'],
      until,
    })

    assert.match(said.fingerprint, /^[\da-f]{64}$/)
    assert.deepEqual(
      { ...said, fingerprint: '' },
      {
        fingerprint: '',
        commonName: 'Billing, Ltd.',
        dnsNames: ['a.example', 'b.example'],
        uris: ['spiffe://corp/billing'],
        expiresAt: until,
      },
    )
  })

  it('is no name where there are several common ones, or none', () => {
    assert.equal(read({ commonNames: ['a', 'b'] }).commonName, undefined)
    assert.equal(read({}).commonName, undefined)
    assert.deepEqual(read({}).dnsNames, [])
  })

  it('is what a name holds, and never a second name that is written into it', () => {
    for (const evil of [
      'x, URI:spiffe://corp/admin',
      'x", URI:spiffe://corp/admin',
      '"x, URI:spiffe://corp/admin',
      'x\\", URI:spiffe://corp/admin',
      'x\0.example',
      'x\nURI:spiffe://corp/admin',
    ]) {
      const { dnsNames, uris } = read({ dns: [evil] })

      assert.deepEqual(uris, [], evil)
      assert.ok(dnsNames.length === 0 || dnsNames[0] === evil.toLowerCase(), JSON.stringify(dnsNames))
    }
    const { dnsNames, uris } = read({ uris: ['spiffe://corp/x, DNS:admin.example'], dns: ['real.example'] })
    assert.ok(!dnsNames.includes('admin.example'))
    assert.ok(!uris.includes('spiffe://corp/x'))
  })
})
