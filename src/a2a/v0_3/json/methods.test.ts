import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { OPERATIONS } from '../../operation.ts'
import { methodOfOperation, operationOfMethod } from './methods.ts'

describe('the methods of 0.3’s JSON-RPC', () => {
  it('are one for each operation but ListTasks', () => {
    for (const operation of OPERATIONS) {
      const method = methodOfOperation(operation)

      assert.equal(method === undefined, operation === 'ListTasks')
      if (method !== undefined) assert.equal(operationOfMethod(method), operation)
    }
  })

  it('have no names of 1.0, nor of objects in general', () => {
    for (const name of ['SendMessage', 'tasks/list', 'constructor', '']) {
      assert.equal(operationOfMethod(name), undefined)
    }
  })
})
