import type { Access } from '../access/access.ts'
import { type Explanation, explain } from '../access/explain.ts'
import { type Grant, isFor } from '../access/grant.ts'
import { ANONYMOUS, type Call, isAnonymous, type Principal, SCOPES } from '../access/principal.ts'
import type { PrincipalAsked, Question } from '../access/question.ts'
import { ParleyError } from '../errors.ts'
import type { Agent } from './agent.ts'
import { type FindDeps, getAgent, resourceOf } from './find-agent.ts'

/** Why a principal can see or call an agent, or not. */
export type AccessExplanation = {
  readonly agent: Agent
  /** As it was judged. */
  readonly principal: Principal
  /** No scopes were given, so every one but `admin` was assumed. */
  readonly scopesAssumed: boolean
  readonly explanations: readonly Explanation[]
  /** Every grant of the agent, and whether it is for the principal. */
  readonly grants: readonly { readonly grant: Grant; readonly applies: boolean }[]
}

/** As `Registry.explain`. */
export async function explainAccess(
  deps: FindDeps,
  call: Call,
  { principal: asked, agent: ref, actions, operation }: Question,
): Promise<AccessExplanation> {
  const agent = await getAgent(deps, call, ref, 'manage')
  const principal = await principalOf(deps.access, call, asked)
  const resource = resourceOf(agent)
  return {
    agent,
    principal,
    scopesAssumed: 'subject' in asked && asked.scopes === undefined,
    explanations: actions.map((action) => explain(principal, action, resource, operation)),
    grants: resource.grants.map((grant) => ({
      grant,
      applies: !isAnonymous(principal) && principal.tenant === agent.tenant && isFor(grant, principal),
    })),
  }
}

async function principalOf(access: Access, call: Call, asked: PrincipalAsked): Promise<Principal> {
  if ('anonymous' in asked) return ANONYMOUS
  if ('key' in asked) return principalOfKey(access, call, asked.key)
  return {
    tenant: asked.tenant ?? call.principal.tenant,
    subject: asked.subject,
    groups: asked.groups,
    scopes: new Set(asked.scopes ?? SCOPES.filter((scope) => scope !== 'admin')),
  }
}

async function principalOfKey(access: Access, call: Call, id: string): Promise<Principal> {
  const { tenant, subject } = await access.getKey(call, id)
  const found = await access.reassess({ ...ANONYMOUS, tenant, subject, credential: { kind: 'key', id } })
  if (found !== undefined) return found
  throw new ParleyError('not_found', 'The key has ended')
}
