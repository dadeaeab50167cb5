import { hash } from 'node:crypto'
import type { CardSecurity, SecurityAlternative } from '../../a2a/security.ts'
import { ParleyError } from '../../errors.ts'
import type { Vault } from '../vault.ts'
import type { ClientTokens } from './client-tokens.ts'
import {
  type AgentCredential,
  type CredentialSecret,
  contextOf,
  type StoredCredential,
} from './credential.ts'
import type { CredentialStore } from './credential-store.ts'

/** The agent that is called, and where. */
export type CalledAgent = {
  readonly agentId: string
  /** What its card demands now. */
  readonly security: CardSecurity
  /** Scheme, host and port of the interface that is called; `undefined` when it has none. */
  readonly origin: string | undefined
}

/** What a call to an agent shows of stored credentials. */
export type Presentation = {
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>
  /** To be added to the query, in this order, not yet encoded. */
  readonly query: readonly (readonly [name: string, value: string])[]
  readonly certificate?: ClientIdentity
  /** The schemes that are satisfied; none when nothing stored satisfies what the card demands. */
  readonly schemes: readonly string[]
  /** What the card demands and nothing stored satisfies, for people. */
  readonly unmet?: string
  /** To be called when the agent did not know us: whether another presentation would show something new. */
  readonly renew: () => boolean
}

/** What the gateway proves itself with on TLS connections, in PEM. */
export type ClientIdentity = {
  /** Of this credential and never of another: connections are kept apart by it. */
  readonly id: string
  readonly cert: string
  readonly key: string
}

export type PresentDeps = {
  readonly store: CredentialStore
  readonly vault: Vault
  readonly tokens: ClientTokens
}

export const NOTHING: Presentation = { headers: {}, query: [], schemes: [], renew: () => false }

/**
 * The credentials for one call: those of the first alternative of the card that is satisfied whole. Rejects with
 * `agent_unavailable`, before anything leaves, when one of them was not stored for this place or this form of the scheme.
 */
export async function presentCredentials(deps: PresentDeps, agent: CalledAgent): Promise<Presentation> {
  const demanded = agent.security.alternatives.filter(({ size }) => size > 0)
  if (demanded.length === 0) return NOTHING
  const stored = new Map((await deps.store.listOf(agent.agentId)).map((one) => [one.scheme, one]))
  const chosen = demanded.find((alternative) => isSatisfied(alternative, stored))
  if (chosen === undefined) {
    const isOptional = demanded.length < agent.security.alternatives.length
    return isOptional ? NOTHING : { ...NOTHING, unmet: wordsFor(demanded) }
  }
  const used = [...chosen.keys()].flatMap((name) => stored.get(name) ?? [])
  for (const credential of used) assertBound(credential, agent)
  return (await Promise.all(used.map((credential) => presentOne(deps, credential)))).reduce(joined, NOTHING)
}

export const isSatisfied = (
  alternative: SecurityAlternative,
  stored: { readonly has: (scheme: string) => boolean },
): boolean => [...alternative.keys()].every((name) => stored.has(name))

const wordsFor = (demanded: readonly SecurityAlternative[]): string =>
  demanded.map((alternative) => [...alternative.keys()].join(' and ')).join(', or ')

/**
 * Why a credential may not go to `origin`; `undefined` when it may. The card may say something else by now: the credential is
 * good for what it said when the credential was stored.
 */
export function whyNot(
  { scheme, origins, declared }: AgentCredential,
  { security, origin }: Pick<CalledAgent, 'security' | 'origin'>,
): string | undefined {
  if (JSON.stringify(security.schemes.get(scheme)) !== JSON.stringify(declared)) {
    return 'the card declares the scheme differently now'
  }
  if (origin !== undefined && origins.includes(origin)) return undefined
  return `it may go to ${origins.join(', ')}, and the card has the agent at ${origin ?? 'no place'} now`
}

function assertBound(credential: StoredCredential, agent: CalledAgent): void {
  const why = whyNot(credential, agent)
  if (why === undefined) return
  const name = JSON.stringify(credential.scheme)
  throw new ParleyError(
    'agent_unavailable',
    'The agent has moved or changed since Parley got its credential, which must be stored again',
    { cause: new Error(`The credential ${name} was not sent: ${why}. If that is right, store it again`) },
  )
}

async function presentOne(deps: PresentDeps, credential: StoredCredential): Promise<Presentation> {
  const opened = await deps.vault.open(contextOf(credential), credential.sealed)
  const secret: CredentialSecret = JSON.parse(new TextDecoder().decode(opened))
  const schemes = [credential.scheme]
  switch (secret.kind) {
    case 'apiKey':
      return { ...NOTHING, schemes, ...keyPlace(credential, secret.key) }
    case 'basic': {
      const pair = Buffer.from(`${secret.username}:${secret.password}`).toString('base64')
      return { ...NOTHING, schemes, headers: { authorization: `Basic ${pair}` } }
    }
    case 'bearer':
      return { ...NOTHING, schemes, headers: bearer(secret.token) }
    case 'certificate': {
      const { certificate: cert, key } = secret
      return { ...NOTHING, schemes, certificate: { id: idOf(credential), cert, key } }
    }
    case 'client': {
      const id = idOf(credential)
      const { token, isKept } = await deps.tokens.get(id, secret, credential.tokenEndpoint ?? '')
      const renew = () => {
        deps.tokens.forget(id, token)
        return isKept
      }
      return { ...NOTHING, schemes, headers: bearer(token), renew }
    }
  }
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

/** No two sealed texts are alike, and a credential gets another whenever it changes. */
const idOf = ({ sealed }: StoredCredential): string => hash('sha256', sealed, 'base64url')

function keyPlace({ declared }: StoredCredential, key: string): Pick<Presentation, 'headers' | 'query'> {
  if (declared.kind !== 'apiKey') throw new TypeError('the sealed secret is of another kind')
  const { location, name } = declared
  if (location === 'query') return { headers: {}, query: [[name, key]] }
  return {
    headers: location === 'cookie' ? { cookie: `${name}=${key}` } : { [name.toLowerCase()]: key },
    query: [],
  }
}

function joined(one: Presentation, other: Presentation): Presentation {
  const certificate = one.certificate ?? other.certificate
  return {
    headers: joinedHeaders(one.headers, other.headers),
    query: [...one.query, ...other.query],
    ...(certificate === undefined ? {} : { certificate }),
    schemes: [...one.schemes, ...other.schemes],
    renew() {
      const renewals = [one.renew(), other.renew()]
      return renewals.includes(true)
    },
  }
}

function joinedHeaders(
  one: Presentation['headers'],
  other: Presentation['headers'],
): Presentation['headers'] {
  const twice = Object.keys(other).filter((name) => Object.hasOwn(one, name))
  const clash = twice.find((name) => name !== 'cookie')
  if (clash !== undefined) {
    throw new ParleyError(
      'agent_unavailable',
      'The agent demands more credentials at once than a call can carry',
      {
        cause: new Error(`Two of the schemes want the header ${clash}`),
      },
    )
  }
  const cookies = twice.length > 0 ? { cookie: `${one.cookie}; ${other.cookie}` } : {}
  return { ...one, ...other, ...cookies }
}
