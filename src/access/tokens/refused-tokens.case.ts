import type { SigningUse } from '../service-identity/signing-key-store.ts'
import { macked, part, type SigningKey, signed } from './forge.case.ts'
import type { Refusal } from './read-token.ts'

/**
 * The world that the tokens below are made for: one issuer, `corp`, with an EC key, an RSA key and a key to encrypt with,
 * which may speak for the tenants `default` and `lab` (claim `tenant`) of the audience `parley`; and another, `other`.
 */
export type Forge = {
  readonly issuer: string
  readonly other: string
  /** How the world reaches the gateway. */
  readonly gateway: string
  readonly nowS: number
  readonly ec: SigningKey
  readonly rsa: SigningKey
  readonly encryption: SigningKey
  readonly othersKey: SigningKey
  /** Nobody's. */
  readonly stranger: SigningKey
  /** With which the gateway itself signs. */
  readonly ours: Readonly<Record<SigningUse, SigningKey>>
}

export const AUDIENCE = 'parley'

/** The settings of the two issuers. */
export const issuersOf = ({ issuer, other }: Pick<Forge, 'issuer' | 'other'>) => [
  {
    alias: 'corp',
    issuer,
    jwksUrl: `${issuer}/jwks`,
    audience: AUDIENCE,
    tenants: ['default', 'lab'],
    scopes: ['tasks:submit', 'tasks:read', 'agents:read'],
    claims: { tenant: 'tenant' },
    defaultTenant: 'default',
  },
  {
    alias: 'other',
    issuer: other,
    jwksUrl: `${other}/jwks`,
    audience: AUDIENCE,
    tenants: ['default'],
    scopes: ['tasks:read'],
  },
]

/** Claims that are as they should be. */
export const claimsOf = ({ issuer, nowS }: Pick<Forge, 'issuer' | 'nowS'>) => ({
  iss: issuer,
  aud: AUDIENCE,
  sub: 'ada',
  exp: nowS + 300,
  scope: 'tasks:submit tasks:read agents:read',
})

/** A token that is refused, and why; no reason where it is not even taken for one. */
export type RefusedToken = readonly [name: string, why: Refusal | undefined, token: (forge: Forge) => string]

const HEADER = { typ: 'at+jwt' }

/** As it should be, but for these members. */
const withClaims =
  (changes: object) =>
  (forge: Forge): string =>
    signed({ ...HEADER, alg: 'ES256', kid: forge.ec.kid }, { ...claimsOf(forge), ...changes }, forge.ec)

const withHeader =
  (changes: object, by: (forge: Forge) => SigningKey = ({ ec }) => ec) =>
  (forge: Forge): string =>
    signed({ ...HEADER, alg: 'ES256', kid: forge.ec.kid, ...changes }, claimsOf(forge), by(forge))

const parts = (token: string): readonly [string, string, string] => {
  const [header = '', claims = '', signature = ''] = token.split('.')
  return [header, claims, signature]
}

const good = withClaims({})

const stranger = ({ stranger: key }: Forge) => key

const ALGORITHMS: readonly RefusedToken[] = [
  ['no algorithm and no signature', 'malformed', (f) => `${part({ alg: 'none' })}.${part(claimsOf(f))}.`],
  ['the algorithm none, signed all the same', 'algorithm', withHeader({ alg: 'none' })],
  ['the algorithm nOnE', 'algorithm', withHeader({ alg: 'nOnE' })],
  [
    'HS256 with the public key in PEM as its secret',
    'algorithm',
    (f) => {
      const secret = f.rsa.publicKey.export({ type: 'spki', format: 'pem' }).toString()
      return macked({ ...HEADER, alg: 'HS256', kid: f.rsa.kid }, claimsOf(f), secret)
    },
  ],
  [
    'HS256 with the public key as JWK for its secret',
    'algorithm',
    (f) => macked({ ...HEADER, alg: 'HS256', kid: f.ec.kid }, claimsOf(f), JSON.stringify(f.ec.jwk)),
  ],
  ['an algorithm that the issuer is not configured for', 'algorithm', withHeader({ alg: 'ES384' })],
  ['no algorithm at all', 'algorithm', withHeader({ alg: undefined })],
  ['a list of algorithms', 'algorithm', withHeader({ alg: ['ES256', 'none'] })],
  ['an algorithm of the prototype', 'algorithm', withHeader({ alg: 'constructor' })],
  ['RS256 with the key of another kind', 'unknown_key', withHeader({ alg: 'RS256' })],
  ['ES256 with the RSA key', 'unknown_key', (f) => withHeader({ kid: f.rsa.kid }, () => f.rsa)(f)],
]

const KEYS: readonly RefusedToken[] = [
  ['no key id', 'key_id', withHeader({ kid: undefined })],
  ['an empty key id', 'key_id', withHeader({ kid: '' })],
  ['a list of key ids', 'key_id', withHeader({ kid: ['ec'] })],
  ['a key id that is very long', 'key_id', withHeader({ kid: 'k'.repeat(300) })],
  ['a key id that nobody has', 'unknown_key', withHeader({ kid: 'nobody' }, stranger)],
  ['a key id that is a path', 'unknown_key', withHeader({ kid: '../../../../dev/null' }, stranger)],
  ['a key id that is a URL', 'unknown_key', withHeader({ kid: 'https://evil.example/jwks' }, stranger)],
  ['a key id that is SQL', 'unknown_key', withHeader({ kid: "x' UNION SELECT 'secret" }, stranger)],
  ['a key id of the prototype', 'unknown_key', withHeader({ kid: '__proto__' }, stranger)],
  [
    'the key id of another issuer',
    'unknown_key',
    (f) => withHeader({ kid: f.othersKey.kid }, () => f.othersKey)(f),
  ],
  [
    'a key that is for encryption',
    'unknown_key',
    (f) => withHeader({ alg: 'RS256', kid: f.encryption.kid }, () => f.encryption)(f),
  ],
  ['a key of its own', 'embedded_key', (f) => withHeader({ jwk: f.stranger.jwk }, stranger)(f)],
  ['a key set of its own', 'embedded_key', withHeader({ jku: 'https://evil.example/jwks' }, stranger)],
  ['a certificate from elsewhere', 'embedded_key', withHeader({ x5u: 'https://evil.example/c' }, stranger)],
  ['a certificate of its own', 'embedded_key', withHeader({ x5c: ['MIIB'] }, stranger)],
  ['an extension that must be understood', 'critical_header', withHeader({ crit: ['exp'], exp: 1 })],
  ['an unencoded payload', 'critical_header', withHeader({ b64: false })],
]

const TYPES: readonly RefusedToken[] = [
  ['the type of a card signature', 'type', withHeader({ typ: 'JOSE' })],
  ['the type of a webhook signature', 'type', withHeader({ typ: 'parley-webhook+jwt' })],
  ['the type of a logout token', 'type', withHeader({ typ: 'logout+jwt' })],
  ['the type of a proof of possession', 'type', withHeader({ typ: 'dpop+jwt' })],
  ['the word for no type', 'type', withHeader({ typ: 'absent' })],
  ['a type that is a number', 'type', withHeader({ typ: 1 })],
]

const SIGNATURES: readonly RefusedToken[] = [
  ['the signature of a stranger under a known id', 'signature', withHeader({}, stranger)],
  ['no signature', 'malformed', (f) => parts(good(f)).slice(0, 2).join('.').concat('.')],
  [
    'other claims than were signed',
    'signature',
    (f) => {
      const [header, , signature] = parts(good(f))
      return `${header}.${part({ ...claimsOf(f), sub: 'root' })}.${signature}`
    },
  ],
  [
    'a signature of zeros',
    'signature',
    (f) => `${parts(good(f)).slice(0, 2).join('.')}.${part(Buffer.alloc(64))}`,
  ],
  [
    'a signature that is cut short',
    'signature',
    (f) => {
      const [header, claims, signature] = parts(good(f))
      return `${header}.${claims}.${part(Buffer.from(signature, 'base64url').subarray(0, 32))}`
    },
  ],
  [
    'a signature with bits that mean nothing',
    'malformed',
    (f) => {
      // 64 bytes leave four unused bits in the last character.
      const token = good(f)
      const last = token.charAt(token.length - 1)
      return token.slice(0, -1) + { A: 'B', Q: 'R', g: 'h', w: 'x' }[last]
    },
  ],
]

const CLAIMS: readonly RefusedToken[] = [
  ['a time that has passed', 'expired', (f) => withClaims({ exp: f.nowS - 60 })(f)],
  ['no end', 'no_expiry', withClaims({ exp: undefined })],
  ['an end that is text', 'no_expiry', (f) => withClaims({ exp: String(f.nowS + 300) })(f)],
  ['an end that is null', 'no_expiry', withClaims({ exp: null })],
  ['an end before all time', 'no_expiry', withClaims({ exp: -1 })],
  ['a time that is still to come', 'not_yet_valid', (f) => withClaims({ nbf: f.nowS + 60 })(f)],
  ['a beginning that is text', 'not_yet_valid', withClaims({ nbf: '0' })],
  ['an issuer that nobody trusts', 'issuer', withClaims({ iss: 'https://evil.example' })],
  ['an issuer that is almost the same', 'issuer', (f) => withClaims({ iss: `${f.issuer}/` })(f)],
  ['a list of issuers', 'issuer', (f) => withClaims({ iss: [f.issuer] })(f)],
  ['no issuer', 'issuer', withClaims({ iss: undefined })],
  ['the name of another issuer that is trusted', 'unknown_key', (f) => withClaims({ iss: f.other })(f)],
  ['an audience that is somebody else', 'audience', withClaims({ aud: 'payroll' })],
  ['an audience that only begins alike', 'audience', withClaims({ aud: `${AUDIENCE}-evil` })],
  ['a list of other audiences', 'audience', withClaims({ aud: ['payroll', 'mail'] })],
  ['a list of audiences that holds more than names', 'audience', withClaims({ aud: [AUDIENCE, { any: 1 }] })],
  ['a list of lists of audiences', 'audience', withClaims({ aud: [[AUDIENCE]] })],
  ['no audience', 'audience', withClaims({ aud: undefined })],
  ['no subject', 'subject', withClaims({ sub: undefined })],
  ['an empty subject', 'subject', withClaims({ sub: '' })],
  ['a subject that is a number', 'subject', withClaims({ sub: 7 })],
  ['a subject with spaces', 'subject', withClaims({ sub: 'ada root' })],
  ['a subject with control characters', 'subject', withClaims({ sub: 'ada\u0000' })],
  ['a subject that is very long', 'subject', withClaims({ sub: 'a'.repeat(300) })],
  ["a tenant that is not its issuer's", 'tenant', withClaims({ tenant: 'bank' })],
  ['several tenants', 'tenant', withClaims({ tenant: ['default', 'lab'] })],
  ['a tenant that is an object', 'tenant', withClaims({ tenant: { default: true } })],
]

const texts = (header: (f: Forge) => string, claims: (f: Forge) => string) => (f: Forge) =>
  signed(header(f), claims(f), f.ec)
const headerText = (f: Forge): string => JSON.stringify({ ...HEADER, alg: 'ES256', kid: f.ec.kid })
const claimsText = (f: Forge): string => JSON.stringify(claimsOf(f))
const more = (text: string, member: string): string => `${text.slice(0, -1)},${member}}`

const FORMS: readonly RefusedToken[] = [
  ['two subjects', 'repeated_name', texts(headerText, (f) => more(claimsText(f), '"sub":"root"'))],
  [
    'two subjects, one written otherwise',
    'repeated_name',
    texts(headerText, (f) => more(claimsText(f), '"s\\u0075b":"root"')),
  ],
  ['two algorithms', 'repeated_name', texts((f) => more(headerText(f), '"alg":"none"'), claimsText)],
  [
    'two lists of roles, far below',
    'repeated_name',
    texts(headerText, (f) => more(claimsText(f), '"realm_access":{"roles":[],"roles":["admin"]}')),
  ],
  ['more than 8 KiB', 'too_large', withClaims({ padding: 'x'.repeat(8192) })],
  [
    'lists in lists in lists',
    'malformed',
    texts(headerText, (f) => more(claimsText(f), `"x":${'['.repeat(99)}${']'.repeat(99)}`)),
  ],
  ['claims that are no JSON', 'malformed', texts(headerText, () => 'ada')],
  ['claims that are a list', 'malformed', texts(headerText, (f) => `[${claimsText(f)}]`)],
  ['claims that are null', 'malformed', texts(headerText, () => 'null')],
  [
    'claims that are no text',
    'malformed',
    (f) => signed(headerText(f), Buffer.from([0x22, 0xff, 0x22]), f.ec),
  ],
  ['claims after a byte order mark', 'malformed', texts(headerText, (f) => `\ufeff${claimsText(f)}`)],
  ['five parts', undefined, (f) => `${good(f)}.${part({})}.${part({})}`],
  ['padding', undefined, (f) => `${good(f)}=`],
  ['a header that is no object', undefined, (f) => signed('[]', claimsOf(f), f.ec)],
]

const ownTokens = (use: SigningUse): readonly RefusedToken[] => [
  [
    `our own name and the key of a ${use}`,
    'issuer',
    (f) => {
      const { [use]: key } = f.ours
      return signed({ ...HEADER, alg: 'ES256', kid: key.kid }, { ...claimsOf(f), iss: f.gateway }, key)
    },
  ],
  [
    `our key of a ${use} in the name of an issuer`,
    'unknown_key',
    (f) => withHeader({ kid: f.ours[use].kid }, () => f.ours[use])(f),
  ],
  [`our key of a ${use} under the id of an issuer`, 'signature', withHeader({}, ({ ours }) => ours[use])],
]

const OURS: readonly RefusedToken[] = [
  ...ownTokens('service'),
  ...ownTokens('webhook'),
  ...ownTokens('card'),
  [
    'what we tell agents of a caller',
    'issuer',
    (f) => {
      const claims = {
        ...claimsOf(f),
        iss: f.gateway,
        sub: 'corp:ada',
        act: { sub: f.gateway },
        client_id: f.gateway,
        jti: 'j',
        iat: f.nowS,
      }
      return signed({ ...HEADER, alg: 'ES256', kid: f.ours.service.kid }, claims, f.ours.service)
    },
  ],
]

/** Each differs from a token that is taken in what its name says. */
export const REFUSED_TOKENS: readonly RefusedToken[] = [
  ...ALGORITHMS,
  ...KEYS,
  ...TYPES,
  ...SIGNATURES,
  ...CLAIMS,
  ...FORMS,
  ...OURS,
]

export const acceptedToken = good
