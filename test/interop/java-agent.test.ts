import { describeAgent } from './describe-agent.ts'
import { JAVA_0_3_3 } from './stranger.ts'

describeAgent(JAVA_0_3_3)
