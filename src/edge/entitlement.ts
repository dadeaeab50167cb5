import type { Operation } from '../a2a/operation.ts'
import { assertScope } from '../access/assert-scope.ts'
import { ACTION_OF } from '../access/operation-actions.ts'
import type { Call, Principal } from '../access/principal.ts'
import { ParleyError } from '../errors.ts'
import type { AppDeps } from './app-deps.ts'
import { unauthenticated } from './authenticate.ts'

/** What a call goes on by that may last longer than the rights it began with. */
export type Entitlement = {
  readonly principal: Principal
  /** Of the call. */
  readonly requestId: string
  readonly to: LastingOperation | NativeView | 'changes'
}

/** An operation of A2A with an agent: its id or slug. */
type LastingOperation = { readonly operation: Operation; readonly agent: string }

/** The native view of a task, by its id. */
type NativeView = { readonly task: string }

/** The same text for calls that one check answers for: of one credential, to do the same. */
export function textOfEntitlement({ principal, to }: Entitlement): string {
  const { credential, tenant, subject, groups, scopes, agents, expiresAt } = principal
  const who =
    credential?.kind === 'key'
      ? credential.id
      : [credential, tenant, subject, groups, [...scopes], [...(agents ?? [])], expiresAt]
  return JSON.stringify([who, to])
}

/**
 * The principal as its credential makes it now. Throws what the same call would be refused with now: `unauthenticated`,
 * `forbidden`, `agent_not_found` or `task_not_found`; or whatever keeps that from being known. That the agent was disabled
 * or removed meanwhile ends nothing.
 */
export async function assertEntitled(
  { access, registry, tasks, shutdown }: Pick<AppDeps, 'access' | 'registry' | 'tasks' | 'shutdown'>,
  { principal, requestId, to }: Entitlement,
): Promise<Principal> {
  const now = await access.reassess(principal)
  if (now === undefined) throw unauthenticated()
  const call: Call = { principal: now, requestId, signal: shutdown }
  if (to === 'changes') assertScope(now, 'agents:read')
  else if ('task' in to) await tasks.assertVisible(call, to.task)
  else await assertMayGoOn(registry, call, to)
  return now
}

async function assertMayGoOn(
  registry: AppDeps['registry'],
  call: Call,
  { agent: ref, operation }: LastingOperation,
): Promise<void> {
  try {
    await registry.get(call, ref, ACTION_OF[operation], operation)
  } catch (reason) {
    if (!(reason instanceof ParleyError)) throw reason
    if (reason.code === 'agent_unavailable') return
    if (reason.code !== 'agent_not_found') throw reason
    const agent = await registry.get(call, ref, 'read', 'GetTask').catch(() => undefined)
    if (agent?.removedAt === undefined) throw reason
  }
}
