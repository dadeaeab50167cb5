import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { cardVerdict } from './card-verdict.ts'
import { MAX_CARD_BYTES, validateCard } from './validate-card.ts'

const skill = { id: 'echo', name: 'Echo', description: 'Says it again', tags: ['demo'] }
const good = {
  name: 'Echo agent',
  description: 'Echoes',
  version: '1.2.3',
  supportedInterfaces: [{ url: 'https://a.example/a2a', protocolBinding: 'JSONRPC', protocolVersion: '1.0' }],
  capabilities: { streaming: true },
  defaultInputModes: ['text/plain'],
  defaultOutputModes: ['text/plain'],
  skills: [skill],
}

const legacy = {
  name: 'Echo agent',
  description: 'Echoes',
  version: '1.2.3',
  protocolVersion: '0.3.0',
  url: 'https://a.example/a2a',
  preferredTransport: 'JSONRPC',
  additionalInterfaces: [
    { url: 'https://a.example/a2a', transport: 'JSONRPC' },
    { url: 'a.example:50051', transport: 'GRPC' },
  ],
  capabilities: { streaming: true, stateTransitionHistory: true },
  supportsAuthenticatedExtendedCard: true,
  securitySchemes: {
    oauth: {
      type: 'oauth2',
      flows: {
        authorizationCode: { authorizationUrl: 'https://o/a', tokenUrl: 'https://o/t', scopes: {} },
        clientCredentials: { tokenUrl: 'https://o/t', scopes: {} },
      },
    },
  },
  security: [{ oauth: ['read'] }],
  defaultInputModes: ['text/plain'],
  defaultOutputModes: ['text/plain'],
  skills: [skill],
}

const own = (http: string) => ({ own: { http, grpc: [{ url: 'gw.example:50051' }] } })

const problems = (card: unknown): string[] =>
  validateCard(JSON.stringify(card)).violations.map(({ pointer, code }) => `${pointer} ${code}`)
const withInterface = (facts: object) => ({
  ...good,
  supportedInterfaces: [...good.supportedInterfaces, { ...good.supportedInterfaces[0], ...facts }],
})

describe('validateCard', () => {
  it('accepts a card and keeps its text, unknown members included', () => {
    const text = `{ "x-new": {"n": 1.0}, ${JSON.stringify(good).slice(1)}`

    assert.deepEqual(validateCard(text), { card: text, version: '1.0', violations: [], warnings: [] })
  })

  it('accepts every known binding, and a custom one that is a URI', () => {
    for (const protocolBinding of ['GRPC', 'HTTP+JSON', 'https://a.example/bindings/x', 'urn:x:y']) {
      assert.deepEqual(problems(withInterface({ protocolBinding })), [])
    }
  })

  it('reports every problem at once', () => {
    const { name: _, ...nameless } = good
    const found = problems({
      ...nameless,
      description: 7,
      version: ' ',
      supportedInterfaces: [
        { url: '/a2a', protocolBinding: 'jsonrpc', protocolVersion: '1.0.0' },
        { url: 'https://u:p@a.example', protocolBinding: 'GRPC' },
      ],
      skills: [skill, { ...skill, name: '' }, 7],
    })

    assert.deepEqual(found.sort(), [
      '/description type',
      '/name required',
      '/skills/1/id duplicate',
      '/skills/1/name minLength',
      '/skills/2 type',
      '/supportedInterfaces not_callable',
      '/supportedInterfaces/0/protocolBinding unknown_binding',
      '/supportedInterfaces/0/url url',
      '/supportedInterfaces/1/protocolVersion required',
      '/supportedInterfaces/1/url url',
      '/version blank',
    ])
  })

  it('hints at the spelling that was meant', () => {
    const hintsOf = (facts: object) =>
      validateCard(JSON.stringify(withInterface(facts))).violations.map((violation) => violation.hint)

    const facts = { protocolBinding: 'http+json', protocolVersion: 'v1.0.3' }
    assert.deepEqual(hintsOf(facts), ['Write HTTP+JSON', 'Write 1.0'])
    assert.deepEqual(hintsOf({ protocolVersion: '1' }), ['Write 1.0'])
  })

  it('takes an interface the gateway can call: either version over any binding, whatever the patch', () => {
    for (const facts of [
      { protocolVersion: '0.3' },
      { protocolVersion: '1.0.1' },
      { protocolVersion: '0.3.0', protocolBinding: 'HTTP+JSON' },
      { protocolBinding: 'GRPC', url: 'a.example:50051' },
    ]) {
      const supportedInterfaces = [{ ...good.supportedInterfaces[0], ...facts }]
      assert.deepEqual(problems({ ...good, supportedInterfaces }), [])
    }
    for (const facts of [
      { protocolVersion: '1.1' },
      { protocolVersion: '9.9' },
      { protocolVersion: '0.2' },
      { protocolBinding: 'https://a.example/bindings/x' },
    ]) {
      const supportedInterfaces = [{ ...good.supportedInterfaces[0], ...facts }]
      assert.deepEqual(problems({ ...good, supportedInterfaces }), ['/supportedInterfaces not_callable'])
    }
    assert.deepEqual(problems({ ...good, supportedInterfaces: [] }), ['/supportedInterfaces minItems'])
  })

  it('refuses an interface that leads back to the gateway', () => {
    const text = JSON.stringify(withInterface({ url: 'https://GW.example/a2a/0198/' }))

    assert.deepEqual(
      validateCard(text, own('https://gw.example')).violations.map(({ pointer, code }) => [pointer, code]),
      [['/supportedInterfaces/1/url', 'loop']],
    )
    assert.deepEqual(validateCard(text, own('https://gw.example/other')).violations, [])
  })

  it('refuses one that leads back over gRPC', () => {
    const problemsAt = (protocolBinding: string, url: string) =>
      validateCard(
        JSON.stringify(withInterface({ protocolBinding, url })),
        own('https://gw.example'),
      ).violations.map(({ pointer, code }) => `${pointer} ${code}`)

    assert.deepEqual(problemsAt('GRPC', 'GW.example:50051'), ['/supportedInterfaces/1/url loop'])
    assert.deepEqual(problemsAt('GRPC', 'grpcs://gw.example:50051'), ['/supportedInterfaces/1/url loop'])
    assert.deepEqual(problemsAt('GRPC', 'gw.example:50052'), [])
    assert.deepEqual(problemsAt('JSONRPC', 'https://gw.example:50051/'), [])
  })

  it('takes host:port for gRPC only', () => {
    assert.deepEqual(problems(withInterface({ protocolBinding: 'GRPC', url: 'a.example:50051' })), [])
    assert.deepEqual(problems(withInterface({ protocolBinding: 'GRPC', url: 'a.example' })), [
      '/supportedInterfaces/1/url url',
    ])
    for (const protocolBinding of ['JSONRPC', 'HTTP+JSON']) {
      assert.deepEqual(problems(withInterface({ protocolBinding, url: 'a.example:50051' })), [
        '/supportedInterfaces/1/url url',
      ])
    }
  })

  it('takes a card of A2A 0.3 and writes it in the form of 1.0', () => {
    const { card, violations } = validateCard(JSON.stringify(legacy))
    const { supportedInterfaces: _, ...rest } = good

    assert.deepEqual(violations, [])
    assert.deepEqual(JSON.parse(card), {
      ...rest,
      capabilities: { streaming: true, extendedAgentCard: true },
      supportedInterfaces: [
        { url: 'https://a.example/a2a', protocolBinding: 'JSONRPC', protocolVersion: '0.3' },
        { url: 'a.example:50051', protocolBinding: 'GRPC', protocolVersion: '0.3' },
      ],
      securitySchemes: {
        oauth: {
          oauth2SecurityScheme: {
            flows: {
              authorizationCode: { authorizationUrl: 'https://o/a', tokenUrl: 'https://o/t', scopes: {} },
            },
          },
        },
        oauth_clientCredentials: {
          oauth2SecurityScheme: { flows: { clientCredentials: { tokenUrl: 'https://o/t', scopes: {} } } },
        },
      },
      securityRequirements: [
        { schemes: { oauth: { list: ['read'] } } },
        { schemes: { oauth_clientCredentials: { list: ['read'] } } },
      ],
    })
  })

  it('reports every problem of a card of 0.3 where its publisher wrote it', () => {
    const found = problems({
      ...legacy,
      name: ' ',
      url: 'a.example:50051',
      preferredTransport: 'jsonrpc',
      additionalInterfaces: [
        { url: 7, transport: 'GRPC' },
        { url: 'ftp://a.example', transport: 'HTTP+JSON' },
      ],
      protocolVersion: '1.1',
      capabilities: { streaming: 'yes' },
      securitySchemes: { x: { type: 'apiKey', name: 'X' }, y: { type: 'new' } },
      skills: [skill, { ...skill, tags: undefined }],
    })

    assert.deepEqual(found.sort(), [
      '/additionalInterfaces/0/url type',
      '/additionalInterfaces/1/url url',
      '/capabilities/streaming type',
      '/name blank',
      '/preferredTransport unknown_binding',
      '/protocolVersion not_callable',
      '/security/0/oauth unknown_scheme',
      '/securitySchemes/x/in required',
      '/securitySchemes/y/type enum',
      '/skills/1/id duplicate',
      '/skills/1/tags required',
      '/url url',
    ])
  })

  it('refuses a card of 0.3 that leads back to the gateway', () => {
    const text = JSON.stringify({
      ...legacy,
      url: 'https://gw.example/a2a/x',
      additionalInterfaces: [{ url: 'grpc://gw.example:50051', transport: 'GRPC' }],
    })

    assert.deepEqual(
      validateCard(text, own('https://gw.example')).violations.map(
        ({ pointer, code }) => `${pointer} ${code}`,
      ),
      ['/url loop', '/additionalInterfaces/0/url loop'],
    )
  })

  it('takes a card that is written for both versions as one of 1.0', () => {
    const { card, violations } = validateCard(JSON.stringify({ ...legacy, ...good }))

    assert.deepEqual(violations, [])
    assert.deepEqual(JSON.parse(card).supportedInterfaces, good.supportedInterfaces)
  })

  it('refuses what no signature could be of', () => {
    for (const text of ['"\\ud800"', '1e999']) {
      const card = JSON.stringify(good).replace('"Echoes"', '"Echoes","x":[0]').replace('[0]', text)
      assert.deepEqual(
        validateCard(card).violations.map(({ code }) => code),
        ['not_canonical'],
      )
    }
  })

  it('refuses invisible characters in names', () => {
    for (const character of [
      '\u202e',
      '\u2066',
      '\u200b',
      '\u200d',
      '\ufeff',
      '\n',
      '\0',
      '\u2028',
      '\u{e0041}',
    ]) {
      const name = `Echo${character}agent`
      assert.deepEqual(problems({ ...good, name, skills: [{ ...skill, name }] }), [
        '/name unsafe_character',
        '/skills/0/name unsafe_character',
      ])
    }
    assert.deepEqual(problems({ ...good, name: 'Übersetzer 翻訳 🤖', description: 'two\nlines' }), [])
  })

  it('writes the choice of a security scheme in its wire form', () => {
    const scheme = { $case: 'httpAuthSecurityScheme', value: { scheme: 'Bearer' } }
    const text = JSON.stringify({ ...good, securitySchemes: { bearer: { scheme } } })
    const { card, violations } = validateCard(text)

    assert.deepEqual(violations, [])
    assert.deepEqual(JSON.parse(card).securitySchemes, {
      bearer: { httpAuthSecurityScheme: { scheme: 'Bearer' } },
    })
  })

  it('refuses what is too large, too deep, no JSON or no object', () => {
    const refused: Record<string, string> = {
      [`"${'x'.repeat(MAX_CARD_BYTES)}"`]: 'too_large',
      [`{"x":${'['.repeat(100)}${']'.repeat(100)}}`]: 'json',
      '{"name":': 'json',
      '': 'json',
      '[]': 'type',
      null: 'type',
    }
    for (const [text, code] of Object.entries(refused)) {
      assert.deepEqual(
        validateCard(text).violations.map((violation) => violation.code),
        [code],
        text.slice(0, 20),
      )
    }
  })

  it('judges cards that are all problems in little time and few words', () => {
    const many = (count: number, prefix: string, value: unknown) =>
      Object.fromEntries(Array.from({ length: count }, (_, n) => [`${prefix}${n}`, value]))
    const hostile: Record<string, object> = {
      required: { skills: Array.from({ length: 330_000 }, () => ({})) },
      unknown_scheme: {
        securitySchemes: many(100, 'a'.repeat(50), { httpAuthSecurityScheme: { scheme: 'Bearer' } }),
        securityRequirements: [{ schemes: many(40_000, 'b', { list: [] }) }],
      },
      unsafe_character: { x: many(50_000, 'c', '\u200b') },
      too_long: { ['d'.repeat(500_000)]: many(5000, 'e', '\u200b') },
    }
    for (const [code, facts] of Object.entries(hostile)) {
      const text = JSON.stringify({ ...good, ...facts })
      const verdict = cardVerdict(text, validateCard(text))
      assert.equal(verdict.errors[0]?.code, code)
      assert.ok(JSON.stringify(verdict).length < 100_000, code)
    }
  })

  it('judges any text and any JSON without throwing', () => {
    const member = fc.constantFrom(...Object.keys(good), 'securitySchemes', 'url', 'provider')
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        assert.ok(validateCard(text).violations.length > 0)
      }),
    )
    fc.assert(
      fc.property(member, fc.jsonValue(), (name, value) => {
        validateCard(JSON.stringify({ ...good, [name]: value }))
      }),
    )
  })
})
