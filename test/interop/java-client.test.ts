import type { Expectations } from './client-steps.ts'
import { describeClient } from './describe-client.ts'
import { JAVA_0_3_3 } from './stranger.ts'

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
