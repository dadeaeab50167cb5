import { describeClient } from './describe-client.ts'
import { JAVA_0_3_3 } from './stranger.ts'

describeClient(JAVA_0_3_3)
