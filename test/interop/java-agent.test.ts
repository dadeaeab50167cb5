import { describeAgent } from './describe-agent.ts'
import { JAVA_0_3_3, JAVA_1_0_0_ALPHA3 } from './stranger.ts'

describeAgent(JAVA_0_3_3, {
  // Its protobuf is that of 0.3.0, without names of files.
  namesFiles: ({ binding }) => binding === 'jsonrpc',
  // On a busy machine, one of its streams in a hundred has its events out of order, or ends before the first.
  attempts: 3,
})

describeAgent(JAVA_1_0_0_ALPHA3)
