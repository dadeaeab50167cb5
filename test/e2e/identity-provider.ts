/**
 * A real identity provider as a program of its own: `node identity-provider.ts [--port 0]`. It prints its issuer.
 *
 * The client `robot` gets access tokens with its secret. `POST /rotate` makes a new key that signs from then on; the ones
 * before stay in the key set. Tokens for an audience that ends in `/brief` live for four seconds.
 */
import { generateKeyPairSync, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { parseArgs } from 'node:util'
import Provider from 'oidc-provider'
import { numberAt } from './json-path.ts'

const { port = '0' } = parseArgs({ options: { port: { type: 'string' } } }).values

const newKey = () => ({
  ...generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' }),
  kid: randomUUID(),
  alg: 'ES256',
  use: 'sig',
})

/** The first one that fits is the one that signs. */
let keys = [newKey()]

const SCOPES = 'tasks:submit tasks:read tasks:cancel agents:read admin'

const open = (issuer: string) =>
  new Provider(issuer, {
    jwks: { keys },
    clients: [
      {
        client_id: 'robot',
        client_secret: 'robot-secret',
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
        token_endpoint_auth_method: 'client_secret_post',
        id_token_signed_response_alg: 'ES256',
      },
    ],
    scopes: SCOPES.split(' '),
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => 'https://parley.example',
        getResourceServerInfo: (_context: unknown, audience: string) => ({
          scope: SCOPES,
          audience,
          accessTokenFormat: 'jwt',
          accessTokenTTL: audience.endsWith('/brief') ? 4 : 600,
          jwt: { sign: { alg: 'ES256' } },
        }),
      },
    },
  }).callback()

const server = createServer((request, response) => {
  if (request.method !== 'POST' || request.url !== '/rotate') return answer(request, response)
  keys = [newKey(), ...keys]
  answer = open(issuer)
  response.end()
})
server.listen(Number(port), '127.0.0.1')
await once(server, 'listening')
const issuer = `http://127.0.0.1:${numberAt(server.address(), 'port')}`
let answer = open(issuer)
process.stdout.write(`issuer ${issuer}\n`)
