import { describeAgent } from './describe-agent.ts'
import { GO_2_3_1 } from './stranger.ts'

describeAgent(GO_2_3_1)
