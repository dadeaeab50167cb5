import { describeAgent } from './describe-agent.ts'
import { JAVA_0_3_3 } from './stranger.ts'

/** Its protobuf is that of 0.3.0, without names of files. */
describeAgent(JAVA_0_3_3, { namesFiles: ({ binding }) => binding === 'jsonrpc' })
