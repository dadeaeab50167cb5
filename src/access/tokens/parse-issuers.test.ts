import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ParleyError } from '../../errors.ts'
import { parseIssuers } from './parse-issuers.ts'

const ENTRY = {
  alias: 'corp',
  issuer: 'https://id.example/corp',
  audience: 'parley',
  tenants: ['default'],
  scopes: ['tasks:submit'],
}

const parse = (value: unknown) =>
  parseIssuers(JSON.stringify(value), { name: 'FILE', ours: 'https://gw.example' })

/** The places that are named as wrong. */
const problemsOf = (value: unknown): string[] => {
  try {
    parse(value)
    return []
  } catch (error) {
    assert.ok(error instanceof ParleyError && error.code === 'invalid_params')
    for (const { pointer } of error.violations)
      assert.ok(error.message.includes(pointer.slice('FILE'.length)))
    return error.violations.map(({ pointer }) => pointer)
  }
}

describe('a list of issuers', () => {
  it('takes little to be complete', () => {
    assert.deepEqual(parse([ENTRY]), [
      {
        alias: 'corp',
        issuer: 'https://id.example/corp',
        audience: ['parley'],
        algorithms: ['RS256', 'PS256', 'ES256', 'EdDSA'],
        clockToleranceS: 5,
        maxStaleS: 86_400,
        tenants: ['default'],
        scopes: ['tasks:submit'],
        defaultTenant: 'default',
        claims: {
          subject: ['sub'],
          tenant: [],
          groups: ['groups'],
          scopes: ['scope', 'scp', 'roles', 'realm_access.roles'],
          audience: ['aud'],
        },
        scopeNames: {},
        requiredScopes: [],
        tokenTypes: ['at+jwt', 'jwt', 'absent'],
      },
    ])
  })

  it('has no tenant by default where tokens are to say it', () => {
    const [issuer] = parse([{ ...ENTRY, claims: { tenant: 'org' } }])

    assert.equal(issuer?.defaultTenant, undefined)
    assert.deepEqual(issuer?.claims.tenant, ['org'])
  })

  it('is refused with every problem named', () => {
    assert.deepEqual(
      problemsOf([{ ...ENTRY, alias: 'A b', scopes: ['root'], color: 1, tenants: [] }, {}]).sort(),
      [
        'FILE/0',
        'FILE/0/alias',
        'FILE/0/color',
        'FILE/0/scopes/0',
        'FILE/0/tenants',
        'FILE/1/alias',
        'FILE/1/audience',
        'FILE/1/issuer',
        'FILE/1/scopes',
        'FILE/1/tenants',
      ],
    )
    const several = [
      { ...ENTRY, alias: 'key', issuer: 'ftp://id.example', tenants: ['a', 'b'] },
      { ...ENTRY, jwksUrl: 'https://u:p@id.example/', defaultTenant: 'lab', tokenTypes: ['JOSE'] },
      { ...ENTRY, issuer: 'https://gw.example/' },
      ENTRY,
    ]
    assert.deepEqual(problemsOf(several), [
      'FILE/0/alias',
      'FILE/0/issuer',
      'FILE/0/defaultTenant',
      'FILE/1/jwksUrl',
      'FILE/1/defaultTenant',
      'FILE/1/tokenTypes',
      'FILE/2/alias',
      'FILE/2/issuer',
      'FILE/3/alias',
      'FILE/3/issuer',
    ])
  })

  it('takes no symmetric algorithm, no address that is none, and no scope that a header could not hold', () => {
    for (const algorithm of ['HS256', 'none', 'RSA-OAEP']) {
      assert.deepEqual(problemsOf([{ ...ENTRY, algorithms: [algorithm] }]), ['FILE/0/algorithms/0'])
    }
    for (const issuer of [
      'id.example',
      'https://id.example/?a=b',
      'https://id.example/#a',
      'https://u@id.example',
    ]) {
      assert.deepEqual(problemsOf([{ ...ENTRY, issuer }]), ['FILE/0/issuer'], issuer)
    }
    for (const scope of ['', 'a b', 'a"b', 'ä']) {
      assert.ok(
        problemsOf([{ ...ENTRY, requiredScopes: [scope] }]).includes('FILE/0/requiredScopes/0'),
        scope,
      )
    }
  })

  it('is refused when it is no list', () => {
    assert.throws(
      () => parseIssuers('{', { name: 'FILE' }),
      /^ParleyError: FILE must hold a JSON list of issuers/,
    )
    assert.deepEqual(problemsOf({}), ['FILE'])
    assert.deepEqual(problemsOf([]), ['FILE'])
  })
})
