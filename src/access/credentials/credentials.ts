/**
 * What the gateway shows agents so that they let it in: one credential for each security scheme of an agent's card.
 *
 * Stored sealed, never shown again, and bound: to the scheme as the card declared it, to the origins the agent had and to
 * the token endpoint it named when the credential was stored. Who may manage an agent is judged before anybody comes here.
 */
import type { CardSecurity } from '../../a2a/security.ts'
import { ParleyError } from '../../errors.ts'
import type { Events } from '../../telemetry/events.ts'
import { auditOf } from '../audit/audit-record.ts'
import type { Call } from '../principal.ts'
import { untilCommitted } from '../until-committed.ts'
import type { Vault } from '../vault.ts'
import { createClientTokens } from './client-tokens.ts'
import { type AgentCredential, contextOf, type StoredCredential, withoutSecret } from './credential.ts'
import type { CredentialStore } from './credential-store.ts'
import { discoverTokenEndpoint } from './discover-token-endpoint.ts'
import { type CalledAgent, type Presentation, presentCredentials } from './present-credentials.ts'
import { invalidCredential, readSecret } from './read-secret.ts'
import type { TokenSource } from './token-source.ts'

/** An agent as its card describes it now. */
export type GuardedAgent = {
  readonly agentId: string
  readonly tenant: string
  readonly security: CardSecurity
  /** Scheme, host and port of each of its interfaces. */
  readonly origins: readonly string[]
}

export interface Credentials {
  /**
   * Stores what `text`, the body of a request, says for one scheme of the agent, in place of what was there. Throws
   * `invalid_params` naming everything that does not fit the scheme, `unavailable` when the agent went meanwhile.
   */
  store(
    call: Call,
    agent: GuardedAgent,
    scheme: string,
    text: string,
  ): Promise<{ readonly credential: AgentCredential; readonly created: boolean }>
  /** What is stored for an agent, by scheme, without its secrets. */
  list(agentId: string): Promise<readonly AgentCredential[]>
  /** Throws `not_found` when there is none. */
  delete(call: Call, agentId: string, scheme: string): Promise<void>
  /** As `presentCredentials`. */
  present(agent: CalledAgent): Promise<Presentation>
}

export type CredentialsDeps = {
  readonly store: CredentialStore
  readonly vault: Vault
  readonly source: TokenSource
  readonly events: Events
  readonly now: () => number
  readonly stopping: AbortSignal
}

/** More than any card asks for at once; storing more is a mistake. */
const MAX_CREDENTIALS = 32

export function createCredentials(deps: CredentialsDeps): Credentials {
  const { store, vault, source, events, now } = deps
  const tokens = createClientTokens(deps)

  const sealed = async (credential: AgentCredential, secret: object): Promise<string> =>
    vault.seal(contextOf(credential), new TextEncoder().encode(JSON.stringify(secret)))

  const put = async (call: Call, credential: Omit<StoredCredential, 'version'>): Promise<boolean> => {
    const { agentId, scheme } = credential
    const audit = [auditOf(call, 'credential.store', targetOf(agentId, scheme), now())]
    return untilCommitted('The credential or its agent', async () => {
      const there = await store.listOf(agentId)
      const before = there.find((one) => one.scheme === scheme)
      if (before === undefined && there.length >= MAX_CREDENTIALS) throw tooMany()
      const expectedVersion = before?.version ?? 0
      const next = { ...credential, version: expectedVersion + 1 }
      const isCommitted = await store.commit({ credential: next, expectedVersion, audit })
      return isCommitted ? before === undefined : undefined
    })
  }

  return {
    async store(call, agent, scheme, text) {
      const declared = agent.security.schemes.get(scheme)
      if (declared === undefined) throw noSuchScheme(agent.security, scheme)
      const secret = readSecret(declared, text, now())
      const tokenEndpoint = await discoverTokenEndpoint(declared, source, call.signal)
      const credential: AgentCredential = {
        agentId: agent.agentId,
        scheme,
        tenant: agent.tenant,
        declared,
        origins: agent.origins,
        ...(tokenEndpoint === undefined ? {} : { tokenEndpoint }),
        storedAt: now(),
        storedBy: call.principal.subject,
      }
      const whole =
        secret.kind === 'client' && secret.scopes.length === 0
          ? { ...secret, scopes: scopesDemanded(agent.security, scheme) }
          : secret
      const created = await put(call, { ...credential, sealed: await sealed(credential, whole) })
      events.credentialStored({ agentId: agent.agentId, scheme, principal: call.principal.subject, created })
      return { credential, created }
    },

    list: async (agentId) => (await store.listOf(agentId)).map(withoutSecret),

    async delete(call, agentId, scheme) {
      const audit = [auditOf(call, 'credential.delete', targetOf(agentId, scheme), now())]
      await untilCommitted('The credential or its agent', async () => {
        const credential = (await store.listOf(agentId)).find((one) => one.scheme === scheme)
        if (credential === undefined) throw new ParleyError('not_found', 'Credential not found')
        const expectedVersion = credential.version
        const isCommitted = await store.commit({ credential, expectedVersion, removed: true, audit })
        return isCommitted ? credential : undefined
      })
      events.credentialDeleted({ agentId, scheme, principal: call.principal.subject })
    },

    present: (agent) => presentCredentials({ store, vault, tokens }, agent),
  }
}

const targetOf = (agentId: string, scheme: string) =>
  ({ kind: 'credential', id: `${agentId}/${scheme}` }) as const

/** Fixed when the credential is stored, so that no later card widens what tokens are asked for. */
const scopesDemanded = ({ alternatives }: CardSecurity, scheme: string): readonly string[] => [
  ...new Set(alternatives.flatMap((alternative) => alternative.get(scheme) ?? [])),
]

function noSuchScheme({ schemes }: CardSecurity, scheme: string): ParleyError {
  const names = [...schemes.keys()]
  const message = `is no security scheme of the agent's card${names.length === 0 ? ', which has none' : ''}`
  return invalidCredential([
    {
      pointer: '',
      code: 'unknown_scheme',
      message: `${JSON.stringify(scheme)} ${message}`,
      ...(names.length === 0 ? {} : { hint: `The card's schemes are ${names.join(', ')}` }),
    },
  ])
}

const tooMany = (): ParleyError =>
  new ParleyError('conflict', `An agent has at most ${MAX_CREDENTIALS} credentials; delete some first`)
