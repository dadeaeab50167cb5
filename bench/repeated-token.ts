import { createServer } from 'node:http'
import { join } from 'node:path'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { rpcHeaders } from './a2a-calls.ts'
import type { Measurement } from './bench-context.ts'
import { compareRates, startOwn } from './contenders.ts'
import { finishedTask } from './get-task.ts'
import { startParley } from './parley.ts'

const ISSUER = 'https://id.bench.example'
const AUDIENCE = 'parley'

/** Reading a task of 10 KB with one token of an identity provider again and again, against doing so with a key. */
export const repeatedToken: Measurement = async (bench) => {
  await using opened = new AsyncDisposableStack()
  const { privateKey, publicKey } = await generateKeyPair('RS256')
  const keys = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'bench', alg: 'RS256' }] })
  const provider = opened.use(await serve(keys))
  const agent = opened.use(await startOwn(bench, 'fast-agent', 'load'))
  const parley = opened.use(
    await startParley(bench, {
      role: 'all',
      dataDir: join(bench.dir, 'repeated-token'),
      profile: 'repeated-token',
      env: {
        PARLEY_ALLOW_IDENTITY: '127.0.0.1',
        PARLEY_ISSUERS: JSON.stringify([
          {
            alias: 'id',
            issuer: ISSUER,
            jwksUrl: provider.url,
            audience: AUDIENCE,
            tenants: ['default'],
            scopes: ['tasks:submit', 'tasks:read'],
          },
        ]),
      },
    }),
  )
  const url = await parley.register('agent', agent.url, true)
  const token = await new SignJWT({ scope: 'tasks:submit tasks:read' })
    .setProtectedHeader({ alg: 'RS256', kid: 'bench', typ: 'at+jwt' })
    .setIssuer(ISSUER)
    .setAudience(AUDIENCE)
    .setSubject('bench')
    .setExpirationTime('1h')
    .sign(privateKey)
  const byToken = rpcHeaders(token)
  // Both are one subject, so that both see one task.
  const byKey = rpcHeaders(await parley.newKey('id:bench'))
  const { body, answer } = await finishedTask(url, byToken)
  const check = (got: string) => got === answer
  const load = { url, body, server: parley.program, check }
  const { perSecond, notes } = await compareRates(bench, {
    token: { ...load, headers: byToken },
    key: { ...load, headers: byKey },
  })
  await parley.program.stop()
  return {
    findings: [
      {
        id: 'repeated-token',
        what: 'GetTask with a repeated token against a key',
        value: perSecond.token / perSecond.key,
        unit: '×',
        bar: { sense: 'at least', value: 0.9 },
      },
    ],
    notes: [...notes, `the token has ${token.length} bytes`],
  }
}

async function serve(text: string): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer((_request, response) => response.end(text))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
