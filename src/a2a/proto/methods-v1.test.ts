import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { A2AService } from '@a2a-js/sdk/server/grpc'
import { OPERATIONS } from '../operation.ts'
import { assertAgree, otherRequest, otherResponse } from './against-sdk.case.ts'
import { V1_0_METHODS } from './methods-v1.ts'

const sdk = Object.values(A2AService)

describe('the gRPC methods of A2A 1.0', () => {
  it('are those of the official SDK, one for each operation', () => {
    assert.deepEqual(
      V1_0_METHODS.map(({ path, isStream }) => ({ path, isStream })).sort((a, b) =>
        a.path.localeCompare(b.path),
      ),
      sdk
        .map(({ path, responseStream }) => ({ path, isStream: responseStream }))
        .sort((a, b) => a.path.localeCompare(b.path)),
    )
    assert.deepEqual(V1_0_METHODS.map(({ operation }) => operation).sort(), [...OPERATIONS].sort())
  })

  for (const method of V1_0_METHODS) {
    it(`say with the same bytes what the SDK says: ${method.path}`, () => {
      const other = sdk.find(({ path }) => path === method.path)
      assert.ok(other)

      assertAgree(method.request, otherRequest(other), {})
      assertAgree(method.response, otherResponse(other), {})
    })
  }
})
