import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { AuditEntry } from './audit-entry.ts'
import type { AuditRecord } from './audit-record.ts'
import { createDenials, type Denial } from './denials.ts'
import { openAudit, T0 } from './open-audit.case.ts'

const denial = (changes: Partial<Denial> = {}): Denial => ({
  tenant: 'default',
  principal: 'key:eve',
  from: '192.0.2.7',
  requestId: 'r-1',
  action: 'call.refuse',
  target: { kind: 'agent', id: 'a-1' },
  reason: 'hidden',
  ...changes,
})

const fromAddress = (n: number): Denial =>
  denial({
    principal: 'anonymous',
    from: `198.51.${n >> 8}.${n & 255}`,
    action: 'caller.refuse',
    target: { kind: 'tenant', id: 'default' },
    reason: 'credential',
  })

const countsOf = (entries: readonly AuditEntry[]) => entries.map(({ repeated }) => repeated?.count)

describe('denials', () => {
  it('are one record while they are alike, with their number and their first and last time', async (t) => {
    const { denials, store, clock } = await openAudit(t)
    denials.note(denial())
    clock.now = T0 + 10
    denials.note(denial({ requestId: 'r-2' }))
    denials.note(denial({ reason: 'grant' }))
    clock.now = T0 + 30

    await denials.flush()
    await denials.flush()

    const entries = await store.list({ tenant: 'default' }, 10)
    assert.deepEqual(
      entries.map(({ at, outcome, reason, requestId, repeated }) => [
        at,
        outcome,
        reason,
        requestId,
        repeated,
      ]),
      [
        [T0 + 30, 'denied', 'grant', 'r-1', { count: 1, firstAt: T0 + 10, lastAt: T0 + 10 }],
        [T0 + 30, 'denied', 'hidden', 'r-1', { count: 2, firstAt: T0, lastAt: T0 + 10 }],
      ],
    )
  })

  it('take bounded room in a flood, from many addresses, at many targets, by many principals', async (t) => {
    const { denials, store } = await openAudit(t)
    for (let n = 0; n < 20_000; n++) {
      denials.note(fromAddress(n))
      denials.note(denial({ target: { kind: 'agent', id: `agent-${n}` } }))
      denials.note(denial({ principal: `key:eve-${n}` }))
    }

    await denials.flush()

    const entries = await store.list({ tenant: 'default' }, 100_000)
    assert.ok(entries.length <= 2100, `${entries.length} records`)
    assert.equal(
      countsOf(entries).reduce<number>((sum, count) => sum + (count ?? 0), 0),
      60_000,
    )
    const several = entries.filter(({ reason }) => reason === 'several')
    const names = await store.findNames(
      'default',
      several.map(({ principal }) => principal),
    )
    assert.ok(names.some(({ text }) => text === 'anonymous') && names.some(({ text }) => text === 'key:eve'))
    assert.ok(several.every(({ from }) => from === undefined))
  })

  it('are kept while they cannot be written', async (t) => {
    const { store, now, events, unexpected } = await openAudit(t)
    let isDown = true
    const append = (records: readonly AuditRecord[]) =>
      isDown ? Promise.reject(new Error('The disk is full')) : store.append(records)
    const denials = createDenials({ store: { append }, now, events })
    denials.note(denial())
    await denials.flush()
    denials.note(denial({ reason: 'grant' }))
    await denials.flush()
    isDown = false

    await denials.flush()
    await denials.flush()

    assert.equal(unexpected.length, 2)
    assert.deepEqual(
      (await store.list({ tenant: 'default' }, 10)).map(({ reason }) => reason),
      ['grant', 'hidden'],
    )
  })

  it('do not wait behind one that the log does not take', async (t) => {
    const { denials, store, unexpected } = await openAudit(t)
    denials.note(denial({ details: { text: 'x'.repeat(20_000) } }))
    await denials.flush()
    denials.note(denial())

    await denials.flush()

    assert.equal(unexpected.length, 1)
    assert.equal(await store.count({ tenant: 'default' }, 10), 1)
  })
})
