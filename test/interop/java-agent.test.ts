import { describeAgent } from './describe-agent.ts'
import { JAVA_0_3_3 } from './stranger.ts'

/** Its protobuf is that of 0.3.0, without names of files; and for bytes it sends the text of their base64 form. */
describeAgent(JAVA_0_3_3, ({ binding }) =>
  binding === 'jsonrpc' ? {} : { file: btoa('aGVsbG8K'), namesFiles: false },
)
