import { DATA_V1, type Expectations } from './client-steps.ts'
import { describeClient } from './describe-client.ts'
import type { Form } from './form.ts'
import { PYTHON_0_3_26, PYTHON_1_3_0 } from './stranger.ts'

/** REST as of 0.3.0, which Parley writes, has no names of files. */
const nameless = (filename: unknown): Expectations => ({
  file: {
    parts: [
      { raw: 'aGVsbG8K', filename, mediaType: 'text/plain' },
      { url: 'https://example.com/hello.txt', filename, mediaType: 'text/plain' },
    ],
  },
})

/** It has no lists in 0.3, and unwraps what its own agents, and Parley, wrap and mark; REST has no place for the mark. */
const LEGACY: Expectations = { list: { error: 'NotImplemented' }, data: { parts: DATA_V1 } }
const LEGACY_REST: Expectations = {
  list: { error: 'NotImplemented' },
  ...nameless(''),
  // It reads 404 as a mistake of its own, and does not read what other refusals say.
  'not found': { error: 'MethodNotFound' },
  'not cancelable': { error: 'A2AClient' },
  terminal: { error: 'A2AClient' },
}

describeClient(PYTHON_1_3_0, ({ version, binding }: Form) => {
  if (version === '1.0') return {}
  return binding === 'rest' ? LEGACY_REST : LEGACY
})

/** The SDK of 0.3 tells a status; what was meant, only JSON-RPC says. */
const HTTP_STATUS: Expectations = {
  'not found': { error: 'HTTP 404' },
  'not cancelable': { error: 'HTTP 409' },
  terminal: { error: 'HTTP 501' },
}
const GRPC_STATUS: Expectations = {
  'not found': { error: 'GRPC NOT_FOUND' },
  'not cancelable': { error: 'GRPC FAILED_PRECONDITION' },
  terminal: { error: 'GRPC FAILED_PRECONDITION' },
}

describeClient(PYTHON_0_3_26, ({ binding }: Form) => {
  if (binding === 'jsonrpc') return {}
  return binding === 'rest' ? { ...HTTP_STATUS, ...nameless(null) } : GRPC_STATUS
})
