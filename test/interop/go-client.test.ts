import { DATA_V1, type Expectations, FILE, OBJECT } from './client-steps.ts'
import { describeClient } from './describe-client.ts'
import type { Form } from './form.ts'
import { GO_2_3_1 } from './stranger.ts'

const HTTP: Expectations = {
  // It takes `data: null` for a part without content, though any value is allowed (§4.1.6).
  data: { error: 'untyped' },
  // It reads scopes as bare lists only. Our program lays them bare in the card it begins with, but cannot here.
  'extended card': { error: 'untyped' },
}

const GRPC: Expectations = {
  // It reads objects only, and all else as empty ones.
  data: { parts: [OBJECT, { data: {} }, { data: {} }, { data: {} }] },
}

/** 0.3 has no lists. It knows that over JSON-RPC, and calls a method of its own over gRPC. */
const LEGACY_JSONRPC: Expectations = { list: { error: 'UnsupportedOperation' } }
const LEGACY_GRPC: Expectations = {
  list: { error: 'MethodNotFound' },
  // It reads bytes where Python, Java and its own 0.3 have the text of their base64 form, which Parley writes.
  file: {
    parts: [
      { raw: btoa('aGVsbG8K'), ...FILE },
      { url: 'https://example.com/hello.txt', ...FILE },
    ],
  },
}

describeClient(GO_2_3_1, ({ version, binding }: Form): Expectations => {
  if (version === '1.0') return binding === 'grpc' ? GRPC : HTTP
  return {
    // It unwraps the data that Parley wraps.
    data: { parts: DATA_V1 },
    ...(binding === 'grpc' ? LEGACY_GRPC : LEGACY_JSONRPC),
  }
})
