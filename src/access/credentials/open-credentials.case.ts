import { randomBytes } from 'node:crypto'
import { silentEvents } from '../../telemetry/events.ts'
import { createVault, masterKey } from '../vault.ts'
import type { CredentialStore } from './credential-store.ts'
import { type Credentials, createCredentials } from './credentials.ts'
import type { TokenAnswer, TokenSource } from './token-source.ts'

/** An authorization server in a word: what it answers, and what it was asked. */
export type ScriptedServer = TokenSource & {
  readonly asked: Parameters<TokenSource['requestToken']>[]
  answer: () => TokenAnswer | Promise<TokenAnswer>
  metadata: string
}

function scriptedServer(): ScriptedServer {
  const server: ScriptedServer = {
    asked: [],
    answer: () => ({ status: 200, text: '{"access_token":"t-1","token_type":"Bearer","expires_in":600}' }),
    metadata: '{"token_endpoint":"https://id.example/token"}',
    check: () => {},
    fetchMetadata: async () => server.metadata,
    async requestToken(...asked) {
      server.asked.push(asked)
      return server.answer()
    },
  }
  return server
}

/** The room over `store`, with an authorization server that answers as it is told and a clock that stands still. */
export function openCredentials(
  store: CredentialStore,
  vault = createVault({ keys: [masterKey(randomBytes(32))], randomBytes }),
): {
  readonly credentials: Credentials
  readonly server: ScriptedServer
  readonly clock: { now: number }
} {
  const server = scriptedServer()
  const clock = { now: Date.UTC(2026, 0, 1) }
  const credentials = createCredentials({
    store,
    vault,
    source: server,
    events: silentEvents,
    now: () => clock.now,
    stopping: new AbortController().signal,
  })
  return { credentials, server, clock }
}
