import assert from 'node:assert/strict'
import { startChild } from './child.ts'
import { parsed, textAt } from './json-path.ts'

const MAIN = new URL('./identity-provider.ts', import.meta.url).pathname

/** The identity provider in a process of its own. */
export type IdentityProvider = AsyncDisposable & {
  readonly issuer: string
  /** An access token of the client `robot`. */
  token(scope: string, resource?: string): Promise<string>
  /** From now on another key signs. */
  rotate(): Promise<void>
  /** Ends it, as a crash does. */
  kill(): Promise<void>
  /** Starts it again where it was, with new keys. */
  restart(): Promise<void>
}

export const AUDIENCE = 'https://parley.example'

export async function startIdentityProvider(): Promise<IdentityProvider> {
  const start = async (port: string) => {
    const child = startChild([MAIN, '--port', port], {})
    const issuer = await child.line((line) => /^issuer (\S+)$/.exec(line)?.[1])
    return { child, issuer }
  }
  let running = await start('0')
  const { issuer } = running
  const kill = async () => {
    running.child.kill('SIGKILL')
    await running.child.exited
  }
  return {
    issuer,
    async token(scope, resource = AUDIENCE) {
      const response = await fetch(`${issuer}/token`, {
        method: 'POST',
        body: new URLSearchParams({
          grant_type: 'client_credentials',
          client_id: 'robot',
          client_secret: 'robot-secret',
          scope,
          resource,
        }),
      })
      const text = await response.text()
      assert.equal(response.status, 200, text)
      return textAt(parsed(text), 'access_token')
    },
    async rotate() {
      assert.equal((await fetch(`${issuer}/rotate`, { method: 'POST' })).status, 200)
    },
    kill,
    async restart() {
      await kill()
      running = await start(new URL(issuer).port)
    },
    [Symbol.asyncDispose]: kill,
  }
}
