import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { securityOf } from './security.ts'

describe('what a card demands of callers', () => {
  it('is read from each of the five kinds of scheme', () => {
    const { schemes } = securityOf({
      securitySchemes: {
        key: { apiKeySecurityScheme: { location: 'query', name: 'k' } },
        basic: { httpAuthSecurityScheme: { scheme: 'Basic' } },
        oauth: {
          oauth2SecurityScheme: { flows: { clientCredentials: { tokenUrl: 'https://id.example/token' } } },
        },
        person: {
          oauth2SecurityScheme: { flows: { authorizationCode: { tokenUrl: 'https://id.example/' } } },
        },
        oidc: { openIdConnectSecurityScheme: { openIdConnectUrl: 'https://id.example/c' } },
        tls: { mtlsSecurityScheme: {} },
      },
    })

    assert.deepEqual(Object.fromEntries(schemes), {
      key: { kind: 'apiKey', location: 'query', name: 'k' },
      basic: { kind: 'http', scheme: 'basic' },
      oauth: { kind: 'oauth2', tokenUrl: 'https://id.example/token' },
      person: { kind: 'oauth2' },
      oidc: { kind: 'openIdConnect', openIdConnectUrl: 'https://id.example/c' },
      tls: { kind: 'mutualTls' },
    })
  })

  it('is any one of the alternatives, in their order, with the scopes of each scheme', () => {
    const { alternatives } = securityOf({
      securityRequirements: [
        { schemes: { oauth: { list: ['read', 'write'] }, tls: {} } },
        { schemes: { key: { list: [] } } },
        {},
      ],
    })

    assert.deepEqual(
      alternatives.map((alternative) => [...alternative]),
      [
        [
          ['oauth', ['read', 'write']],
          ['tls', []],
        ],
        [['key', []]],
        [],
      ],
    )
  })

  it('survives what is no scheme, and leaves it out', () => {
    const { schemes, alternatives } = securityOf({
      securitySchemes: {
        a: 'text',
        b: {},
        c: { apiKeySecurityScheme: { location: 'body', name: 'k' } },
        d: { apiKeySecurityScheme: { location: 'header', name: '' } },
        e: { httpAuthSecurityScheme: null },
        f: { openIdConnectSecurityScheme: { openIdConnectUrl: 7 } },
        __proto__: { mtlsSecurityScheme: {} },
      },
      securityRequirements: [{ schemes: 'all' }, { schemes: { key: { list: 'x' } } }],
    })

    assert.equal(schemes.size, 0)
    assert.deepEqual(
      alternatives.map((alternative) => [...alternative]),
      [[], [['key', []]]],
    )
  })
})
