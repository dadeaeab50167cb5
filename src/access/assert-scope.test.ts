import assert from 'node:assert/strict'
import { it } from 'node:test'
import { assertScope } from './assert-scope.ts'
import { ANONYMOUS } from './principal.ts'

it('assertScope refuses by naming the scope, and counts admin as every scope', () => {
  assertScope(ANONYMOUS, 'agents:read')
  assertScope({ ...ANONYMOUS, scopes: new Set(['admin']) }, 'tasks:submit')

  assert.throws(() => assertScope(ANONYMOUS, 'tasks:submit'), {
    code: 'forbidden',
    message: 'This takes the scope tasks:submit',
    details: { scope: 'tasks:submit' },
  })
})
