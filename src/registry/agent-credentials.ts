import { type CardSecurity, securityOf } from '../a2a/security.ts'
import type { AgentCredential } from '../access/credentials/credential.ts'
import type { Credentials } from '../access/credentials/credentials.ts'
import { isSatisfied, whyNot } from '../access/credentials/present-credentials.ts'
import type { Call } from '../access/principal.ts'
import { type Agent, cardOf } from './agent.ts'
import { type AgentCondition, assertHolds } from './change-agent.ts'
import { type FindDeps, getAgent } from './find-agent.ts'
import { originsOf } from './interface-origin.ts'

export type AgentCredentialsDeps = FindDeps & { readonly credentials: Credentials }

/** A credential and, when calls to the agent as its card has it now do not get it, why. */
export type CredentialStatus = AgentCredential & { readonly problem?: string }

export type CredentialOverview = {
  /** What the card demands: any one of these, all of whose schemes are needed. Nothing when there are none. */
  readonly demands: readonly { readonly schemes: readonly string[]; readonly satisfied: boolean }[]
  /** Whether calls carry what the card demands, if it demands anything. */
  readonly satisfied: boolean
  readonly credentials: readonly CredentialStatus[]
}

export async function storeCredential(
  deps: AgentCredentialsDeps,
  call: Call,
  ref: string,
  scheme: string,
  body: string,
  condition?: AgentCondition,
): Promise<{ readonly credential: CredentialStatus; readonly created: boolean }> {
  const agent = await getAgent(deps, call, ref, 'manage')
  assertHolds(condition, agent)
  return deps.credentials.store(call, guardedAgent(agent), scheme, body)
}

export async function listCredentials(
  deps: AgentCredentialsDeps,
  call: Call,
  ref: string,
): Promise<CredentialOverview> {
  const agent = await getAgent(deps, call, ref, 'manage')
  const { security, origins } = guardedAgent(agent)
  const stored = await deps.credentials.list(agent.id)
  const credentials = stored.map((credential) => statusOf(credential, security, origins))
  const usable = new Set(
    credentials.flatMap(({ scheme, problem }) => (problem === undefined ? [scheme] : [])),
  )
  const demands = security.alternatives.map((alternative) => ({
    schemes: [...alternative.keys()],
    satisfied: isSatisfied(alternative, usable),
  }))
  const satisfied = demands.length === 0 || demands.some((demand) => demand.satisfied)
  return { demands, satisfied, credentials }
}

export async function deleteCredential(
  deps: AgentCredentialsDeps,
  call: Call,
  ref: string,
  scheme: string,
): Promise<void> {
  const agent = await getAgent(deps, call, ref, 'manage')
  await deps.credentials.delete(call, agent.id, scheme)
}

function guardedAgent(agent: Agent) {
  const card = cardOf(agent)
  return { agentId: agent.id, tenant: agent.tenant, security: securityOf(card), origins: originsOf(card) }
}

function statusOf(
  credential: AgentCredential,
  security: CardSecurity,
  origins: readonly string[],
): CredentialStatus {
  const problem = origins
    .map((origin) => whyNot(credential, { security, origin }))
    .find((why) => why !== undefined)
  return problem === undefined ? credential : { ...credential, problem: `Not sent: ${problem}` }
}
