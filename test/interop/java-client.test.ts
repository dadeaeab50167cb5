import type { Expectations } from './client-steps.ts'
import { describeClient } from './describe-client.ts'
import { JAVA_0_3_3, JAVA_1_0_0_ALPHA3 } from './stranger.ts'

/** Over gRPC and REST its messages are those of 0.3.0. */
const PROTOBUF: Expectations = {
  // Files have no names there.
  file: {
    parts: [
      { raw: 'aGVsbG8K', filename: null, mediaType: 'text/plain' },
      { url: 'https://example.com/hello.txt', filename: null, mediaType: 'text/plain' },
    ],
  },
  // It cannot read null in an object.
  data: { error: 'InvalidRequest' },
}

describeClient(JAVA_0_3_3, ({ binding }) => (binding === 'jsonrpc' ? {} : PROTOBUF))

/** It looks for the name of a class where the error is, an object (§11.6). */
const REST: Expectations = {
  'not found': { error: 'UnsupportedOperationException' },
  'not cancelable': { error: 'UnsupportedOperationException' },
  terminal: { error: 'UnsupportedOperationException' },
  // It cannot read an interface without a tenant in an extended card.
  'extended card': { error: 'RuntimeException' },
}

describeClient(JAVA_1_0_0_ALPHA3, ({ binding }) => ({
  // It refuses null as data, though any value is allowed (§4.1.6).
  data: { error: 'InvalidParams' },
  ...(binding === 'rest' ? REST : {}),
}))
