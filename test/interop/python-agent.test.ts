import { describeAgent } from './describe-agent.ts'
import { PYTHON_0_3_26, PYTHON_1_3_0 } from './stranger.ts'

describeAgent(PYTHON_1_3_0)
describeAgent(PYTHON_0_3_26)
