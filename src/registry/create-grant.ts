import type { NewId } from '../a2a/ids.ts'
import { auditOf } from '../access/audit/audit-record.ts'
import type { Grant } from '../access/grant.ts'
import { isSameGrant, type NewGrant } from '../access/new-grant.ts'
import type { Call } from '../access/principal.ts'
import { ParleyError } from '../errors.ts'
import { type ChangeDeps, changeAgent } from './change-agent.ts'
import { auditedGrant } from './grant-audit.ts'

/** Every decision about an agent reads all of its grants. */
const MAX_GRANTS = 200

export type CreateGrantDeps = ChangeDeps & { readonly newId: NewId }

/** As `Registry.createGrant`. `updatedAt` stays: the card is the same. */
export async function createGrant(
  deps: CreateGrantDeps,
  call: Call,
  ref: string,
  wanted: NewGrant,
): Promise<{ readonly grant: Grant; readonly created: boolean }> {
  const { now, newId, events } = deps
  const { subject } = call.principal
  const made: Grant = { ...wanted, id: newId(), createdAt: now(), createdBy: subject }
  const { before, after } = await changeAgent(deps, call, ref, (agent) => {
    const { grants = [] } = agent
    if (grants.some((grant) => isSameGrant(grant, wanted))) return undefined
    if (grants.length >= MAX_GRANTS) throw tooMany()
    const audit = [auditOf(call, 'grant.create', ...auditedGrant(agent, made, now()))]
    return { next: { ...agent, grants: [...grants, made] }, audit }
  })
  const known = before.grants?.find((grant) => isSameGrant(grant, wanted))
  if (known !== undefined) return { grant: known, created: false }
  events.grantCreated({ agentId: after.id, grantId: made.id, right: made.right, principal: subject })
  return { grant: made, created: true }
}

const tooMany = (): ParleyError =>
  new ParleyError(
    'conflict',
    `An agent has at most ${MAX_GRANTS} grants: delete some, or grant to a group of your identity provider`,
  )
