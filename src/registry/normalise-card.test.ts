import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { normaliseCard } from './normalise-card.ts'

describe('normaliseCard', () => {
  it('writes the choice of a security scheme as its member', () => {
    const card = JSON.stringify({
      securitySchemes: {
        key: { scheme: { $case: 'apiKeySecurityScheme', value: { location: 'header', name: 'X' } } },
        oauth: {
          scheme: {
            $case: 'oauth2SecurityScheme',
            value: { flows: { flow: { $case: 'clientCredentials', value: { tokenUrl: 'https://t' } } } },
          },
        },
        plain: { httpAuthSecurityScheme: { scheme: 'Bearer' } },
      },
    })

    assert.deepEqual(JSON.parse(normaliseCard(card)), {
      securitySchemes: {
        key: { apiKeySecurityScheme: { location: 'header', name: 'X' } },
        oauth: { oauth2SecurityScheme: { flows: { clientCredentials: { tokenUrl: 'https://t' } } } },
        plain: { httpAuthSecurityScheme: { scheme: 'Bearer' } },
      },
    })
  })

  it('keeps every other byte', () => {
    const card =
      '{ "big":12345678901234567890, "securitySchemes":{"x":{"httpAuthSecurityScheme":{}}},"x":1.0}'
    assert.equal(normaliseCard(card), card)

    const choice = '{"big":12345678901234567890,"securitySchemes":{"x":{"scheme":{"$case":"k","value":1.0}}}}'
    assert.equal(normaliseCard(choice), '{"big":12345678901234567890,"securitySchemes":{"x":{"k":1.0}}}')
  })

  it('leaves any other shape to validation', () => {
    const pieces = fc.constantFrom(
      '"$case"',
      '1',
      '{"$case":1}',
      '{"scheme":{"$case":"k"}}',
      '{"scheme":[]}',
      '[{}]',
    )
    fc.assert(
      fc.property(fc.oneof(pieces, fc.json()), (schemes) => {
        const card = `{"securitySchemes":{"$case":${schemes}}}`

        assert.deepEqual(JSON.parse(normaliseCard(card)), JSON.parse(card))
      }),
    )
  })
})
