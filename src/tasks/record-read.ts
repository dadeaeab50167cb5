/** What an admin reads of others is recorded, durably, before it is shown. Reading what is one's own is not. */
import { type AuditAction, type AuditTarget, auditOf } from '../access/audit/audit-record.ts'
import type { Call } from '../access/principal.ts'
import type { TasksDeps } from './deps.ts'
import type { TaskHead } from './task-head.ts'
import type { ContextFilter } from './task-store.ts'

type Owned = { readonly owner: string }

type RecordDeps = Pick<TasksDeps, 'audit' | 'store' | 'now'>

/** One conversation may have an owner for each agent; more are not looked at. */
const MAX_OWNERS = 100

export const recordTaskRead = (deps: RecordDeps, call: Call, head: TaskHead): Promise<void> =>
  record(deps, call, 'task.read', { kind: 'task', id: head.id }, [head])

export const recordListRead = (
  deps: RecordDeps,
  call: Call,
  action: 'task.list' | 'context.list',
  page: readonly Owned[],
): Promise<void> => record(deps, call, action, { kind: 'tenant', id: call.principal.tenant }, page)

export async function recordContextRead(
  deps: RecordDeps,
  call: Call,
  filter: ContextFilter & { readonly contextId: string },
): Promise<void> {
  if (filter.owner !== undefined) return
  const contexts = await deps.store.listContexts(filter, MAX_OWNERS)
  await record(deps, call, 'context.read', { kind: 'context', id: filter.contextId }, contexts)
}

async function record(
  { audit, now }: RecordDeps,
  call: Call,
  action: AuditAction,
  target: AuditTarget,
  read: readonly Owned[],
): Promise<void> {
  const others = read.filter(({ owner }) => owner !== call.principal.subject)
  const [first] = others
  if (first === undefined) return
  const isOnlyOwner = others.every(({ owner }) => owner === first.owner)
  await audit.append([
    auditOf(call, action, target, now(), {
      details: { others: String(others.length) },
      ...(isOnlyOwner && { subjects: { owner: first.owner } }),
    }),
  ])
}
