import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { LegacyA2AService } from '@a2a-js/sdk/compat/v0_3/server/grpc'
import { OPERATIONS } from '../../operation.ts'
import { assertAgree, otherRequest, otherResponse } from '../../proto/against-sdk.case.ts'
import { V0_3_METHODS } from './methods.ts'

const sdk = Object.values(LegacyA2AService)

/** The proto file's names where its JSON has others. */
const RENAMED = { request: 'message', update: 'message', msg: 'message' }

/** Added after 0.3.0; the official JavaScript SDK skips them. */
const LATER = new Set(['FilePart.name', 'Part.metadata'])

describe('the gRPC methods of A2A 0.3', () => {
  it('are those of the official SDK, for all operations but ListTasks', () => {
    assert.deepEqual(
      V0_3_METHODS.map(({ path, isStream }) => ({ path, isStream })).sort((a, b) =>
        a.path.localeCompare(b.path),
      ),
      sdk
        .map(({ path, responseStream }) => ({ path, isStream: responseStream }))
        .sort((a, b) => a.path.localeCompare(b.path)),
    )
    assert.deepEqual(
      V0_3_METHODS.map(({ operation }) => operation).sort(),
      OPERATIONS.filter((operation) => operation !== 'ListTasks').sort(),
    )
  })

  for (const method of V0_3_METHODS) {
    it(`say with the same bytes what the SDK says: ${method.path}`, () => {
      const other = sdk.find(({ path }) => path === method.path)
      assert.ok(other)

      assertAgree(method.request, otherRequest(other), RENAMED, LATER)
      assertAgree(method.response, otherResponse(other), RENAMED, LATER)
    })
  }

  it('carry the name of a file and the metadata of a part where those who added them have them', () => {
    const send = V0_3_METHODS.find(({ operation }) => operation === 'SendMessage')
    assert.ok(send)
    const part = { file: { fileWithUri: 'u', name: 'n' }, metadata: { a: true } }
    const message = { messageId: 'm', content: [part] }

    const bytes = Buffer.from(send.request.encode(JSON.stringify({ message })))

    // Part { file (2) { file_with_uri (1): "u", name (4): "n" }, metadata (4) { fields (1) { "a": true } } }
    assert.ok(bytes.includes(Buffer.from('12060a017522016e22090a070a016112022001', 'hex')))
    assert.deepEqual(JSON.parse(send.request.decode(bytes)), { message })
  })
})
