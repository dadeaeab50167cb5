import assert from 'node:assert/strict'
import { it } from 'node:test'
import { parseIssuers } from '../access/tokens/parse-issuers.ts'
import { createGuard } from '../upstream/guard.ts'
import { checkIssuers } from './check-issuers.ts'

const entry = (alias: string, issuer: string, more: object = {}) => ({
  alias,
  issuer,
  audience: 'parley',
  tenants: ['default'],
  scopes: ['tasks:read'],
  ...more,
})

it('checkIssuers names every issuer that may not be asked for its keys, and the setting that lets it', () => {
  const issuers = parseIssuers(
    JSON.stringify([
      entry('corp', 'https://id.example'),
      entry('lab', 'http://id.lab.example'),
      entry('near', 'https://near.example', { jwksUrl: 'https://10.0.0.1/jwks' }),
    ]),
    { name: 'ISSUERS' },
  )

  assert.throws(() => checkIssuers(issuers, createGuard({ policies: {} })), {
    code: 'invalid_params',
    message: /^The issuer lab: .*PARLEY_ALLOW_IDENTITY; The issuer near: .*PARLEY_ALLOW_IDENTITY can/,
  })
  const allow = ['10.0.0.0/8', 'id.lab.example']
  checkIssuers(issuers, createGuard({ policies: { identity: { allow } } }))
})
