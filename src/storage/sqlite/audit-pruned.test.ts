import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { AuditRecord } from '../../access/audit/audit-record.ts'
import { openSqlite } from './open-sqlite.ts'
import { temporaryFile } from './temporary-file.case.ts'

const DAY = 24 * 60 * 60 * 1000
const recordAt = (at: number): AuditRecord => ({
  at,
  tenant: 'default',
  principal: 'key:ada',
  action: 'key.revoke',
  target: { kind: 'key', id: 'k-1' },
  outcome: 'allowed',
})

it('a chain goes on where it was when another process has pruned all of it', async (t) => {
  const path = temporaryFile(t)
  await using quiet = await openSqlite({ path, now: Date.now })
  await using other = await openSqlite({ path, now: Date.now })
  const { audit } = quiet
  const numbers = async () =>
    (await audit.readChain({ tenant: 'default', writer: audit.writer, after: 0, upTo: 10 }, 10)).map(
      ({ n }) => n,
    )

  await audit.append([recordAt(0), recordAt(1)])
  assert.equal(await other.audit.prune(2 * DAY, 10), 2)
  await audit.append([recordAt(3 * DAY)])
  assert.deepEqual(await numbers(), [3])

  assert.equal(await other.audit.prune(4 * DAY, 10), 1)
  await audit.append([recordAt(5 * DAY)])
  assert.deepEqual(await numbers(), [4])
})
