import { ParleyError } from '../../errors.ts'
import type { AuditRecord } from '../audit/audit-record.ts'
import type { KeyRing, SigningKeyStore, SigningUse } from './signing-key-store.ts'

/** A stale version is read again this often before giving up. */
const MAX_ATTEMPTS = 10

/**
 * Writes what `next` makes of the stored ring, and with it what `auditOf` says of the change, again when somebody else was faster. Nothing is written, and `after` is
 * `before`, when it returns the same ring. Rejects with `conflict` when others are faster every time.
 */
export async function changeRing<R extends KeyRing | undefined>(
  store: SigningKeyStore,
  use: SigningUse,
  next: (ring: KeyRing | undefined) => Promise<R>,
  auditOf: (before: KeyRing | undefined, after: KeyRing) => readonly AuditRecord[] = () => [],
): Promise<{ readonly before: KeyRing | undefined; readonly after: R }> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const before = await store.find(use)
    const after = await next(before)
    if (after === undefined || after === before) return { before, after }
    const audit = auditOf(before, after)
    const expectedVersion = before?.version ?? 0
    if (await store.commit({ ring: after, expectedVersion, audit })) return { before, after }
  }
  throw new ParleyError('conflict', 'The signing keys are being changed by others; try again')
}
