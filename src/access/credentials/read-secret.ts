import { createPrivateKey, X509Certificate } from 'node:crypto'
import Type, { type Static, type TObject } from 'typebox'
import type { DeclaredScheme } from '../../a2a/security.ts'
import { check, parseJson } from '../../a2a/wire.ts'
import { ParleyError, type Violation } from '../../errors.ts'
import type { CredentialSecret } from './credential.ts'
import { isHeaderName, isReservedHeader } from './reserved-headers.ts'

const MAX_PEM_CHARS = 65_536

/** Visible ASCII: what every header takes. */
const visible = (description: string) =>
  Type.String({ minLength: 1, maxLength: 8192, pattern: '^[\\x21-\\x7e]+$', description })

const closed = { additionalProperties: false }

/** Some agents want a word before the key, so there may be spaces inside. */
const ApiKeyBody = Type.Object(
  {
    key: Type.String({
      minLength: 1,
      maxLength: 8192,
      pattern: '^[\\x21-\\x7e](?:[\\x20-\\x7e]*[\\x21-\\x7e])?$',
      description: 'What goes where the scheme says',
    }),
  },
  closed,
)

const BasicBody = Type.Object(
  {
    username: Type.String({ maxLength: 1024, pattern: '^[^:\\p{Cc}]*$' }),
    password: Type.String({ maxLength: 8192, pattern: '^[^\\p{Cc}]*$' }),
  },
  closed,
)

const BearerBody = Type.Object({ token: visible('Sent as Authorization: Bearer') }, closed)

const ClientBody = Type.Object(
  {
    clientId: Type.String({ minLength: 1, maxLength: 1024, pattern: '^[\\x20-\\x7e]+$' }),
    clientSecret: Type.String({ minLength: 1, maxLength: 8192, pattern: '^[\\x20-\\x7e]+$' }),
    authentication: Type.Optional(
      Type.Enum(['basic', 'post'], {
        description: 'Whether the token endpoint is told these in a header (the default) or in the form',
      }),
    ),
    scopes: Type.Optional(
      Type.Array(Type.String({ pattern: '^[\\x21\\x23-\\x5b\\x5d-\\x7e]+$', maxLength: 256 }), {
        maxItems: 100,
        description: 'What tokens are asked for; those that the card demands, when absent',
      }),
    ),
    resource: Type.Optional(Type.String({ maxLength: 2048, description: 'RFC 8707' })),
    audience: Type.Optional(
      Type.String({ maxLength: 2048, description: 'For servers that know no resource' }),
    ),
  },
  closed,
)

const CertificateBody = Type.Object(
  {
    certificate: Type.String({ maxLength: MAX_PEM_CHARS, description: 'PEM; with its chain, the own first' }),
    key: Type.String({ maxLength: MAX_PEM_CHARS, description: 'PEM, not encrypted' }),
  },
  closed,
)

/** What `PUT …/credentials/{scheme}` takes: that which fits the scheme. */
export const CredentialBody = Type.Union([ApiKeyBody, BasicBody, BearerBody, ClientBody, CertificateBody])

type Reader = (body: unknown) => {
  readonly secret: CredentialSecret
  readonly violations: readonly Violation[]
}

function reader<S extends TObject>(
  schema: S,
  secretOf: (body: Static<S>) => CredentialSecret,
  problems: (body: Static<S>) => readonly Violation[] = () => [],
): Reader {
  const bodyCheck = check(schema)
  return (value) => {
    const body = bodyCheck.parse(value)
    return { secret: secretOf(body), violations: problems(body) }
  }
}

const readBasic = reader(BasicBody, (body) => ({ kind: 'basic', ...body }))
const readBearer = reader(BearerBody, (body) => ({ kind: 'bearer', ...body }))
const readKey = reader(ApiKeyBody, (body) => ({ kind: 'apiKey', ...body }))
const readCookie = reader(
  ApiKeyBody,
  (body) => ({ kind: 'apiKey', ...body }),
  ({ key }) =>
    // RFC 6265 §4.1.1.
    /[ ",;\\]/.test(key)
      ? [
          {
            pointer: '/key',
            code: 'cookie',
            message:
              'must not contain spaces, quotes, commas, semicolons or backslashes: it goes into a cookie',
          },
        ]
      : [],
)
const readClient = reader(ClientBody, ({ authentication = 'basic', scopes = [], ...body }) => ({
  kind: 'client',
  ...body,
  authentication,
  scopes,
}))

/**
 * The secret in the body of a request, for a scheme as its card declares it. Throws `invalid_params` that names
 * everything wrong with it, by place and never by content, and `parse_error` for what is no JSON.
 */
export function readSecret(scheme: DeclaredScheme, text: string, now: number): CredentialSecret {
  const { secret, violations } = readerOf(scheme, now)(parseJson(text))
  if (violations.length > 0) throw invalidCredential(violations)
  return secret
}

export function invalidCredential(violations: readonly Violation[]): ParleyError {
  const [first] = violations
  return new ParleyError(
    'invalid_params',
    `The credential cannot be stored: ${first?.pointer || '/'} ${first?.message}`,
    { violations },
  )
}

function readerOf(scheme: DeclaredScheme, now: number): Reader {
  switch (scheme.kind) {
    case 'apiKey':
      assertCarriable(scheme)
      return scheme.location === 'cookie' ? readCookie : readKey
    case 'http':
      if (scheme.scheme === 'basic') return readBasic
      if (scheme.scheme === 'bearer') return readBearer
      throw unusable('http_scheme', 'The card asks for a scheme of HTTP other than Basic and Bearer')
    case 'oauth2':
      if (scheme.tokenUrl !== undefined) return readClient
      throw unusable(
        'flow',
        'The card offers no client credentials flow for this scheme, and the gateway is no person',
      )
    case 'openIdConnect':
      return readClient
    case 'mutualTls':
      return reader(
        CertificateBody,
        (body) => ({ kind: 'certificate', ...body }),
        (body) => certificateProblems(body, now),
      )
  }
}

/** The card is the publisher's: it must not make us write what is ours, or the transport's, to write. */
function assertCarriable({ location, name }: DeclaredScheme & { readonly kind: 'apiKey' }): void {
  if (location === 'query') return
  if (!isHeaderName(name))
    throw unusable('name', `The card gives the key a name that no ${location} can have`)
  if (location === 'header' && isReservedHeader(name)) {
    throw unusable('name', 'The card wants the key in a header that has another meaning')
  }
}

/** The scheme is at fault, and no body would do. */
const unusable = (code: string, message: string): ParleyError =>
  new ParleyError('invalid_params', message, { violations: [{ pointer: '', code, message }] })

function certificateProblems(body: Static<typeof CertificateBody>, now: number): readonly Violation[] {
  const certificate = attempt(() => new X509Certificate(body.certificate))
  const key = attempt(() => createPrivateKey(body.key))
  const found: Violation[] = []
  if (certificate === undefined) {
    found.push({ pointer: '/certificate', code: 'pem', message: 'must be a certificate in PEM' })
  } else if (certificate.validToDate.getTime() <= now) {
    found.push({ pointer: '/certificate', code: 'expired', message: 'has expired' })
  }
  if (key === undefined) {
    found.push({
      pointer: '/key',
      code: 'pem',
      message: 'must be a private key in PEM, without a passphrase',
    })
  } else if (certificate !== undefined && !certificate.checkPrivateKey(key)) {
    found.push({ pointer: '/key', code: 'mismatch', message: 'is not the key of the certificate' })
  }
  return found
}

/** What OpenSSL says of material it cannot read is of no use, and may be of the material. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}
