import type { TestContext } from 'node:test'
import { openMemory } from '../../storage/memory/open-memory.ts'
import { silentEvents } from '../../telemetry/events.ts'
import { createCursors } from '../page-cursor.ts'
import type { Call, Scope } from '../principal.ts'
import { type AuditRecord, auditOf } from './audit-record.ts'
import { createAudit } from './create-audit.ts'
import { createDenials } from './denials.ts'

export const T0 = Date.parse('2026-01-31T12:00:00Z')

/** A call of a key, from an address. */
export const callOf = (subject: string, scopes: readonly Scope[] = ['admin'], tenant = 'default'): Call => ({
  principal: {
    tenant,
    subject,
    groups: [],
    scopes: new Set(scopes),
    credential: { kind: 'key', id: `id of ${subject}` },
  },
  requestId: 'r-1',
  from: '192.0.2.7',
  signal: new AbortController().signal,
})

export const recordOf = (call: Call, id: string, at = T0): AuditRecord =>
  auditOf(call, 'key.revoke', { kind: 'key', id }, at)

/** The audit log on the memory backend, read by `audit` and written through `store` and `denials`. */
export async function openAudit(t: TestContext) {
  const backend = await openMemory()
  t.after(() => backend[Symbol.asyncDispose]())
  const clock = { now: T0 }
  const now = () => clock.now
  const unexpected: unknown[] = []
  const events = { ...silentEvents, unexpected: (facts: { cause: unknown }) => unexpected.push(facts.cause) }
  const store = backend.audit
  const denials = createDenials({ store, events, now })
  const cursors = createCursors(Buffer.alloc(32, 7))
  const audit = createAudit({ store, denials, cursors, now })
  return { store, denials, audit, clock, now, events, unexpected }
}

/** All lines of an export. */
export async function linesOf(pages: AsyncIterable<readonly string[]>): Promise<readonly string[]> {
  const lines: string[] = []
  for await (const page of pages) lines.push(...page)
  return lines
}
