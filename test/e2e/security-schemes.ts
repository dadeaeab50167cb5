import type { Binding, Shown } from './guarded-agent.ts'

/** Security schemes as cards of 1.0 declare them. */
export const apiKey = (location: string, name: string) => ({ apiKeySecurityScheme: { location, name } })
const http = (scheme: string) => ({ httpAuthSecurityScheme: { scheme } })
export const oauthAt = (tokenUrl: string) => ({
  oauth2SecurityScheme: { flows: { clientCredentials: { tokenUrl, scopes: {} } } },
})

/** A scheme for which one secret is enough, what is stored for it, and what an agent is then shown. */
type Simple = {
  readonly what: string
  readonly scheme: object
  readonly body: object
  readonly shows: (shown: Shown) => unknown
  readonly expected: string
  readonly not?: Binding
}

export const SIMPLE_SCHEMES: readonly Simple[] = [
  {
    what: 'a key in a header',
    scheme: apiKey('header', 'X-Agent-Key'),
    body: { key: 'top-s3cret-header' },
    shows: ({ header }) => header('x-agent-key'),
    expected: 'top-s3cret-header',
  },
  {
    what: 'a key in the query',
    scheme: apiKey('query', 'the key'),
    body: { key: 'top-s3cret&query=' },
    shows: ({ query }) => query.get('the key'),
    expected: 'top-s3cret&query=',
    not: 'GRPC',
  },
  {
    what: 'a key in a cookie',
    scheme: apiKey('cookie', 'sid'),
    body: { key: 'top-s3cret-cookie' },
    shows: ({ header }) => header('cookie'),
    expected: 'sid=top-s3cret-cookie',
  },
  {
    what: 'HTTP Basic',
    scheme: http('Basic'),
    body: { username: 'parley', password: 'top-s3cret:päss' },
    shows: ({ header }) => header('authorization'),
    expected: `Basic ${Buffer.from('parley:top-s3cret:päss').toString('base64')}`,
  },
  {
    what: 'HTTP Bearer',
    scheme: http('bearer'),
    body: { token: 'top-s3cret-bearer' },
    shows: ({ header }) => header('authorization'),
    expected: 'Bearer top-s3cret-bearer',
  },
]
