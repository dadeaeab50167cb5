import { describeGateway } from './describe-gateway.ts'

describeGateway('sqlite')
