import { describeClient } from './describe-client.ts'
import { GO_2_3_1 } from './stranger.ts'

describeClient(GO_2_3_1)
