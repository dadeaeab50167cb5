import { DATA_V1, type Expectations, FILE } from './client-steps.ts'
import { describeClient } from './describe-client.ts'
import type { Form } from './form.ts'
import { PYTHON_0_3_26, PYTHON_1_3_0 } from './stranger.ts'

const PYTHON_REST_ERRORS: Expectations = {
  'not found': { error: 'MethodNotFound' },
  'not cancelable': { error: 'A2AClient' },
  terminal: { error: 'A2AClient' },
}

/** The 0.3 SDK tells a status; what was meant only JSON-RPC says. */
const HTTP_STATUS: Expectations = {
  'not found': { error: 'HTTP 404' },
  'not cancelable': { error: 'HTTP 409' },
  terminal: { error: 'HTTP 501' },
}
const GRPC_STATUS: Expectations = {
  'not found': { error: 'GRPC NOT_FOUND' },
  'not cancelable': { error: 'GRPC FAILED_PRECONDITION' },
  terminal: { error: 'GRPC UNIMPLEMENTED' },
}

describeClient(PYTHON_1_3_0, ({ version, binding }: Form): Expectations => {
  if (version === '1.0') return {}
  return {
    list: { error: 'NotImplemented' },
    // It unwraps what its own agents, and Parley, wrap.
    data: { parts: DATA_V1 },
    // It takes the bytes of a file for the text of their base64 form.
    ...(binding === 'jsonrpc' ? {} : { file: { error: 'Error' } }),
    // It reads 404 as its own mistake, and does not read the body of other refusals.
    ...(binding === 'rest' ? PYTHON_REST_ERRORS : {}),
  }
})

describeClient(PYTHON_0_3_26, ({ binding }: Form): Expectations => {
  if (binding === 'jsonrpc') return {}
  return {
    // As above: what it calls base64 are the bytes, taken for text.
    file: {
      parts: [
        { raw: 'hello\n', ...FILE },
        { url: 'https://example.com/hello.txt', ...FILE },
      ],
    },
    ...(binding === 'rest' ? HTTP_STATUS : GRPC_STATUS),
  }
})
