import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { missingScope } from '../access/assert-scope.ts'
import { RefusalError } from '../access/audit/refusal.ts'
import { ANONYMOUS, type Principal } from '../access/principal.ts'
import { ParleyError } from '../errors.ts'
import type { CallInProgress } from './call-in-progress.ts'
import { denialOf } from './denial-of.ts'

const eve: Principal = {
  tenant: 'default',
  subject: 'key:eve',
  groups: [],
  scopes: new Set(['tasks:read']),
  credential: { kind: 'key', id: 'k-1' },
}

const callBy = (principal: Principal): CallInProgress => ({
  requestId: 'r-1',
  binding: 'jsonrpc',
  startedAt: 0,
  from: '192.0.2.7',
  operation: 'GetTask',
  principal,
  traceparent: undefined,
})

const hidden = (tenant: string) =>
  new ParleyError('task_not_found', 'Task not found', {
    cause: new RefusalError(tenant, { kind: 'task', id: 't-1' }, 'hidden'),
  })

const who = {
  tenant: 'default',
  principal: 'key:eve',
  credential: { kind: 'key', id: 'k-1' },
  from: '192.0.2.7',
  requestId: 'r-1',
}

describe('denialOf', () => {
  it('tells the real reason of what was hidden, and nothing of what is missing', () => {
    assert.deepEqual(denialOf(callBy(eve), hidden('default')), {
      ...who,
      action: 'call.refuse',
      target: { kind: 'task', id: 't-1' },
      reason: 'hidden',
      details: { operation: 'GetTask' },
    })
    assert.equal(denialOf(callBy(eve), new ParleyError('task_not_found', 'Task not found')), undefined)
    assert.equal(denialOf(callBy(eve), new ParleyError('internal', 'Internal error')), undefined)
  })

  it('tells which scope was missing, of which operation', () => {
    assert.deepEqual(denialOf(callBy(eve), missingScope('admin')), {
      ...who,
      action: 'call.refuse',
      target: { kind: 'operation', id: 'GetTask' },
      reason: 'scope',
      details: { scope: 'admin' },
    })
  })

  it('tells a tenant that a stranger came, and the tenant of the stranger nothing', () => {
    assert.deepEqual(denialOf(callBy(eve), hidden('other')), {
      tenant: 'other',
      principal: 'another-tenant',
      requestId: 'r-1',
      action: 'call.refuse',
      target: { kind: 'task', id: 't-1' },
      reason: 'hidden',
      details: { operation: 'GetTask' },
    })
  })

  it('tells of callers that nobody knows only where they came from', () => {
    for (const error of [new ParleyError('unauthenticated', 'Who are you?'), hidden('default')]) {
      assert.deepEqual(denialOf(callBy(ANONYMOUS), error), {
        tenant: 'default',
        principal: 'anonymous',
        from: '192.0.2.7',
        requestId: 'r-1',
        action: 'caller.refuse',
        target: { kind: 'tenant', id: 'default' },
        reason: 'credential',
      })
    }
  })
})
