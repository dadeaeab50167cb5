/**
 * A program for `audit-crash.test.ts`: changes keys in the database named by its argument, with what the audit log says of
 * it, until it is killed. Every line it prints is the id of a key whose making was acknowledged.
 */
import assert from 'node:assert/strict'
import { writeSync } from 'node:fs'
import { newUuid } from '../../a2a/ids.ts'
import type { AuditRecord } from '../../access/audit/audit-record.ts'
import { openSqlite } from './open-sqlite.ts'

const backend = await openSqlite({ path: process.argv[2] ?? '', now: Date.now })

async function write(): Promise<never> {
  for (;;) {
    const id = newUuid()
    const at = Date.now()
    const made = {
      at,
      tenant: 'default',
      principal: 'key:admin',
      action: 'key.create',
      target: { kind: 'key', id },
      outcome: 'allowed',
      subjects: { subject: `key:${id}` },
    } as const satisfies AuditRecord
    const key = {
      id,
      hash: id,
      tenant: 'default',
      subject: `key:${id}`,
      scopes: [],
      label: id,
      createdAt: at,
    }
    const changes = [{ key: { ...key, version: 1 }, expectedVersion: 0 }]
    assert.equal(await backend.keys.commit({ changes, audit: [made] }), true)
    writeSync(1, `${id}\n`)
  }
}

await Promise.all(Array.from({ length: 5 }, write))
